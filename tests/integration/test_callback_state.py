"""Callbacks that are not, or not yet, or no longer, the answer to a login of this browser."""

from collections.abc import Callable, Mapping
from time import time
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.browser import Browser, Spelling, assert_ended, assert_page, cookie_name, state_of
from tests.support.facebook import Facebook
from tests.support.outage import WORDS, Outage, watch
from tests.support.stored import Earlier, Stored

NewBrowser = Callable[[], Browser]
UNKNOWN = "A" * 43
SCRIPT = "\"'><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "empty-callback"),
        ("unheard_of=1", "empty-callback"),
        ("code=AQabc", "state-missing"),
        ("code=AQabc&state=", "state-missing"),
        ("error=access_denied&error_code=200&error_reason=user_denied", "state-missing"),
        ("{right}&state={state}", "request-malformed"),
        ("{right}&state=other", "request-malformed"),
        ("{right}&code=other", "request-malformed"),
        ("{right}&error=a&error=b", "request-malformed"),
        ("{right}" + "&a=b" * 50, "request-malformed"),
        ("state={state}&code=" + "A" * 5000, "request-malformed"),
        ("code=AQabc&state=short", "state-malformed"),
        ("code=AQabc&state={state}A", "state-malformed"),
        ("code=AQabc&state={state}%0A", "state-malformed"),
        ("code=AQabc&state=" + "A" * 42 + "%2B", "state-malformed"),
        ("code=AQabc&state=" + "%C3%A9" * 43, "state-malformed"),
        ("code=AQabc&state=%00" + "A" * 42, "state-malformed"),
        ("code=AQabc&state=%FF%FE" + "A" * 41, "state-malformed"),
    ],
)
def test_invalid_callback_does_not_use_up_the_state(
    browser: Browser, facebook: Facebook, earlier: Earlier, query: str, reason: str
) -> None:
    right = browser.log_in()
    assert_ended(browser.come_back(query.format(right=right, state=state_of(right))), reason)
    assert facebook.exchanges == 0
    earlier.assert_unchanged()
    assert_ended(browser.come_back(right), "connected")


def test_an_unknown_state_is_refused(browser: Browser, facebook: Facebook, stored: Stored) -> None:
    browser.cookies[cookie_name(UNKNOWN)] = "anything"
    assert_ended(browser.come_back(f"code=AQabc&state={UNKNOWN}"), "state-unknown")
    assert facebook.exchanges == 0
    assert stored.states() == []
    assert stored.everything() == ({}, [])


