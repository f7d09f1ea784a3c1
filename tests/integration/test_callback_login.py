"""Logins that end well."""

from time import time
from typing import Any

import boto3
import pytest

from tests.support import stack
from tests.support.browser import Browser, assert_ended
from tests.support.clock import DAY, SharedClock
from tests.support.facebook import Facebook
from tests.support.people import BAKERY, JONAS, MARIA
from tests.support.stored import Stored
from whatsapp_connect.login import SET_UP_AFTER_S
from whatsapp_connect.model import ConnectionRecord

SCOPES = ["public_profile", "whatsapp_business_management", "whatsapp_business_messaging"]


def parameter(deployed: boto3.Session, connection_id: str) -> Any:
    name = f"{stack.PREFIX}/connections/{connection_id}/access-token"
    (found,) = deployed.client("ssm").describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])[
        "Parameters"
    ]
    return found


def the_record(stored: Stored) -> ConnectionRecord:
    (row,) = stored.records()
    return stored.connection(row["connection_id"])


def test_short_lived_token_is_extended_before_it_is_stored(
    browser: Browser, facebook: Facebook, stored: Stored, deployed: boto3.Session
) -> None:
    reply = browser.finish()
    line = assert_ended(reply, "connected")
    assert line["connection_id"] == MARIA
    assert "+1 202-555-0100 (Corner Bakery)" in reply.text
    assert (facebook.exchanges, facebook.extensions, facebook.inspections) == (1, 1, 1)
    about = parameter(deployed, MARIA)
    assert (about["Type"], about["Version"], about["Tier"]) == ("SecureString", 1, "Intelligent-Tiering")
    assert about["KeyId"] == stack.KEY
    token = stored.token(MARIA)
    assert token
    assert token.startswith("EAA")


def test_record_says_everything(browser: Browser, stored: Stored, clock: SharedClock) -> None:
    now = clock.now()
    browser.finish()
    record = stored.connection(MARIA)
    for name, wanted in {
        "connected_at": now,
        "login_at": now,
        "issued_at": now,
        "token_expires_at": now + 5_183_944,
        "data_access_expires_at": now + 90 * DAY,
        "publish_at": now,
    }.items():
        assert getattr(record, name) == wanted, name
    for number in (record.token_number, record.revision, record.history[0].sequence):
        assert number // 1000 == now
    assert record.checked_at == 0
    assert record.next_check_at == now + SET_UP_AFTER_S
    assert (record.user_id, record.status, record.token_type) == (MARIA, "active", "USER")
    assert (record.scopes, record.waba_ids) == (tuple(SCOPES), (BAKERY,))
    assert [number.id for number in record.phone_numbers] == ["400000000000001", "400000000000002"]
    assert record.graph_version == "v26.0"
    assert [event.type for event in record.history] == ["Connected"]
    assert (record.published.version, record.published.token_number) == (1, record.token_number)


def test_the_token_is_in_no_table(browser: Browser, stored: Stored) -> None:
    query = browser.log_in()
    browser.come_back(query)
    token = stored.token(MARIA)
    assert token
    assert token not in str(stored.records() + stored.states())
    for secret in [*query.split("&"), *browser.cookies.values()]:
        assert secret.rpartition("=")[2] not in str(stored.states())


def test_a_token_that_lives_sixty_days_at_once_is_not_extended(
    browser: Browser, facebook: Facebook, stored: Stored
) -> None:
    facebook.control("settings", {"exchange_lifetime": 5_183_814})
    assert_ended(browser.finish(), "connected")
    assert (facebook.exchanges, facebook.extensions, facebook.inspections) == (1, 0, 1)
    assert len(stored.parameters()) == 1


@pytest.mark.parametrize(("lifetime", "extensions", "inspections"), [(5_183_814, 0, 1), (5_000, 1, 2)])
def test_missing_lifetime_is_read_from_the_debugger(
    browser: Browser, facebook: Facebook, stored: Stored, *, lifetime: int, extensions: int, inspections: int
) -> None:
    facebook.control("settings", {"exchange_lifetime": lifetime, "exchange_tells_expiry": False})
    assert_ended(browser.finish(), "connected")
    assert (facebook.exchanges, facebook.extensions, facebook.inspections) == (1, extensions, inspections)
    assert the_record(stored).token_expires_at > time() + 50 * DAY


def test_token_without_expiry_is_stored_as_such(browser: Browser, facebook: Facebook, stored: Stored) -> None:
    facebook.control("settings", {"exchange_lifetime": 0})
    reply = browser.finish()
    assert_ended(reply, "connected")
    assert "It does not expire" in reply.body
    assert facebook.extensions == 0
    assert the_record(stored).token_expires_at == 0


@pytest.mark.parameters(LoginConfigId="555")
@pytest.mark.parametrize(
    ("kind", "user"), [("SYSTEM_USER", "122100000000000901"), ("USER", MARIA)], ids=["system user", "user"]
)
@pytest.mark.usefixtures("businesses_name_accounts")
def test_a_configuration_of_login_for_business_decides_the_kind_of_token(
    browser: Browser, facebook: Facebook, stored: Stored, kind: str, user: str
) -> None:
    facebook.control("app", {"configurations": {"555": {"token_type": kind}}})
    reply = browser.finish()
    assert_ended(reply, "connected")
    record = stored.connection(user)
    assert record.token_type == kind
    assert ("It does not expire" in reply.body) == (kind == "SYSTEM_USER")
    assert facebook.extensions == (kind == "USER")
    assert stored.token(user)


