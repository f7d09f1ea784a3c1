"""Requests that no route of the template takes: HEAD, a trailing slash, the bare host, and whatever else is tried."""

from collections.abc import Callable
from types import ModuleType

import pytest

from tests.support.browser import Browser, Console, Page, Reply, assert_ended, event_json
from tests.support.events import Context
from tests.support.stored import Stored
from whatsapp_connect.version import VERSION

LINK = "Zk3v9wQ1x7Y_0aB-cDeFgH"
CODE = "d099b0f169567a621e0499ae"
PAGES = ["/connect", f"/connect/{LINK}", "/reconnect/acme.shop-1", "/callback", f"/data-deletion/{CODE}"]
ROUTES = [*PAGES, "/callback/signup", "/deauthorize", "/data-deletion"]
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", ""}
HOSTILE = [
    "//",
    "///",
    "//connect/",
    "///connect/",
    "//evil.example/",
    "//evil.example/connect/",
    "//evil.example/%2e%2e/",
    "/\\evil.example/",
    "/\\/evil.example/",
    "\\\\evil.example/",
    "/connect//",
    "/connect/\\/",
    "/connect//evil.example/",
    "/connect/../",
    "/connect/./",
    "/connect/..//evil.example/",
    "/connect/\r\nSet-Cookie: a=b/",
    "/connect\r\n/",
    "/connect/\n",
    "/connect/x\n/",
    "/connect/x/\n",
    "/connect/\0/",
    "/connect/<script>alert(1)</script>/",
    '/connect/"onmouseover="alert(1)/',
    "/connect/é/",
    "/connect/\u2028/",
    "/connect/١٢٣/",
    "/connect/\ud800/",
    "/connect/%0d%0aLocation:%20https://evil.example/",
    "/connect/a b/",
    "/connect/a?next=b/",
    "/connect/a#b/",
    "/connect/@evil.example/",
    "/connect/javascript:alert(1)/",
    "/" + "a" * 9_000 + "/",
    "/callback/x/",
    "/CONNECT/",
    "https://evil.example/",
    "evil.example/",
    "",
]
"""Paths as API Gateway hands them over: percent-escapes are decoded, but for %25."""

Ask = Callable[..., Reply]


@pytest.fixture
def fallback(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("fallback")


@pytest.fixture
def ask(fallback: ModuleType, console: Console) -> Ask:
    """Send a request that the gateway has no other route for; check what holds for every answer."""

    def ask(path: str, *, method: str = "GET", query: str = "", cookies: dict[str, str] | None = None) -> Reply:
        event = event_json("fallback", query=query, method=method, cookies=cookies)
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        console.read()
        reply = Reply(fallback.handler(event, Context()), console.read())
        assert reply.printed == []
        assert not reply.response.get("cookies")
        headers = reply.response["headers"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        return reply

    return ask


def page(reply: Reply) -> Page:
    assert "Location" not in reply.response["headers"]
    assert reply.response["headers"]["Content-Type"] == "text/html; charset=utf-8"
    return Page(reply.status, reply.title or "", reply.button)


@pytest.mark.parametrize("path", ["/", *PAGES])
def test_head_of_a_page_is_200_and_has_no_body(ask: Ask, path: str) -> None:
    reply = ask(path, method="HEAD")
    assert page(reply) == Page(200, "", None)
    assert reply.body == ""


def test_home_tells_the_version_to_programs_and_no_other_page_does(ask: Ask) -> None:
    assert f'<meta name="generator" content="WhatsApp Connect {VERSION}">' in ask("/").body
    assert VERSION not in ask("/").text
    assert VERSION not in ask("/wp-login.php").body


@pytest.mark.parametrize("path", ["/deauthorize", "/data-deletion", "/wp-login.php", "/connect/a/b"])
def test_head_of_an_unknown_page_is_404_without_a_body(ask: Ask, path: str) -> None:
    reply = ask(path, method="HEAD")
    assert page(reply) == Page(404, "", None)
    assert reply.body == ""


def test_head_uses_neither_login_nor_link(ask: Ask, browser: Browser, stored: Stored) -> None:
    query = browser.log_in()
    before = stored.states(), stored.everything()
    for path in ("/connect", f"/connect/{LINK}", f"/data-deletion/{CODE}"):
        ask(path, method="HEAD", cookies=browser.cookies)
    ask("/callback", method="HEAD", query=query, cookies=browser.cookies)
    assert (stored.states(), stored.everything()) == before
    assert_ended(browser.come_back(query), "connected")


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_trailing_slash_leads_to_the_same_path_without_it(ask: Ask, path: str, method: str) -> None:
    reply = ask(f"{path}/", method=method, query="auth_type=rerequest&x=%2F%0A&y=//z")
    assert reply.status == 308
    assert reply.location == f"{path}?auth_type=rerequest&x=%2F%0A&y=//z"
    assert reply.body == ""


def test_without_a_query_the_redirect_has_none(ask: Ask) -> None:
    assert ask("/connect/").location == "/connect"


def test_a_login_that_comes_back_with_a_slash_can_be_finished(ask: Ask, browser: Browser) -> None:
    query = browser.log_in()
    reply = ask("/callback/", query=query, cookies=browser.cookies)
    path, _, same = reply.location.partition("?")
    assert (path, same) == ("/callback", query)
    assert_ended(browser.come_back(same), "connected")


@pytest.mark.parametrize("query", ["a\r\nSet-Cookie: b=c", "a=b c", "a=é", "a=\0", "a=\ud800", "a\n"])
def test_impossible_query_is_not_sent_back(ask: Ask, query: str) -> None:
    assert page(ask("/connect/", query=query)) == Page(404, "This page does not exist", "/connect")


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: ascii(path[:30]))
def test_a_hostile_path_leads_nowhere_and_is_not_shown(ask: Ask, path: str) -> None:
    for method in METHODS:
        reply = ask(path, method=method)
        assert reply.status == 404
        assert "Location" not in reply.response["headers"]
        assert reply.response == ask("/unknown", method=method).response


@pytest.mark.parametrize("path", ["/", "/connect", "/callback", f"/data-deletion/{CODE}", "/unknown"])
def test_another_method_is_not_found(ask: Ask, path: str) -> None:
    for method in METHODS - {"GET", "HEAD"}:
        reply = ask(path, method=method)
        assert page(reply) == Page(404, "This page does not exist", "/connect")
        assert not [name for name in reply.response["headers"] if name.startswith("Access-Control-")]


def test_the_host_alone_says_what_it_is(ask: Ask) -> None:
    assert page(ask("/")) == Page(200, "WhatsApp Connect", "/connect")


@pytest.mark.parameters(PublicConnect="disabled")
def test_without_public_connect_no_button_leads_to_it(ask: Ask) -> None:
    assert page(ask("/")) == Page(200, "WhatsApp Connect", None)
    assert "open the link that you received" in ask("/").body
    assert page(ask("/unknown")) == Page(404, "This page does not exist", None)
