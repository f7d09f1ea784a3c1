"""Tokens that Facebook gives but does not vouch for."""

from collections.abc import Mapping
from time import time
from typing import Any

import pytest

from tests.support.browser import Browser, assert_ended
from tests.support.clock import DAY, HOUR, SharedClock
from tests.support.facebook import Facebook
from tests.support.people import JONAS, MARIA
from tests.support.stored import Earlier, Stored


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        ({"set": {"app_id": "999"}}, "token-of-another-app"),
        ({"without": ["app_id"]}, "token-of-another-app"),
        ({"invalid": {"code": 190, "subcode": 460}}, "token-invalid"),
        ({"set": {"is_valid": "true"}}, "facebook-answer-unreadable"),
        ({"without": ["is_valid"]}, "facebook-answer-unreadable"),
        ({"set": {"type": "PAGE"}}, "token-kind-unsupported"),
        ({"set": {"type": "APP"}}, "token-kind-unsupported"),
        ({"set": {"type": None}}, "token-kind-unsupported"),
        ({"without": ["user_id"]}, "token-without-user"),
        ({"set": {"user_id": ""}}, "token-without-user"),
        ({"set": {"user_id": "../../app-secret"}}, "token-without-user"),
        ({"set": {"user_id": True}}, "token-without-user"),
        ({"without_scopes": ["whatsapp_business_messaging"]}, "permission-missing"),
        ({"without": ["scopes", "granular_scopes"]}, "permission-missing"),
        (
            {"set": {"granular_scopes": [], "scopes": "whatsapp_business_management,whatsapp_business_messaging"}},
            "permission-missing",
        ),
        ({"without": ["expires_at"]}, "facebook-answer-unreadable"),
        ({"set": {"expires_at": "never"}}, "facebook-answer-unreadable"),
    ],
)
def test_token_the_debugger_calls_invalid_is_not_stored(
    browser: Browser, facebook: Facebook, earlier: Earlier, lie: Mapping[str, Any], reason: str
) -> None:
    facebook.control("debug-token", lie)
    assert_ended(browser.finish(), reason)
    assert facebook.exchanges == 1
    earlier.assert_unchanged()


MANAGEMENT, MESSAGING = "whatsapp_business_management", "whatsapp_business_messaging"


@pytest.mark.parametrize(
    ("scopes", "granular"),
    [
        ([MANAGEMENT, MESSAGING], []),
        ([], [MANAGEMENT, MESSAGING]),
        ([MANAGEMENT], [MESSAGING]),
        ([MESSAGING], [MANAGEMENT]),
        ([MANAGEMENT, MESSAGING], [MANAGEMENT, MESSAGING]),
    ],
)
def test_permission_in_either_list_is_not_missing(
    browser: Browser, facebook: Facebook, stored: Stored, scopes: list[str], granular: list[str]
) -> None:
    lists = {"scopes": scopes, "granular_scopes": [{"scope": scope} for scope in granular]}
    facebook.control("debug-token", {"set": lists})
    assert_ended(browser.finish(), "connected", page="accounts-unknown")
    (record,) = stored.records()
    assert sorted(record["scopes"]) == [MANAGEMENT, MESSAGING]


@pytest.mark.parametrize(("scopes", "granular"), [([MANAGEMENT], []), ([], [MANAGEMENT]), ([MANAGEMENT], [MANAGEMENT])])
def test_permission_in_neither_list_is_missing(
    browser: Browser, facebook: Facebook, earlier: Earlier, scopes: list[str], granular: list[str]
) -> None:
    lists = {"scopes": scopes, "granular_scopes": [{"scope": scope} for scope in granular]}
    facebook.control("debug-token", {"set": lists})
    assert assert_ended(browser.finish(), "permission-missing")["missing_scopes"] == [MESSAGING]
    earlier.assert_unchanged()


def test_why_a_token_is_invalid_is_in_the_log(browser: Browser, facebook: Facebook, stored: Stored) -> None:
    facebook.control("debug-token", {"invalid": {"code": 190, "subcode": 463}})
    assert assert_ended(browser.finish(), "token-invalid")["facebook_subcode"] == 463
    assert stored.everything() == ({}, [])


def test_new_token_that_is_invalid_without_a_cause_is_asked_about_again(
    browser: Browser, facebook: Facebook, stored: Stored, pauses: list[float]
) -> None:
    facebook.fail("debug_token", "not_valid")
    assert_ended(browser.finish(), "connected")
    assert (facebook.inspections, len(pauses)) == (2, 1)
    assert stored.token(MARIA)


def test_new_token_that_stays_invalid_without_a_cause_is_not_stored(
    browser: Browser, facebook: Facebook, earlier: Earlier, pauses: list[float]
) -> None:
    facebook.fail("debug_token", "not_valid", times=9)
    assert_ended(browser.finish(), "token-invalid")
    assert (facebook.inspections, len(pauses)) == (2, 1)
    earlier.assert_unchanged()


