"""Facebook down, slow, busy, or answering nonsense."""

import socket
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import boto3
import pytest
import requests

from tests.support import stack
from tests.support.browser import Browser, assert_ended
from tests.support.facebook import Facebook
from tests.support.stored import Earlier, Stored

Options = Mapping[str, Any]
Failure = tuple[str, Options, str]

# What any call can meet.
FAULTS: list[Failure] = [
    ("empty", {}, "facebook-unavailable"),
    ("server_error", {}, "facebook-unavailable"),
    ("html_error", {}, "facebook-unavailable"),
    ("truncated", {}, "facebook-unavailable"),
    ("throttled_app", {}, "facebook-throttled"),
    ("throttled_user", {}, "facebook-throttled"),
    ("throttled_waba", {}, "facebook-throttled"),
    ("graph_error", {"code": 1, "status": 500}, "facebook-unavailable"),
    ("graph_error", {"code": 1, "is_transient": True}, "facebook-unavailable"),
    ("unknown_error", {}, "facebook-unavailable"),
    ("error_with_200", {"code": 2}, "facebook-unavailable"),
]
# What it is no use to ask again after.
FINAL: list[Failure] = [
    ("html_ok", {}, "facebook-answer-unreadable"),
    ("invalid_json", {}, "facebook-answer-unreadable"),
    ("json_array", {}, "facebook-answer-unreadable"),
    ("huge", {}, "facebook-answer-unreadable"),
    ("redirect", {}, "facebook-answer-unreadable"),
    ("graph_error", {"code": 1}, "app-secret-wrong"),
    ("graph_error", {"code": 101}, "app-id-wrong"),
    ("graph_error", {"code": 191}, "redirect-uri-refused"),
    ("graph_error", {"code": 10, "status": 403}, "app-blocked"),
    ("graph_error", {"code": 200, "status": 403}, "app-blocked"),
    ("server_not_allowed", {}, "server-not-allowed"),
    ("graph_error", {"code": 368}, "facebook-policy-block"),
    ("graph_error", {"code": 2500}, "facebook-refused"),
    ("graph_error", {"code": "words"}, "facebook-refused"),
    ("error_with_200", {"code": 368}, "facebook-policy-block"),
]
OF_THE_EXCHANGE: list[Failure] = [
    ("graph_error", {"code": 100, "subcode": 36007}, "code-expired"),
    ("graph_error", {"code": 100, "subcode": 36009}, "code-used"),
    ("graph_error", {"code": 100, "subcode": 36008}, "redirect-uri-refused"),
    ("graph_error", {"code": 100}, "code-rejected"),
    ("error_with_200", {"code": 100, "subcode": 36009}, "code-used"),
    ("graph_error", {"code": 190, "subcode": 463}, "token-invalid"),
    ("auth_exception", {}, "token-invalid"),
    ("api_blocked", {}, "app-blocked"),
]


@pytest.mark.parametrize(("fault", "options", "reason"), FAULTS + FINAL + OF_THE_EXCHANGE)
def test_an_exchange_that_fails_is_not_repeated(
    browser: Browser, facebook: Facebook, earlier: Earlier, *, fault: str, options: Options, reason: str
) -> None:
    facebook.fail_exchange(fault, **options)
    assert_ended(browser.finish(), reason)
    assert facebook.exchanges == 1
    assert (facebook.extensions, facebook.inspections) == (0, 0)
    earlier.assert_unchanged()


@pytest.mark.parametrize(("fault", "options", "reason"), FAULTS)
def test_extension_that_keeps_failing_is_given_up(
    browser: Browser,
    facebook: Facebook,
    earlier: Earlier,
    pauses: list[float],
    *,
    fault: str,
    options: Options,
    reason: str,
) -> None:
    facebook.fail_extend(fault, times=9, **options)
    assert_ended(browser.finish(), reason)
    assert (facebook.exchanges, facebook.extensions, facebook.inspections) == (1, 3, 0)
    assert pauses == sorted(pauses)
    assert len(pauses) == 2
    earlier.assert_unchanged()


