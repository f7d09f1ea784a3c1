"""The connect link."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support import stack
from tests.support.browser import Browser, Page, Reply, assert_ended
from tests.support.facebook import Facebook
from tests.support.outage import WORDS, Outage
from tests.support.stored import Stored

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15"
NO_CLICK = {"sec-fetch-user": "", "sec-fetch-mode": "", "sec-fetch-dest": ""}


def asked(reply: Reply) -> dict[str, list[str]]:
    assert reply.status == 302
    return parse_qs(urlsplit(reply.location).query, keep_blank_values=True)


def test_a_person_is_sent_to_facebooks_dialog(browser: Browser, facebook: Facebook, stored: Stored) -> None:
    reply = browser.connect()
    query = asked(reply)
    (state,) = query.pop("state")
    assert reply.location.startswith(f"{facebook.url}/v26.0/dialog/oauth?")
    assert query == {
        "client_id": [stack.APP_ID],
        "redirect_uri": [stack.REDIRECT_URI],
        "response_type": ["code"],
        "scope": ["whatsapp_business_management,whatsapp_business_messaging"],
    }
    assert len(state) == 43
    assert reply.response["headers"]["Cache-Control"] == "no-store"
    assert "body" not in reply.response
    assert reply.metric("LoginStarted") == ["started"]
    (row,) = stored.states()
    assert row["valid_until"] - row["created_at"] == 3_600
    assert state not in str(row)


def test_the_browser_keeps_one_cookie_that_only_this_host_gets(browser: Browser) -> None:
    (cookie,) = browser.connect().response["cookies"]
    pair, *attributes = cookie.split("; ")
    assert pair.startswith("__Host-connect-")
    assert set(attributes) == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=90000"}


def test_the_oldest_of_too_many_cookies_make_room(browser: Browser, stored: Stored) -> None:
    browser.cookies |= {"theme": "dark", "__Host-connect-short": "x", "connect-0123456789abcdef": "x"}
    for _ in range(8):
        browser.connect()
    ours = [name for name in browser.cookies if len(name) == 31 and name.startswith("__Host-connect-")]
    assert len(ours) == 8
    oldest, *others = ours
    reply = browser.connect()
    evicted = [cookie for cookie in reply.response["cookies"] if cookie.endswith("; Max-Age=0")]
    assert evicted == [f"{oldest}=; Secure; HttpOnly; Path=/; SameSite=Lax; Max-Age=0"]
    assert oldest not in browser.cookies
    assert set(others) < set(browser.cookies)
    assert {"theme", "__Host-connect-short", "connect-0123456789abcdef"} < set(browser.cookies)
    assert len(stored.states()) == 9


@pytest.mark.parametrize("auth_type", ["rerequest", "reauthorize", "reauthenticate"])
def test_facebook_can_be_asked_to_ask_again(browser: Browser, auth_type: str) -> None:
    assert asked(browser.connect(f"auth_type={auth_type}"))["auth_type"] == [auth_type]


@pytest.mark.parametrize(
    "query", ["auth_type=", "auth_type=https", "auth_type=%3Cscript%3Ealert(1)%3C/script%3E", "scope=email"]
)
def test_nothing_else_of_the_query_reaches_facebook(browser: Browser, query: str) -> None:
    reply = browser.connect(query)
    assert asked(reply).keys() == {"client_id", "redirect_uri", "response_type", "scope", "state"}
    assert "alert(1)" not in str(reply)
    assert "email" not in reply.location


@pytest.mark.parametrize("query", ["auth_type=rerequest&auth_type=reauthorize", "&".join(["a=b"] * 51)])
def test_a_malformed_request_starts_nothing(browser: Browser, stored: Stored, query: str) -> None:
    assert_not_started(browser.connect(query), "request-malformed", Page(400, "Please start again", "/connect"))
    assert stored.states() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"},
        {"user-agent": "WhatsApp/2.25.1 A"},
        {"user-agent": "TelegramBot (like TwitterBot)"},
        {"user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"user-agent": PHONE, "sec-purpose": "prefetch;prerender"},
        {"user-agent": PHONE, "purpose": "prefetch", "sec-fetch-user": "?1"},
        {"user-agent": PHONE, "x-moz": "prefetch"},
    ],
)
def test_a_link_preview_shows_a_title_and_writes_nothing(
    browser: Browser, stored: Stored, headers: dict[str, str]
) -> None:
    reply = browser.connect(headers=NO_CLICK | headers)
    assert (reply.status, reply.title) == (200, "Connect your WhatsApp Business account")
    assert '<meta property="og:title" content="Connect your WhatsApp Business account">' in reply.body
    assert f'<meta property="og:url" content="https://{stack.HOST}/connect">' in reply.body
    assert stored.states() == []
    assert reply.printed == []
    assert not reply.response.get("cookies")


def test_head_writes_nothing(browser: Browser, stored: Stored) -> None:
    reply = browser.connect(method="HEAD")
    assert reply.status == 200
    assert stored.states() == []
    assert reply.printed == []


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": f"{PHONE} [FBAN/FBIOS;FBAV/500.0]"},
        {"user-agent": f"{PHONE} WhatsApp/2.25.1", "sec-fetch-user": "?1"},
        {"user-agent": ""},
    ],
)
def test_in_app_browser_is_not_a_preview_program(browser: Browser, headers: dict[str, str]) -> None:
    assert browser.connect(headers=NO_CLICK | headers).status == 302


@pytest.mark.parameters(LoginConfigId="5550001")
def test_a_configuration_of_login_for_business_replaces_the_scopes(browser: Browser) -> None:
    query = asked(browser.connect())
    assert query["config_id"] == ["5550001"]
    assert query["override_default_response_type"] == ["true"]
    assert "scope" not in query


@pytest.mark.parameters(RequiredScopes="business_management")
def test_the_required_permissions_are_asked_for(browser: Browser) -> None:
    assert asked(browser.connect())["scope"] == ["business_management"]


@pytest.mark.parameters(PublicBaseUrl="https://front.shop.example")
def test_behind_another_host_people_come_back_to_that_host(browser: Browser) -> None:
    reply = browser.connect()
    assert asked(reply)["redirect_uri"] == ["https://front.shop.example/callback"]
    (cookie,) = reply.response["cookies"]
    assert cookie.startswith("__Host-connect-")
    assert "; Secure" in cookie


@pytest.mark.parameters(LocalBaseUrl="http://localhost:3000")
def test_on_plain_http_the_cookie_is_one_that_every_browser_keeps(browser: Browser) -> None:
    reply = browser.connect()
    assert asked(reply)["redirect_uri"] == ["http://localhost:3000/callback"]
    (cookie,) = reply.response["cookies"]
    assert cookie.startswith("connect-")
    assert "Secure" not in cookie


@pytest.mark.parameters(PublicConnect="disabled")
def test_login_without_a_link_is_refused_when_public_connect_is_off(browser: Browser, stored: Stored) -> None:
    page = Page(404, "You need a link of your own", None)
    assert_not_started(browser.connect(), "link-required", page)
    assert stored.states() == []


@pytest.mark.parameters(PublicConnect="disabled")
def test_without_public_connect_no_page_offers_to_start_again(browser: Browser) -> None:
    reply = browser.come_back("")
    assert (reply.status, reply.button) == (400, None)
    assert "open the link that you received once more" in reply.body


@pytest.mark.parametrize(
    ("code", "reason", "page"),
    [
        ("ThrottlingException", "aws-busy", Page(503, "One moment, please", "")),
        ("InternalServerError", "aws-busy", Page(503, "One moment, please", "")),
        ("AccessDeniedException", "unexpected", Page(500, "This is our mistake", "/connect")),
        ("ResourceNotFoundException", "unexpected", Page(500, "This is our mistake", "/connect")),
    ],
)
def test_dynamodb_refusing_is_a_page(
    browser: Browser, clients: Callable[[str], list[Any]], code: str, reason: str, page: Page
) -> None:
    Outage(clients("authorize"), "PutItem", code, times=1)
    reply = browser.connect()
    assert_not_started(reply, reason, page)
    assert WORDS not in str(reply)
    assert not reply.response.get("cookies")
    assert_ended(browser.finish(), "connected")


def assert_not_started(reply: Reply, reason: str, page: Page) -> None:
    assert Page(reply.status, reply.title or "", reply.button) == page
    assert reply.metric("LoginNotStarted") == [reason]
    assert reply.metric("LoginStarted") == []
    (line,) = reply.logs("login not started")
    assert (line["reason"], line["reference"]) == (reason, reply.reference)