def test_the_row_of_a_login_does_not_name_the_person(browser: Browser, stored: Stored) -> None:
    """It may outlive their wish to be forgotten."""
    assert_ended(browser.finish(), "connected")
    (row,) = stored.states()
    assert row["outcome"]["reason"] == "connected"
    assert MARIA not in str(row)


@pytest.mark.parameters(ReturnUrl="https://app.example.com/welcome?from=connect")
@pytest.mark.parametrize(
    "more", ["", "&next=https://evil.example&ReturnUrl=https://evil.example&return_url=//evil.example"]
)
def test_a_connected_person_is_sent_on_where_that_is_configured(
    browser: Browser, facebook: Facebook, more: str
) -> None:
    query = browser.log_in() + more
    for _ in range(2):
        reply = browser.come_back(query)
        assert reply.status == 303
        assert reply.location.startswith("https://app.example.com/welcome?from=connect&")
    assert facebook.exchanges == 1
    assert browser.finish(cancel=True).title == "Not connected"


@pytest.mark.parametrize(
    ("change", "waba_ids"),
    [
        ({"target_ids": "strings"}, [BAKERY]),
        ({"target_ids": "ints"}, [BAKERY]),
        ({"target_ids": "absent"}, []),
        ({"drift": True}, [BAKERY]),
        ({"set": {"granular_scopes": None}}, []),
        ({"set": {"granular_scopes": [None, {"scope": "whatsapp_business_messaging", "target_ids": 7}]}}, []),
        (
            {
                "set": {
                    "granular_scopes": [
                        {"scope": "whatsapp_business_manage_events", "target_ids": ["9", 8, "x/../y", True]},
                        {"scope": "whatsapp_business_messaging", "target_ids": [8, "7"]},
                        {"scope": "pages_messaging", "target_ids": ["6"]},
                    ]
                }
            },
            ["9", "8", "7"],
        ),
    ],
)
@pytest.mark.usefixtures("scopes_in_both_lists")
def test_accounts_are_found_however_the_debugger_tells_them(
    browser: Browser, facebook: Facebook, stored: Stored, change: dict[str, Any], waba_ids: list[str]
) -> None:
    facebook.control("debug-token", change)
    assert_ended(browser.finish(), "connected", page="connected" if BAKERY in waba_ids else "accounts-unknown")
    assert [account.id for account in the_record(stored).accounts] == waba_ids


def test_phone_numbers_on_several_pages_of_several_accounts_are_all_listed(
    browser: Browser, facebook: Facebook, stored: Stored
) -> None:
    assert_ended(browser.finish(person="jonas"), "connected")
    record = stored.connection(JONAS)
    assert len(record.phone_numbers) == 32
    assert len({number.id for number in record.phone_numbers}) == 32
    assert facebook.counts()["phone_numbers"] == 4


@pytest.mark.parametrize("fault", ["server_error", "throttled_waba", "html_ok", "invalid_json", "json_array"])
def test_phone_numbers_that_cannot_be_listed_do_not_spoil_the_login(
    browser: Browser, facebook: Facebook, stored: Stored, fault: str
) -> None:
    facebook.fail("phone_numbers", fault)
    reply = browser.finish()
    assert_ended(reply, "connected", page="accounts-unknown")
    (warning,) = reply.logs("accounts not read")
    assert warning["level"] == "WARNING"
    record = the_record(stored)
    assert [(account.id, account.is_proven) for account in record.accounts] == [(BAKERY, False)]
    assert record.status_reason == "accounts-unknown"
    assert stored.token(MARIA)


def test_slow_phone_numbers_are_not_waited_for(
    browser: Browser, facebook: Facebook, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsapp_connect.login.ACCOUNTS_S", 0.2)
    facebook.fail("phone_numbers", "slow", delay_ms=2000)
    assert_ended(browser.finish(), "connected", page="accounts-unknown")
    assert the_record(stored).phone_numbers == ()


def test_connecting_again_replaces_the_token_and_says_which_version_it_is(
    browser: Browser, stored: Stored, deployed: boto3.Session
) -> None:
    browser.finish()
    first = stored.token(MARIA)
    assert_ended(browser.finish(), "connected")
    assert stored.token(MARIA) != first
    assert parameter(deployed, MARIA)["Version"] == 2
    record = stored.connection(MARIA)
    assert record.published.version == 2


def test_two_people_have_two_connections(browser: Browser, stored: Stored) -> None:
    browser.finish()
    before = stored.record(MARIA), stored.token(MARIA)
    assert_ended(browser.finish(person="jonas"), "connected")
    assert (stored.record(MARIA), stored.token(MARIA)) == before
    assert stored.token(JONAS)


def test_all_calls_of_a_login_share_one_connection(browser: Browser, facebook: Facebook) -> None:
    browser.finish()
    calls = [
        call
        for call in facebook.control("requests", method="GET")["requests"]
        if call["endpoint"] in {"oauth/access_token", "debug_token", "phone_numbers"}
    ]
    assert len(calls) == 4
    assert len({call["connection"] for call in calls}) == 1
