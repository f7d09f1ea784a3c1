"""What web pages of other sites can do to the simulator by the browser of a developer who has them open."""

import pytest
from playwright.sync_api import Browser

from tests.simulator.facebook_client import FacebookClient
from tests.simulator.receiver import Receiver, Reply

CLOCK = "_control/clock"
SEND = """async url => {
    await fetch(url, {method: "POST", mode: "no-cors", body: '{"advance": 86400}'});
}"""


def advanced_by(facebook: FacebookClient, **headers: str) -> int:
    """Move the clock on by a day with these headers; return by how much it has moved, and check the status."""
    before = now(facebook)
    answer = facebook.http.post(f"{facebook.url}/{CLOCK}", data='{"advance": 86400}', headers=headers)
    moved = round((now(facebook) - before) / 86400)
    assert answer.status_code == (200 if moved else 403)
    return moved


def now(facebook: FacebookClient) -> int:
    seconds: int = facebook.http.post(f"{facebook.url}/{CLOCK}").json()["now"]
    return seconds


@pytest.mark.parametrize("path", ["/", "/_control/people", "/v26.0/debug_token", "/v26.0/dialog/oauth"])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example:4000",
        "localhost.evil.example",
        "0.0.0.0:4000",
        "192.0.2.1",
        "[",
    ],
)
def test_a_name_that_leads_here_by_dns_rebinding_is_refused(facebook: FacebookClient, path: str, host: str) -> None:
    answer = facebook.http.get(f"{facebook.url}{path}", headers={"Host": host})
    assert (answer.status_code, answer.content) == (403, b"")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:4000",
        "app.localhost:4000",
        "127.0.0.1:9",
        "[::1]:4000",
        "host.docker.internal:4000",
    ],
)
def test_a_name_of_this_machine_is_served(facebook: FacebookClient, host: str) -> None:
    assert facebook.http.get(f"{facebook.url}/_control/people", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_page_of_another_site_controls_nothing(facebook: FacebookClient, headers: dict[str, str]) -> None:
    assert advanced_by(facebook, **headers) == 0
    assert facebook.http.post(f"{facebook.url}/", headers=headers).status_code == 403
    assert facebook.http.delete(f"{facebook.url}/_control/requests", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://127.0.0.1:4000", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://localhost:3000"},
    ],
)
def test_programs_and_pages_of_this_machine_control_it(facebook: FacebookClient, headers: dict[str, str]) -> None:
    assert advanced_by(facebook, **headers) == 1


def test_a_link_on_another_site_leads_to_the_dialog_and_to_the_developers_page(
    facebook: FacebookClient,
) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    for url in (facebook.dialog_url(), f"{facebook.url}/"):
        assert facebook.http.get(url, headers=headers).status_code == 200


@pytest.mark.browser
def test_a_browser_says_when_the_page_is_of_another_site(
    facebook: FacebookClient, receiver: Receiver, browser: Browser
) -> None:
    receiver.replies["/"] = Reply(content_type="text/html")
    context = browser.new_context()
    page = context.new_page()
    before = now(facebook)
    page.goto(receiver.url.replace("127.0.0.1", "localhost"))
    page.evaluate(SEND, f"{facebook.url}/{CLOCK}")
    assert now(facebook) - before < 86400
    page.goto(facebook.url)
    page.evaluate(SEND, f"{facebook.url}/{CLOCK}")
    assert now(facebook) - before >= 86400
    context.close()
