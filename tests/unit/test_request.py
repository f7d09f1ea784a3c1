from typing import Any

import pytest

from whatsapp_connect.errors import LoginError
from whatsapp_connect.request import Request

PHONE = "Mozilla/5.0 (Linux; Android 16; CUBOT X90) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36"


def request(query: str = "", *, method: str = "GET", **event: Any) -> Request:
    return Request.from_event(
        {
            "rawQueryString": query,
            "requestContext": {"requestId": "r", "domainName": "h.example", "http": {"method": method}},
            **event,
        }
    )


@pytest.mark.parametrize(
    "event",
    [
        {"cookies": ["a=1", "b=2=3"]},
        {"headers": {"cookie": "a=1; b=2=3"}},
        {"headers": {"Cookie": "a=1;b=2=3"}},
        {"cookies": [], "headers": {"COOKIE": " a=1 ; b=2=3 "}},
    ],
)
def test_cookies_are_read_in_every_spelling(event: dict[str, Any]) -> None:
    assert dict(request(**event).cookies) == {"a": "1", "b": "2=3"}


@pytest.mark.parametrize(
    "space", ["\t", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\xa0", "\u1680", "\u2000", "\u2028", "\u3000"]
)
def test_only_a_space_is_not_part_of_a_cookies_name(space: str) -> None:
    """Where browsers see no __Host- prefix none must be seen here: a neighbour under the same domain may set such a cookie."""
    pair = f"{space}__Host-a{space}=1"
    assert dict(request(cookies=[pair]).cookies) == {f"{space}__Host-a{space}": "1"}
    assert "__Host-a" not in request(headers={"cookie": f"b=2; {pair}"}).cookies


def test_the_first_of_two_cookies_of_one_name_counts() -> None:
    assert request(cookies=["a=1", "a=2"]).cookies["a"] == "1"


@pytest.mark.parametrize("event", [{}, {"headers": None}, {"cookies": None, "headers": {}}])
def test_request_without_cookies_is_accepted(event: dict[str, Any]) -> None:
    assert not request(**event).cookies.get("a")


def test_header_names_are_lower_case() -> None:
    assert request(headers={"User-Agent": "x"}).headers["user-agent"] == "x"


def test_named_parameters_are_decoded() -> None:
    assert request("code=A%2BQ&state=x&utm=1").parameters("code", "state", "error") == {
        "code": "A+Q",
        "state": "x",
    }


def test_empty_parameters_count_as_missing() -> None:
    assert request("code=&state").parameters("code", "state") == {}


@pytest.mark.parametrize("query", ["state=a&state=b", "state=a&state=a", "code=1&state=x&code=2", "a=1&" * 60])
def test_a_repeated_parameter_is_refused(query: str) -> None:
    with pytest.raises(LoginError, match="request-malformed"):
        request(query).parameters("state", "code")


def test_repeated_unknown_parameter_is_ignored() -> None:
    assert request("utm=1&utm=2&state=x").parameters("state") == {"state": "x"}


def test_bytes_that_are_no_utf8_do_not_break_the_reading() -> None:
    assert request("state=%ff%fe").parameters("state") == {"state": "\ufffd\ufffd"}


@pytest.mark.parametrize(
    "agent",
    [
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "WhatsApp/2.23.20.0 A",
        "TelegramBot (like TwitterBot)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Macintosh) Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
    ],
)
def test_programs_that_draw_previews_are_recognised(agent: str) -> None:
    assert request(headers={"user-agent": agent}).is_preview()


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-moz": "prefetch"},
    ],
)
def test_prefetching_browser_is_a_preview(headers: dict[str, str]) -> None:
    assert request(headers=headers | {"user-agent": PHONE, "sec-fetch-user": "?1"}).is_preview()


def test_head_is_a_preview() -> None:
    assert request(method="HEAD").is_preview()


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": PHONE},
        {},
        {"user-agent": "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 [FBAN/FBIOS;FBAV/480.0]"},
        {"user-agent": "Mozilla/5.0 (iPhone) Instagram 300.0"},
        {"user-agent": "Mozilla/5.0 WhatsApp/2.24", "sec-fetch-user": "?1"},
    ],
)
def test_people_are_let_through(headers: dict[str, str]) -> None:
    assert not request(headers=headers).is_preview()


@pytest.mark.parametrize(
    ("sent", "site"),
    [
        ("cross-site", "cross-site"),
        ("none", "none"),
        ("", "unknown"),
        ("Cross-Site", "unknown"),
        ("x" * 900, "unknown"),
    ],
)
def test_fetch_site_is_one_of_a_few_words(sent: str, site: str) -> None:
    """It becomes a metric's dimension, and each value of a dimension costs."""
    assert request(headers={"sec-fetch-site": sent}).fetch_site == site
    assert request().fetch_site == "unknown"
