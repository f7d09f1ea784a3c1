"""A web page that signs businesses up with the JavaScript SDK, written as Facebook's documentation shows it.

https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/implementation
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from playwright.sync_api import Page, expect

from facebook_simulator.server import APP_ID
from tests.simulator.facebook_client import FacebookClient

CONFIGURATION = "77"

_PAGE = """<!DOCTYPE html>
<title>Sign up</title>
<button disabled>Sign up</button>
<ol></ol>
<script>
window.seen = [];
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective));
const button = document.querySelector("button");
window.fbAsyncInit = function () {
  FB.init({ appId: "%(app)s", autoLogAppEvents: true, xfbml: true, version: "v26.0" });
  button.disabled = false;
};
function see(kind, about) {
  seen.push({ kind: kind, ...about });
  document.querySelector("ol").insertAdjacentHTML("beforeend", `<li class="${kind}"></li>`);
}
window.addEventListener("message", (event) => {
  const isAboutSignup = String(event.data).includes("WA_EMBEDDED_SIGNUP");
  see(isAboutSignup ? "message" : "other", { origin: event.origin, data: event.data });
});
button.addEventListener("click", () => {
  FB.login((response) => see("callback", { response: response }), %(options)s);
});
</script>
<script async defer crossorigin="anonymous" src="%(facebook)s/en_US/sdk.js"></script>
"""


@dataclass(slots=True)
class SignupSite:
    """A page at `url` with a button. `options` are those of FB.login, `headers` are sent with the page."""

    url: str
    facebook: FacebookClient
    options: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def allow(self, **changes: Any) -> None:
        """Set the simulated app up for this page."""
        app = {
            "redirect_uris": [f"{self.url}/callback"],
            "sdk_login": True,
            "sdk_domains": [f"{self.url}/"],
            "configurations": {CONFIGURATION: {}},
        }
        self.facebook.control("app", **(app | changes))

    def html(self) -> str:
        options = {
            "config_id": CONFIGURATION,
            "response_type": "code",
            "override_default_response_type": True,
            "extras": {"setup": {}},
        }
        sent = {name: value for name, value in (options | self.options).items() if value is not None}
        about = {"app": APP_ID, "options": json.dumps(sent), "facebook": self.facebook.url}
        return _PAGE % about


@contextmanager
def signup_site(facebook: FacebookClient) -> Iterator[SignupSite]:
    """Serve the page on a free port, and allow it to use the SDK."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.html().encode() if self.path == "/" else b"<title>Elsewhere</title>"
            self.send_response(200)
            for name, value in ({"Content-Type": "text/html; charset=utf-8"} | site.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = SignupSite(f"http://127.0.0.1:{server.server_port}", facebook)
        site.allow()
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield site
        server.shutdown()
        thread.join()


def press(page: Page) -> Page:
    """Press the page's button, and return the pop-up."""
    with page.expect_popup() as popup:
        page.get_by_role("button").click()
    return popup.value


def finish(popup: Page, *, steps: int = 3) -> None:
    """Go through the steps of the pop-up with what they offer first, and finish."""
    for _ in range(steps):
        popup.get_by_role("button", name="Next").click()
    popup.get_by_role("button", name="Finish").click()


def answer(page: Page) -> dict[str, Any]:
    """Wait for the callback of FB.login, and return what it was called with."""
    expect(page.locator(".callback")).to_have_count(1)
    (callback,) = seen(page, "callback")
    return dict(callback["response"])


def messages(page: Page, count: int = 1) -> list[dict[str, Any]]:
    """Wait for so many messages about the sign-up, and return them in the order of arrival."""
    expect(page.locator(".message")).to_have_count(count)
    return [json.loads(one["data"]) for one in seen(page, "message")]


def seen(page: Page, *kinds: str) -> list[dict[str, Any]]:
    """Return what the page has seen of these kinds: callbacks, messages about the sign-up, others."""
    return [one for one in page.evaluate("seen") if one["kind"] in kinds]
