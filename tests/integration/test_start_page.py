"""The page before a login: only a click on it starts the login."""

from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest

from facebook_simulator.server import FacebookServer
from tests.support import stack
from tests.support.browser import Browser, Reply, assert_ended
from tests.support.clock import DAY
from tests.support.stored import Stored
from tests.support.world import World

CLICK = {"sec-fetch-site": "same-origin", "sec-fetch-user": "?1", "sec-fetch-mode": "navigate"}
NO_METADATA = {"sec-fetch-site": "", "sec-fetch-user": "", "sec-fetch-mode": ""}
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
IN_APP = {
    "facebook on ios": f"{IPHONE} Mobile/22A3354 [FBAN/FBIOS;FBAV/485.0.0.40.104;FBBV/648215010;FBDV/iPhone16,1;FBLC/en_GB]",
    "facebook on android": f"{ANDROID} Chrome/130.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/485.0.0.70.77;IABMV/1;]",
    "instagram on ios": f"{IPHONE} Mobile/22A3354 Instagram 355.0.0.22.108 (iPhone16,1; iOS 18_0; en_GB; scale=3.00)",
    "instagram on android": f"{ANDROID} Chrome/130.0 Mobile Safari/537.36 Instagram 355.1.0.44.103 Android",
    "whatsapp on android": f"{ANDROID} Chrome/130.0 Mobile Safari/537.36 WhatsApp/2.24.22.78",
}


type Start = dict[str, Any]


@pytest.fixture(params=["link", "reconnect"])
def start(request: pytest.FixtureRequest, world: World) -> dict[str, str]:
    """Where the login starts: at a link, or at a connection's own address."""
    return {"link": world.link("acme")} if request.param == "link" else {"reconnect": "acme"}


@pytest.fixture
def person(world: World) -> Browser:
    return world.browser()


def href(page: Reply) -> str:
    """Return the query of the page's button."""
    assert page.status == 200
    assert page.button
    assert page.button.startswith("?")
    return page.button[1:]


def assert_started_nothing(reply: Reply, stored: Stored) -> None:
    assert reply.status == 200
    assert reply.title in {"Connect your WhatsApp Business account", "Connect WhatsApp again"}
    assert "Location" not in reply.response["headers"]
    assert stored.states() == []
    assert reply.metric("LoginStarted") == []


def test_page_writes_nothing_and_a_click_starts_the_login(
    person: Browser, start: Start, stored: Stored, simulator: FacebookServer
) -> None:
    page = person.open(**start)
    assert_started_nothing(page, stored)
    clicked = person.open(href(page), headers=CLICK, **start)
    assert (clicked.status, clicked.location.startswith(f"{simulator.url}/v26.0/dialog/oauth?")) == (302, True)
    assert len(stored.states()) == 1


def test_cookie_of_the_page_is_for_this_host_and_this_site_only(person: Browser, start: Start) -> None:
    (cookie,) = person.open(**start).response["cookies"]
    pair, *attributes = cookie.split("; ")
    name, _, value = pair.partition("=")
    assert (name, len(value)) == ("__Host-visit", 43)
    assert set(attributes) == {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"}


def test_earlier_cookie_stays_so_that_two_tabs_work(person: Browser, start: Start) -> None:
    first, second = person.open(**start), person.open(**start)
    assert href(first) == href(second)
    assert person.open(href(first), headers=CLICK, **start).status == 302
    assert person.open(href(second), headers=CLICK, **start).status == 302


@pytest.mark.parametrize("planted", ["", "x", "a" * 42, "a" * 44, "a" * 42 + "=", '"><script>'])
def test_impossible_cookie_is_replaced(person: Browser, start: Start, planted: str) -> None:
    person.cookies["__Host-visit"] = planted
    page = person.open(**start)
    assert person.cookies["__Host-visit"] != planted
    assert planted in {"", "x"} or planted not in page.body
    assert person.open(href(page), headers=CLICK, **start).status == 302


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "Same-Origin", "x"])
def test_click_that_comes_from_elsewhere_shows_the_page(
    person: Browser, start: Start, stored: Stored, site: str
) -> None:
    query = href(person.open(**start))
    assert_started_nothing(person.open(query, headers=CLICK | {"sec-fetch-site": site}, **start), stored)


