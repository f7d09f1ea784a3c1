"""Another site opens, frames, fetches and prefetches our page in every way a browser allows. No login starts."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from tests.support import firefox
from tests.support.site import Site

pytestmark = pytest.mark.emulator

ATTACKS = """
<!doctype html><title>working</title><meta name="referrer" content="unsafe-url">
<link rel="prefetch" href="{url}"><link rel="prerender" href="{url}"><link rel="preload" as="document" href="{url}">
<script type="speculationrules">{{"prefetch": [{{"urls": ["{url}"]}}], "prerender": [{{"urls": ["{url}"]}}]}}</script>
<iframe src="{url}"></iframe><iframe srcdoc="<iframe src='{url}'></iframe>" sandbox="allow-scripts allow-forms"></iframe>
<object data="{url}"></object><embed src="{url}"><img src="{url}"><video src="{url}"></video><script src="{url}"></script>
<form id="form" action="{url}" target="frame"><input name="click" value="guess"></form><iframe name="frame"></iframe>
<form id="post" action="{url}" method="post" target="other"></form><iframe name="other"></iframe>
<a id="link" href="{url}" target="third">x</a><iframe name="third"></iframe>
<script>
const one = (mode, credentials) => fetch("{url}", {{mode, credentials, redirect: "follow"}}).catch(() => 0);
const wait = new Promise(resolve => addEventListener("load", resolve));
window.done = (async () => {{
  for (const mode of ["no-cors", "cors"]) for (const who of ["include", "omit"]) await one(mode, who);
  await fetch("{url}", {{mode: "no-cors", method: "HEAD", credentials: "include"}}).catch(() => 0);
  navigator.sendBeacon("{url}", "x");
  await wait;
  const loaded = ["frame", "other", "third"].map(name => new Promise(resolve => {{
    document.querySelector(`[name=${{name}}]`).onload = resolve; setTimeout(resolve, 3000);
  }}));
  document.getElementById("form").submit(); document.getElementById("post").submit();
  document.getElementById("link").click();
  await Promise.all(loaded);
  return document.querySelectorAll("iframe").length;
}})();
</script>
"""


@pytest.fixture
def address(site: Site) -> str:
    """Return an address of a page that starts a login."""
    return f"{site.base_url}/reconnect/acme"


@contextmanager
def attacking(url: str) -> Iterator[str]:
    """Serve a page that attacks an address, on another site: 127.0.0.1 is another than localhost."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = ATTACKS.format(url=url).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def started(site: Site) -> int:
    return len(site.rows_of("StateTable"))


def addresses(address: str) -> tuple[str, str]:
    return address, f"{address}?click={'A' * 43}"


@pytest.mark.browser
def test_other_site_starts_no_login_in_chromium(site: Site, browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    before = started(site)
    for url in addresses(address):
        with attacking(url) as evil:
            page.goto(evil)
            assert page.evaluate("window.done")
            for _ in range(2):
                with context.expect_page() as opened:
                    page.evaluate(f"window.open('{url}') && 1")
                opened.value.wait_for_load_state()
                assert opened.value.url == url
                opened.value.close()
            page.evaluate(f"location = '{url}'")
            page.wait_for_url(url)
    assert started(site) == before
    expect(page.get_by_role("heading", level=1)).to_have_text("Connect WhatsApp again")
    page.get_by_role("link", name="Continue to Facebook").click()
    page.wait_for_url(f"{site.stack.facebook_url}/**")
    assert started(site) == before + 1
    context.close()


@pytest.mark.firefox
def test_other_site_starts_no_login_in_firefox(site: Site, address: str, tmp_path: Path) -> None:
    with firefox.run(tmp_path) as tab:
        tab.open(address)
        before = started(site)
        for url in addresses(address):
            with attacking(url) as evil:
                tab.open(evil)
                assert tab.evaluate("window.done")
                tab.evaluate(f"void (location = '{url}')")
                tab.wait_for(url)
        assert started(site) == before
        tab.open(address)
        tab.click("a.button")
        tab.wait_for(site.stack.facebook_url)
        assert started(site) == before + 1


@pytest.mark.browser
def test_page_is_shown_in_no_frame(site: Site, browser: Browser, address: str) -> None:
    page = browser.new_page()
    with attacking(address) as evil:
        page.goto(evil)
        page.evaluate("window.done")
        for frame in page.frames[1:]:
            assert frame.get_by_role("link", name="Continue to Facebook").count() == 0
    page.close()