def test_an_expired_state_is_refused_though_its_row_is_still_there(
    browser: Browser,
    callback: ModuleType,
    facebook: Facebook,
    earlier: Earlier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    query = browser.log_in()
    monkeypatch.setattr(callback.states, "_clock", lambda: time() + 3_600)
    assert_ended(browser.come_back(query), "state-expired")
    assert facebook.exchanges == 0
    earlier.assert_unchanged()


@pytest.mark.parameters(LoginMinutes="10")
def test_a_login_may_take_as_long_as_the_stack_says(
    browser: Browser, callback: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    early, late = browser.log_in(), browser.log_in()
    monkeypatch.setattr(callback.states, "_clock", lambda: time() + 590)
    assert_ended(browser.come_back(early), "connected")
    monkeypatch.setattr(callback.states, "_clock", lambda: time() + 601)
    assert_ended(browser.come_back(late), "state-expired")


def test_a_browser_without_the_cookie_is_offered_a_start_of_its_own(
    browser: Browser, new_browser: NewBrowser, facebook: Facebook, earlier: Earlier
) -> None:
    query = browser.log_in()
    reply = new_browser().come_back(query)
    assert_ended(reply, "cookie-missing")
    assert reply.metric("CookieMissing", "sec_fetch_site") == ["cross-site"]
    assert facebook.exchanges == 0
    earlier.assert_unchanged()
    assert_ended(browser.come_back(query), "connected")


@pytest.mark.parametrize("site", ["", "cross-site\n", SCRIPT])
def test_the_metric_for_missing_cookies_takes_no_words_of_strangers(browser: Browser, site: str) -> None:
    reply = browser.come_back(f"code=AQabc&state={UNKNOWN}", headers={"sec-fetch-site": site})
    assert reply.metric("CookieMissing", "sec_fetch_site") == ["unknown"]


def test_another_browsers_state_is_refused_and_stays_good_for_its_owner(
    browser: Browser, new_browser: NewBrowser, facebook: Facebook, earlier: Earlier
) -> None:
    query = browser.log_in()
    other = new_browser()
    other.cookies[cookie_name(state_of(query))] = "guess"
    assert_ended(other.come_back(query), "state-foreign")
    assert facebook.exchanges == 0
    earlier.assert_unchanged()
    assert_ended(browser.come_back(query), "connected")


def test_the_cookie_of_another_login_of_the_same_browser_is_of_no_use(browser: Browser, facebook: Facebook) -> None:
    first, second = browser.log_in(), browser.log_in()
    browser.cookies[cookie_name(state_of(first))] = browser.cookies[cookie_name(state_of(second))]
    assert_ended(browser.come_back(first), "state-foreign")
    assert facebook.exchanges == 0


def test_tabs_side_by_side_all_work(browser: Browser, facebook: Facebook) -> None:
    first, second = browser.log_in(), browser.log_in(person="jonas")
    assert_ended(browser.come_back(second), "connected")
    assert_ended(browser.come_back(first), "connected")
    assert facebook.exchanges == 2


@pytest.mark.parametrize("spelling", ["cookies", "cookie", "Cookie"])
def test_the_cookie_is_found_however_the_gateway_spells_it(browser: Browser, spelling: Spelling) -> None:
    browser.cookies["theme"] = "dark=1"
    query = browser.log_in()
    browser.cookies["last"] = ""
    assert_ended(browser.come_back(query, spelling=spelling), "connected")


@pytest.mark.parametrize("with_cookie", [True, False])
def test_head_does_not_use_the_state_and_emits_no_metric(
    browser: Browser, stored: Stored, *, with_cookie: bool
) -> None:
    query = browser.log_in()
    before = stored.states(), stored.everything()
    cookies = dict(browser.cookies)
    if not with_cookie:
        browser.cookies.clear()
    reply = browser.come_back(query, method="HEAD")
    assert (reply.status, reply.body, reply.printed) == (200, "", [])
    assert (stored.states(), stored.everything()) == before
    browser.cookies = cookies
    assert_ended(browser.come_back(query), "connected")


def test_crawler_at_the_callback_does_not_use_up_the_state(
    browser: Browser, new_browser: NewBrowser, facebook: Facebook, stored: Stored
) -> None:
    query = browser.log_in()
    before = stored.states(), stored.everything()
    assert_ended(new_browser().come_back(query, headers={"user-agent": "facebookexternalhit/1.1"}), "cookie-missing")
    assert (stored.states(), stored.everything()) == before
    assert facebook.exchanges == 0
    assert_ended(browser.come_back(query), "connected")


@pytest.mark.parametrize(
    "parameter",
    ["state", "code", "error", "error_code", "error_reason", "error_description", "error_message", "other"],
)
def test_script_in_a_parameter_comes_back_nowhere(
    browser: Browser, facebook: Facebook, earlier: Earlier, parameter: str
) -> None:
    answer = {"state": state_of(browser.log_in()), "error": "access_denied"}
    if parameter in {"code", "other"}:
        del answer["error"]
    reply = browser.come_back(urlencode(answer | {parameter: SCRIPT}))
    assert reply.metric("LoginEnded")[0] != "connected"
    assert reply.reference
    for text in (reply.body, str(reply.response), str(reply.printed)):
        assert "alert(1)" not in text
    assert facebook.exchanges == (parameter == "code")
    earlier.assert_unchanged()


def test_a_reload_shows_the_same_result_and_does_nothing(browser: Browser, facebook: Facebook, stored: Stored) -> None:
    query = browser.log_in()
    first = browser.come_back(query)
    assert_ended(first, "connected")
    before = stored.everything()
    second = browser.come_back(query)
    assert (second.status, second.title, second.reference) == (first.status, first.title, first.reference)
    assert second.printed == []
    assert facebook.exchanges == 1
    assert stored.everything() == before


def test_a_reload_after_a_failure_shows_the_same_failure(browser: Browser, facebook: Facebook) -> None:
    query = browser.log_in()
    facebook.fail_exchange("server_error")
    first = browser.come_back(query)
    assert_ended(first, "facebook-unavailable")
    second = browser.come_back(query)
    assert_page(second, "facebook-unavailable")
    assert second.response == first.response
    assert second.printed == []
    assert facebook.exchanges == 1


@pytest.mark.parametrize(("forged", "reason"), [({}, "cookie-missing"), ({"forged": "x"}, "state-foreign")])
def test_another_browser_does_not_see_the_result(
    browser: Browser, new_browser: NewBrowser, facebook: Facebook, forged: Mapping[str, str], reason: str
) -> None:
    query = browser.log_in()
    first = browser.come_back(query)
    assert first.reference
    other = new_browser()
    other.cookies = dict.fromkeys([cookie_name(state_of(query))] if forged else [], "x")
    reply = other.come_back(query)
    assert_ended(reply, reason)
    assert first.reference not in reply.body
    assert facebook.exchanges == 1


def test_second_callback_during_the_first_is_asked_to_wait(
    browser: Browser, clients: Callable[[str], list[Any]], facebook: Facebook
) -> None:
    query = browser.log_in()
    meanwhile = []
    watch(clients("callback"), "GetParameter", lambda **_: meanwhile.append(browser.come_back(query)))
    browser.come_back(query)
    (second,) = meanwhile
    assert (second.status, second.title, second.printed) == (200, "Almost there", [])
    assert facebook.exchanges == 1
    assert browser.come_back(query).title == "You are connected"


def test_second_callback_waits_for_the_end_of_the_first(
    browser: Browser, callback: ModuleType, clients: Callable[[str], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = browser.log_in()

    def die(**_: object) -> None:
        raise SystemExit

    watch(clients("callback"), "Encrypt", die)
    with pytest.raises(SystemExit):
        browser.come_back(query)
    login = callback.states.consume(state_of(query), cookies=browser.cookies)

    def pause(*_: object, **__: object) -> None:
        callback.states.finish(login, {"reason": "declined", "reference": "r-7"})

    monkeypatch.setattr(callback, "pause", pause)
    second = browser.come_back(query)
    assert (second.title, second.reference) == ("Not connected", "r-7")


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_outcome_that_cannot_be_read_can_be_looked_for_again(
    browser: Browser, clients: Callable[[str], list[Any]], code: str
) -> None:
    query = browser.log_in()

    def die(**_: object) -> None:
        raise SystemExit

    watch(clients("callback"), "Encrypt", die)
    with pytest.raises(SystemExit):
        browser.come_back(query)
    Outage(clients("callback"), "GetItem", code)
    second = browser.come_back(query)
    assert (second.status, second.title) == (200, "Almost there")
    (line,) = second.logs("outcome not read")
    assert line["aws_error"] == code
    assert WORDS not in str(second)


def test_interrupted_login_is_reported_after_its_time(
    *,
    browser: Browser,
    callback: ModuleType,
    clients: Callable[[str], list[Any]],
    facebook: Facebook,
    earlier: Earlier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    query = browser.log_in()

    def die(**_: object) -> None:
        raise SystemExit

    watch(clients("callback"), "Encrypt", die)
    with pytest.raises(SystemExit):
        browser.come_back(query)
    assert browser.come_back(query).title == "Almost there"
    monkeypatch.setattr(callback.states, "_clock", lambda: time() + 37)
    assert_ended(browser.come_back(query), "login-interrupted")
    assert facebook.exchanges == 1
    earlier.assert_unchanged()


def test_end_that_cannot_be_stored_is_still_shown(
    browser: Browser, clients: Callable[[str], list[Any]], stored: Stored
) -> None:
    query = browser.log_in(cancel=True)
    Outage(clients("callback"), "UpdateItem", "InternalServerError", skip=1)
    reply = browser.come_back(query)
    assert_ended(reply, "declined")
    (line,) = reply.logs("outcome not stored")
    assert (line["level"], line["aws_error"]) == ("ERROR", "InternalServerError")
    assert stored.everything() == ({}, [])