def test_browser_without_fetch_metadata_can_click(person: Browser, start: Start) -> None:
    assert person.open(href(person.open(**start)), headers=NO_METADATA, **start).status == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch;prerender"},
        {"sec-purpose": "prefetch"},
        {"purpose": "prefetch"},
        {"x-moz": "prefetch"},
    ],
)
def test_prefetch_of_the_button_shows_the_page(
    person: Browser, start: Start, stored: Stored, headers: dict[str, str]
) -> None:
    query = href(person.open(**start))
    assert_started_nothing(person.open(query, headers=CLICK | headers, **start), stored)


@pytest.mark.parametrize(
    "change", [lambda token: token[:-1], lambda token: token + "A", lambda _: "", lambda _: "é" * 43]
)
def test_wrong_token_shows_the_page(
    person: Browser, start: Start, stored: Stored, change: Callable[[str], str]
) -> None:
    token = href(person.open(**start)).partition("click=")[2]
    assert_started_nothing(person.open(f"click={change(token)}", headers=CLICK, **start), stored)


def test_head_of_the_button_starts_nothing(person: Browser, start: Start, stored: Stored) -> None:
    query = href(person.open(**start))
    assert_started_nothing(person.open(query, method="HEAD", headers=CLICK, **start), stored)


def test_token_is_good_for_one_address_and_one_browser(world: World, stored: Stored) -> None:
    person, other = world.browser(), world.browser()
    token = href(person.open(reconnect="acme"))
    assert_started_nothing(person.open(token, headers=CLICK, reconnect="shop"), stored)
    other.open(reconnect="acme")
    assert_started_nothing(other.open(token, headers=CLICK, reconnect="acme"), stored)


def test_browser_without_cookies_is_told_so(world: World, start: Start, stored: Stored) -> None:
    query = href(world.browser().open(**start))
    reply = world.browser().open(query, headers=CLICK, **start)
    assert_started_nothing(reply, stored)
    assert "Allow cookies" in reply.body
    assert "Allow cookies" not in world.browser().open(**start).body
    assert reply.response["cookies"][0].startswith("__Host-visit=")


@pytest.mark.parametrize("agent", IN_APP.values(), ids=IN_APP.keys())
def test_browser_inside_an_app_connects(person: Browser, start: Start, world: World, agent: str) -> None:
    """These send no Sec-Fetch headers on iOS, and none at all in older WebViews."""
    world.connect(connection_id="acme")
    headers = NO_METADATA | {"user-agent": agent}
    page = person.open(headers=headers, **start)
    clicked = person.open(href(page), headers=headers, **start)
    assert_ended(person.come_back(urlsplit(world.facebook.log_in(clicked.location)).query), "connected")


@pytest.mark.parametrize("agent", ["WhatsApp/2.25.1 A", "facebookexternalhit/1.1", "TelegramBot (like TwitterBot)"])
def test_preview_of_a_link_is_its_page(person: Browser, start: Start, stored: Stored, agent: str) -> None:
    reply = person.open(headers={"user-agent": agent}, **start)
    assert_started_nothing(reply, stored)
    assert '<meta property="og:title"' in reply.body
    assert reply.printed == []


def test_page_of_a_link_shows_its_label(world: World) -> None:
    page = world.browser().open(link=world.link("acme", label="Müller & Söhne <GmbH>"))
    assert "<bdi>Müller &amp; Söhne &lt;GmbH&gt;</bdi>" in page.body


def test_page_of_a_connection_shows_nothing_about_it(world: World) -> None:
    world.browser().finish(link=world.link("acme", label="Secret GmbH"))
    world.settle()
    world.console.read()
    known, unknown = (world.browser().open(reconnect=name) for name in ("acme", "nobody"))
    assert "Secret" not in known.body
    assert known.body.replace(href(known).replace("&", "&amp;"), "") == unknown.body.replace(
        href(unknown).replace("&", "&amp;"), ""
    ).replace("/nobody", "/acme")


# Languages


@pytest.mark.parametrize(
    ("query", "accept", "tag"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "zh-CN,pt-PT;q=0.5", "pt-BR"),
        ("lang=tr", "de", "tr"),
        ("lang=xx", "de", "de"),
        ("lang=ar&lang=de", "fr", "fr"),
        ("", "," * 8000, "en"),
        ("", "de;q=0,\x00" + "x" * 8000, "en"),
    ],
)
def test_page_is_in_the_visitors_language(person: Browser, query: str, accept: str, tag: str) -> None:
    page = person.open(query, reconnect="acme", headers={"accept-language": accept})
    assert page.response["headers"]["Content-Language"] == tag
    assert f'<html lang="{tag}"' in page.body