@pytest.mark.parametrize("call", ["extend", "inspect"])
@pytest.mark.parametrize(("fault", "options", "_"), FAULTS)
def test_repeatable_calls_are_repeated_until_facebook_answers(
    browser: Browser,
    facebook: Facebook,
    stored: Stored,
    pauses: list[float],
    *,
    fault: str,
    options: Options,
    _: str,
    call: str,
) -> None:
    if call == "extend":
        facebook.fail_extend(fault, times=2, **options)
    else:
        facebook.fail("debug_token", fault, times=2, **options)
    assert_ended(browser.finish(), "connected")
    assert facebook.exchanges == 1
    assert {"extend": facebook.extensions, "inspect": facebook.inspections}[call] == 3
    assert len(pauses) == 2
    assert len(stored.parameters()) == 1


@pytest.mark.parametrize(("fault", "options", "reason"), FINAL)
def test_an_extension_that_is_refused_is_not_repeated(
    browser: Browser, facebook: Facebook, earlier: Earlier, *, fault: str, options: Options, reason: str
) -> None:
    facebook.fail_extend(fault, **options)
    assert_ended(browser.finish(), reason)
    assert (facebook.exchanges, facebook.extensions, facebook.inspections) == (1, 1, 0)
    earlier.assert_unchanged()


@pytest.mark.parametrize(("fault", "options", "reason"), FINAL)
def test_token_that_cannot_be_debugged_is_not_stored(
    browser: Browser, facebook: Facebook, earlier: Earlier, *, fault: str, options: Options, reason: str
) -> None:
    facebook.fail("debug_token", fault, **options)
    assert_ended(browser.finish(), reason)
    assert (facebook.exchanges, facebook.inspections) == (1, 1)
    earlier.assert_unchanged()


@pytest.mark.parametrize(("fault", "options"), [("graph_error", {"code": 190}), ("auth_exception", {})])
def test_refused_app_token_is_not_a_refused_user_token(
    browser: Browser, facebook: Facebook, earlier: Earlier, *, fault: str, options: Options
) -> None:
    facebook.fail("debug_token", fault, **options)
    assert_ended(browser.finish(), "app-secret-wrong")
    earlier.assert_unchanged()


def test_blocked_app_is_not_a_missing_permission(browser: Browser, facebook: Facebook, earlier: Earlier) -> None:
    for endpoint in ("debug_token", "oauth/access_token"):
        facebook.fail(endpoint, "api_blocked", times=1)
        assert_ended(browser.finish(), "app-blocked")
        earlier.assert_unchanged()


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("slow", {"delay_ms": 5000}),
        ("hang_after_consume", {}),
        ("drip", {"interval_ms": 60}),
    ],
)
def test_an_exchange_that_takes_too_long_is_given_up_and_never_repeated(
    browser: Browser,
    facebook: Facebook,
    earlier: Earlier,
    monkeypatch: pytest.MonkeyPatch,
    *,
    fault: str,
    options: Options,
) -> None:
    monkeypatch.setattr("whatsapp_connect.graph.READ_TIMEOUT_S", 0.3)
    facebook.fail_exchange(fault, **options)
    assert_ended(browser.finish(), "facebook-unavailable")
    assert facebook.exchanges == 1
    earlier.assert_unchanged()