def test_new_token_that_is_invalid_with_a_cause_is_not_asked_about_again(
    browser: Browser, facebook: Facebook, earlier: Earlier, pauses: list[float]
) -> None:
    facebook.control("debug-token", {"invalid": {"subcode": 460}})
    assert_ended(browser.finish(), "token-invalid")
    assert (facebook.inspections, pauses) == (1, [])
    earlier.assert_unchanged()


def test_debugger_that_refuses_the_app_token_is_a_setup_error(
    browser: Browser, facebook: Facebook, earlier: Earlier
) -> None:
    """It has the code of a token of another app, so only a question about the app itself tells them apart."""
    facebook.fail("debug_token", "graph_error", code=100, message="You must provide an app access token", times=9)
    assert_ended(browser.finish(), "app-secret-wrong")
    earlier.assert_unchanged()


def test_end_that_facebook_does_not_say_is_asked_for(browser: Browser, facebook: Facebook) -> None:
    facebook.control("settings", {"zero_expires_in": True})
    assert_ended(browser.finish(), "connected")
    assert facebook.extensions == 1


@pytest.mark.parametrize("person", ["maria", "jonas"])
def test_token_of_another_app_is_not_stored(
    browser: Browser, facebook: Facebook, earlier: Earlier, person: str
) -> None:
    message = "(#100) The App_id did not match"
    user_id = {"maria": MARIA, "jonas": JONAS}[person]
    facebook.fail("debug_token", "graph_error", code=100, message=message, user_id=user_id, times=2)
    assert_ended(browser.finish(person=person), "token-of-another-app")
    assert facebook.exchanges == 1
    assert facebook.inspections == 3  # twice about the token, and in between about the app, which works
    earlier.assert_unchanged()


@pytest.mark.parametrize("extend_lifetime", [HOUR, 7 * DAY - 60, -HOUR])
def test_short_lived_token_is_not_stored(
    browser: Browser, facebook: Facebook, earlier: Earlier, extend_lifetime: int
) -> None:
    facebook.control("settings", {"extend_lifetime": extend_lifetime})
    reason = "token-invalid" if extend_lifetime < 0 else "token-short-lived"
    assert_ended(browser.finish(), reason)
    assert (facebook.exchanges, facebook.extensions) == (1, 1)
    earlier.assert_unchanged()


def test_token_of_more_than_a_week_is_stored(
    browser: Browser, facebook: Facebook, stored: Stored, clock: SharedClock
) -> None:
    facebook.control("settings", {"extend_lifetime": 7 * DAY + 60})
    assert_ended(browser.finish(), "connected")
    (record,) = stored.records()
    assert record["token_expires_at"] == clock.now() + 7 * DAY + 60


@pytest.mark.parametrize("tells_expiry", [True, False])
@pytest.mark.parametrize(("fault", "options"), [("graph_error", {"code": 2500}), ("server_error", {"times": 9})])
def test_token_that_facebook_does_not_extend_is_kept_if_it_lives_a_week(
    browser: Browser,
    facebook: Facebook,
    stored: Stored,
    pauses: list[float],
    clock: SharedClock,
    *,
    fault: str,
    options: Mapping[str, Any],
    tells_expiry: bool,
) -> None:
    facebook.control("settings", {"exchange_lifetime": 8 * DAY, "exchange_tells_expiry": tells_expiry})
    facebook.fail_extend(fault, **options)
    assert_ended(browser.finish(), "connected")
    assert facebook.exchanges == 1
    assert facebook.extensions == len(pauses) + 1
    (record,) = stored.records()
    assert record["token_expires_at"] == clock.now() + 8 * DAY
    assert "extend_after" not in record  # the next check asks for a longer one


@pytest.mark.parametrize("tells_expiry", [True, False])
def test_token_that_lives_no_week_and_is_not_extended_is_not_kept(
    browser: Browser, facebook: Facebook, earlier: Earlier, *, tells_expiry: bool
) -> None:
    facebook.control("settings", {"exchange_lifetime": 7 * DAY - 60, "exchange_tells_expiry": tells_expiry})
    facebook.fail_extend("graph_error", code=2500)
    assert_ended(browser.finish(), "facebook-refused")
    assert (facebook.exchanges, facebook.extensions) == (1, 1)
    earlier.assert_unchanged()


def test_lifetime_claimed_only_by_the_exchange_is_not_trusted(
    browser: Browser, facebook: Facebook, earlier: Earlier
) -> None:
    facebook.control("settings", {"exchange_lifetime": 60 * DAY, "extend_lifetime": HOUR})
    facebook.control("debug-token", {"set": {"expires_at": int(time()) + HOUR}})
    assert_ended(browser.finish(), "token-short-lived")
    assert facebook.exchanges == 1
    earlier.assert_unchanged()