def test_language_of_the_link_counts_unless_the_visitor_chooses(world: World) -> None:
    link, accept = world.link("acme", language="tr"), {"accept-language": "de"}
    assert '<html lang="tr"' in world.browser().open(link=link, headers=accept).body
    assert '<html lang="ar" dir="rtl"' in world.browser().open("lang=ar", link=link, headers=accept).body


def test_language_lasts_until_the_last_page(world: World) -> None:
    person = world.browser()
    query = person.log_in("lang=tr", link=world.link("acme", language="fr"))
    assert '<html lang="tr"' in person.come_back(query, headers={"accept-language": "de"}).body
    assert '<html lang="tr"' in person.come_back(query, headers={"accept-language": "de"}).body


def test_language_of_a_link_counts_on_its_error_page(world: World) -> None:
    link = world.link("acme", language="tr", lifetime=300)
    world.clock.advance(DAY)
    page = world.browser().open(link=link)
    assert (page.status, '<html lang="tr"' in page.body) == (404, True)


@pytest.mark.parametrize(
    "query", ["lang=%3Cscript%3E", "auth_type=%22%3E%3Cscript%3E", "click=%3Cscript%3E", "x=" + "y" * 9000]
)
def test_page_repeats_nothing_that_a_visitor_sends(person: Browser, query: str) -> None:
    page = person.open(query, reconnect="acme")
    assert "<script" not in unescape(page.body).lower()
    assert "yyy" not in page.body


def test_way_to_ask_again_survives_the_page(person: Browser, world: World) -> None:
    page = person.open("auth_type=rerequest&lang=de", reconnect="acme")
    assert "auth_type=rerequest" in href(page)
    assert "lang=de" in href(page)
    clicked = person.open(href(page), headers=CLICK, reconnect="acme")
    assert "auth_type=rerequest" in clicked.location


# A link that cannot be used


def test_used_link_leads_its_owner_to_connect_again(world: World) -> None:
    person, link = world.browser(), world.link("acme")
    assert_ended(person.finish(link=link), "connected")
    page = person.open(link=link)
    assert (page.status, page.title, page.button) == (404, "This link was already used", "/reconnect/acme")
    assert_ended(person.finish(reconnect="acme"), "connected")


@pytest.mark.parameters(Reconnect="disabled")
def test_used_link_has_no_button_where_people_cannot_connect_again(world: World) -> None:
    person, link = world.browser(), world.link("acme")
    assert_ended(person.finish(link=link), "connected")
    assert person.open(link=link).button is None


@pytest.mark.parameters(SupportContact="help@shop.example", ServiceName="Corner Shop")
def test_expired_link_shows_who_can_help(world: World) -> None:
    link = world.link("acme", lifetime=300)
    world.clock.advance(DAY)
    page = world.browser().open(link=link)
    assert (page.status, page.title) == (404, "This link no longer works")
    assert "mailto:help@shop.example" in page.body
    assert "<bdi>Corner Shop</bdi>" in page.body


@pytest.mark.parametrize("connection_id", [".a", "a.", "-", "a b", "a/b", "ä", "a" * 65, "<script>"])
def test_impossible_connection_has_no_page(person: Browser, connection_id: str, stored: Stored) -> None:
    reply = person.open(reconnect=connection_id)
    assert (reply.status, reply.metric("LoginNotStarted")) == (400, ["request-malformed"])
    assert "<script" not in reply.body
    assert stored.states() == []


@pytest.mark.parameters(Reconnect="disabled")
def test_without_reconnect_the_address_asks_for_a_link(person: Browser, stored: Stored) -> None:
    reply = person.open(reconnect="acme")
    assert (reply.status, reply.title) == (404, "You need a link of your own")
    assert stored.states() == []


@pytest.mark.parameters(PublicConnect="disabled")
def test_reconnect_works_where_the_public_link_does_not(person: Browser) -> None:
    assert person.connect(reconnect="acme").status == 302


@pytest.mark.parameters(LocalBaseUrl="http://localhost:3000")
def test_on_plain_http_the_cookie_is_one_that_every_browser_stores(person: Browser) -> None:
    page = person.open(reconnect="acme")
    (cookie,) = page.response["cookies"]
    assert cookie.startswith("visit=")
    assert "Secure" not in cookie
    assert person.open(href(page), headers=CLICK, reconnect="acme").status == 302


def test_own_address_of_the_page_is_that_of_this_stack(person: Browser) -> None:
    assert (
        f'<meta property="og:url" content="https://{stack.HOST}/reconnect/acme">' in person.open(reconnect="acme").body
    )
