"""Attacks from another site, and from what people call their business, in a real browser that runs scripts."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, expect

from facebook_simulator.world import Person
from local.stack import Stack

pytestmark = [pytest.mark.emulator, pytest.mark.browser]

ELEMENTS = "script, img, iframe, object, embed, form, base"
SCRIPT = "</dd><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def ran(page: Page) -> list[str]:
    """List what scripts say that run."""
    ran: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        ran.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    return ran


@pytest.fixture
def show(page: Page) -> Iterator[Callable[[str], None]]:
    """Be on a page of the attacker's: another site than the stack's, which is on localhost."""

    class Evil(BaseHTTPRequestHandler):
        html = b""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(self.html if self.path == "/" else b"")

        def log_message(self, *_: object) -> None:
            pass

    def show(html: str) -> None:
        Evil.html = html.encode()
        page.goto(f"http://127.0.0.1:{server.server_port}/")

    with HTTPServer(("127.0.0.1", 0), Evil) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield show
        server.shutdown()
        serving.join()


def test_no_page_can_be_framed(stack: Stack, page: Page, show: Callable[[str], None]) -> None:
    """But the attacker's own, which shows that framing works here."""
    paths = ("/", "/nothing", "/callback", "/connect/x", "/reconnect/x", "/data-deletion/x")
    framed = {f"{stack.base_url}{path}" for path in paths}
    with ExitStack() as answers:
        for url in (*framed, "**/framed"):
            answers.enter_context(page.expect_response(url))
        show("".join(f'<iframe src="{url}"></iframe>' for url in (*sorted(framed), "/framed")))
    shown = {frame.url for frame in page.frames}
    assert f"{page.url}framed" in shown
    assert shown.isdisjoint(framed)


def test_a_script_in_a_name_does_not_run(
    stack: Stack, page: Page, ran: list[str], new_person: Callable[..., Person]
) -> None:
    person = new_person(name=SCRIPT, phone="+1 202-555-0150")
    page.goto(f"{stack.base_url}/connect")
    page.get_by_label("Somebody else?").select_option(value=person.key)
    page.get_by_role("button", name="Switch").click()
    page.get_by_role("button", name="Continue as").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are connected")
    expect(page.get_by_text(SCRIPT)).to_be_visible()
    assert page.locator(ELEMENTS).count() == 0
    page.goto(f"{stack.base_url}/callback?error_message={quote(SCRIPT)}&state={quote(SCRIPT)}")
    assert page.locator(ELEMENTS).count() == 0
    assert ran == []


def test_a_script_that_got_into_a_page_would_not_run(stack: Stack, page: Page, ran: list[str]) -> None:
    """The content security policy is the second wall: here the first is taken down."""

    def put_in(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</main>", f"{SCRIPT}</main>"))

    page.route(f"{stack.base_url}/callback", put_in)
    page.goto(f"{stack.base_url}/callback")
    assert page.locator("script").count() == 1
    assert ran == []