def test_the_functions_own_time_bounds_the_waiting(
    browser: Browser,
    callback: ModuleType,
    facebook: Facebook,
    earlier: Earlier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("whatsapp_connect.login.STORE_RESERVE_S", 27.6)
    facebook.fail_exchange("hang_after_consume")
    assert_ended(browser.finish(), "facebook-unavailable")
    assert facebook.exchanges == 1
    earlier.assert_unchanged()


def test_no_exchange_begins_without_time_to_end_it(
    browser: Browser,
    callback: ModuleType,
    facebook: Facebook,
    earlier: Earlier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("whatsapp_connect.login.STORE_RESERVE_S", 28.0)
    assert_ended(browser.finish(), "facebook-unavailable")
    assert facebook.exchanges == 0
    earlier.assert_unchanged()


def test_facebook_out_of_reach_is_a_page_and_not_a_spent_code(
    browser: Browser, facebook: Facebook, earlier: Earlier, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = browser.log_in()
    with monkeypatch.context() as patch:
        patch.setattr(requests.adapters.HTTPAdapter, "send", refuse)
        assert_ended(browser.come_back(query), "facebook-unavailable")
    assert facebook.exchanges == 0
    earlier.assert_unchanged()


def refuse(*_: object, **__: object) -> None:
    raise requests.exceptions.ConnectionError


def test_a_connection_refused_once_is_tried_again_even_for_a_code(
    browser: Browser, facebook: Facebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = browser.log_in()
    with monkeypatch.context() as patch:
        refuse_once(patch)
        assert_ended(browser.come_back(query), "connected")
    assert facebook.exchanges == 1


def refuse_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next connection refused that anybody opens."""
    connect = socket.socket.connect
    refusals = [ConnectionRefusedError(111, "Connection refused")]

    def refuse(self: socket.socket, address: Any) -> None:
        if refusals:
            raise refusals.pop()
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_a_code_that_was_used_elsewhere_is_refused(browser: Browser, facebook: Facebook, earlier: Earlier) -> None:
    first = browser.log_in()
    browser.come_back(first)
    earlier = Earlier(earlier.stored)
    code = first.partition("code=")[2].partition("&")[0]
    state = browser.log_in().partition("state=")[2].partition("&")[0]
    assert_ended(browser.come_back(f"code={code}&state={state}"), "code-used")
    assert facebook.exchanges == 2
    earlier.assert_unchanged()


def test_an_expired_code_is_refused(browser: Browser, facebook: Facebook, earlier: Earlier) -> None:
    query = browser.log_in()
    facebook.control("clock", {"advance": 601})
    assert_ended(browser.come_back(query), "code-expired")
    assert facebook.exchanges == 1
    earlier.assert_unchanged()


def test_a_code_for_another_address_is_refused(browser: Browser, facebook: Facebook, earlier: Earlier) -> None:
    code = facebook.control("codes", {"redirect_uri": f"{stack.REDIRECT_URI}/"})["code"]
    state = browser.log_in().partition("state=")[2].partition("&")[0]
    assert_ended(browser.come_back(f"code={code}&state={state}"), "redirect-uri-refused")
    assert facebook.exchanges == 1
    earlier.assert_unchanged()


@pytest.mark.parametrize("code", ["garbage", "A" * 4096, "%00%FF%0D%0A", "%F0%9F%92%A9"])
def test_a_code_that_facebook_never_made_is_refused(
    browser: Browser, facebook: Facebook, earlier: Earlier, code: str
) -> None:
    state = browser.log_in().partition("state=")[2].partition("&")[0]
    assert_ended(browser.come_back(f"code={code}&state={state}"), "code-rejected")
    assert facebook.exchanges == 1
    earlier.assert_unchanged()


def test_a_wrong_app_secret_is_read_again_at_the_next_login(
    browser: Browser, facebook: Facebook, earlier: Earlier, deployed: boto3.Session
) -> None:
    facebook.control("app", {"secret": "f" * 32})
    assert_ended(browser.finish(), "app-secret-wrong")
    earlier.assert_unchanged()
    stack.put_app_secret(deployed, "f" * 32 + "\n" + stack.APP_SECRET + "\n")
    assert_ended(browser.finish(), "connected")
    assert facebook.exchanges == 3  # with the one in memory, then with the new one


def test_after_a_failure_the_next_login_is_as_good_as_any(browser: Browser, facebook: Facebook, stored: Stored) -> None:
    facebook.fail_exchange("hang_after_consume", consume=True)
    facebook.control("settings", {"exchange_lifetime": 5_183_814})
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("whatsapp_connect.graph.READ_TIMEOUT_S", 0.2)
        assert_ended(browser.finish(), "facebook-unavailable")
    assert stored.everything() == ({}, [])
    assert_ended(browser.finish(), "connected")
