import json
from typing import Any

import pytest

from local.strict import parameter_store
from whatsapp_connect import events

PENDING: dict[str, Any] = {
    "connection_id": "101",
    "user_id": "101",
    "status": "pending",
    "parameter_name": "/p/connections/101/access-token",
    "generation": 1,
    "lease_until": 1795608030,
}
ACTIVE: dict[str, Any] = PENDING | {
    "status": "active",
    "token_type": "USER",
    "token_version": 1,
    "issued_at": 1795607990,
    "token_expires_at": 1800791990,
    "data_access_expires_at": 1803383990,
    "scopes": ["whatsapp_business_management"],
    "waba_ids": ["102290129340398"],
    "phone_numbers": [{"id": "1", "display_phone_number": "+1 555-0100", "verified_name": "Bakery"}],
    "graph_version": "v26.0",
    "connected_at": 1795608000,
}


def test_metadata_is_what_readers_were_promised() -> None:
    assert events.metadata(ACTIVE) == {
        "user_id": "101",
        "token_type": "USER",
        "token_version": 1,
        "issued_at": "2026-11-25T11:59:50Z",
        "expires_at": "2027-01-24T11:59:50Z",
        "data_access_expires_at": "2027-02-23T11:59:50Z",
        "scopes": ["whatsapp_business_management"],
        "waba_ids": ["102290129340398"],
        "phone_numbers": [{"id": "1", "display_phone_number": "+1 555-0100", "verified_name": "Bakery"}],
        "status": "active",
        "status_reason": None,
        "graph_version": "v26.0",
    }


@pytest.mark.parametrize(
    "text",
    ["{{summer}} sale", "{{{{}}}}", "{{{", "a\\\\{{b", "{{ssm:/p}}", "\u0416{{\n}}", r"\u007b{{", "}}{{"],
)
def test_any_text_survives_in_a_parameter_without_double_brackets(text: str) -> None:
    told = {"phone_numbers": [{"verified_name": text}], text: {"nested": {"deeper": text}}}
    written = events.parameter_text(told)
    assert "{{" not in written
    assert parameter_store.refuse_value({"Value": written}) is None
    assert json.loads(written) == told


def test_metadata_full_of_brackets_fits_into_a_parameter() -> None:
    number = {"id": "1", "display_phone_number": "+1", "verified_name": "{{" * 50}
    told = events.metadata(ACTIVE | {"phone_numbers": [number] * 100})
    assert told
    length = len(events.parameter_text(told))
    assert events.LONGEST_METADATA - 800 < length <= events.LONGEST_METADATA


def test_metadata_of_a_business_of_any_size_fits_into_a_parameter() -> None:
    """Or nobody would hear of the connections that change after it."""
    number = {"id": "4" * 32, "display_phone_number": "+1 202-555-0100", "verified_name": "\u0416" * 100}
    numbers = [number | {"id": str(index)} for index in range(100)]
    accounts = [str(10**15 + index) for index in range(5_000)]
    told = events.metadata(ACTIVE | {"phone_numbers": numbers})
    assert told
    assert events.LONGEST_METADATA - 800 < len(json.dumps(told)) <= events.LONGEST_METADATA
    assert told["phone_numbers"] == numbers[: len(told["phone_numbers"])]
    assert told["waba_ids"] == ACTIVE["waba_ids"]
    told = events.metadata(ACTIVE | {"phone_numbers": numbers, "waba_ids": accounts})
    assert told
    assert events.LONGEST_METADATA - 20 < len(json.dumps(told)) <= events.LONGEST_METADATA
    assert (told["phone_numbers"], told["waba_ids"]) == ([], accounts[: len(told["waba_ids"])])


def test_a_token_that_never_expires_has_no_date() -> None:
    metadata = events.metadata(ACTIVE | {"token_expires_at": 0})
    assert metadata is not None
    assert metadata["expires_at"] is None


@pytest.mark.parametrize("record", [None, PENDING])
def test_there_is_no_metadata_before_there_is_a_token(record: dict[str, Any] | None) -> None:
    assert events.metadata(record) is None


def test_taking_a_lease_changes_no_metadata() -> None:
    leased = ACTIVE | {"lease_until": 1, "lease_owner": "x", "generation": 2, "next_check_at": 5}
    assert events.metadata(leased) == events.metadata(ACTIVE)


URL = "https://h.example/connect"
EXPIRING = ACTIVE | {"status": "expiring", "warned_days": 14}
FAILING = ACTIVE | {"failures": 3}
DEAD = ACTIVE | {"status": "revoked", "reason": "password-changed"}
AGAIN = {"connected_at": 1795609000, "token_version": 2}


def types(old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[str]:
    return [event.type for event in events.lifecycle_events(old, new, connect_url=URL)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (None, PENDING, []),
        (PENDING, None, []),
        (PENDING, PENDING | {"lease_until": 5}, []),
        (PENDING, ACTIVE, ["Connected"]),
        (None, ACTIVE, ["Connected"]),
        (ACTIVE, ACTIVE, []),
        (ACTIVE, ACTIVE | {"lease_until": 5, "next_check_at": 9, "generation": 4}, []),
        (ACTIVE, ACTIVE | AGAIN, ["Reconnected"]),
        (EXPIRING, ACTIVE | AGAIN, ["Reconnected"]),
        (DEAD, ACTIVE | AGAIN, ["Reconnected"]),
        (ACTIVE, ACTIVE | {"token_version": 2, "renewed_at": 5}, ["Renewed"]),
        (EXPIRING, ACTIVE | {"token_version": 2}, ["Renewed"]),
        (ACTIVE, EXPIRING, ["Expiring"]),
        (EXPIRING, EXPIRING | {"warned_days": 7}, ["Expiring"]),
        (EXPIRING, EXPIRING | {"next_check_at": 5}, []),
        (ACTIVE, ACTIVE | {"data_access_warned_days": 14}, ["Expiring"]),
        (ACTIVE, EXPIRING | {"data_access_warned_days": 14}, ["Expiring", "Expiring"]),
        (EXPIRING, ACTIVE | {"status": "expired", "reason": "expired"}, ["Expired"]),
        (ACTIVE, DEAD, ["Revoked"]),
        (DEAD, DEAD | {"due": "dead"}, []),
        (ACTIVE, None, ["Deleted"]),
        (DEAD, None, ["Deleted"]),
        (ACTIVE, ACTIVE | {"scopes": []}, ["ScopesReduced"]),
        (ACTIVE, ACTIVE | {"scopes": [*ACTIVE["scopes"], "more"]}, []),
        (ACTIVE, ACTIVE | {"failures": 2}, []),
        (ACTIVE | {"failures": 2}, FAILING, ["RenewalFailed"]),
        (FAILING, ACTIVE | {"failures": 4}, []),
        (FAILING, ACTIVE | {"failures": 0}, ["Recovered"]),
        (ACTIVE | {"failures": 2}, ACTIVE | {"failures": 0}, []),
        (FAILING, DEAD | {"failures": 0}, ["Revoked"]),
    ],
)
def test_a_change_of_the_record_is_told(
    old: dict[str, Any] | None, new: dict[str, Any] | None, told: list[str]
) -> None:
    assert types(old, new) == told


def test_an_event_says_whose_token_is_where() -> None:
    (event,) = events.lifecycle_events(PENDING, ACTIVE, connect_url=URL)
    assert event.detail["connection_id"] == "101"
    assert event.detail["access_token_parameter"] == "/p/connections/101/access-token"
    assert event.detail["expires_at"] == "2027-01-24T11:59:50Z"
    assert "connect_url" not in event.detail


def test_a_warning_says_what_breaks_when_and_where_to_go() -> None:
    (event,) = events.lifecycle_events(ACTIVE, EXPIRING, connect_url=URL)
    assert event.detail["days_left"] == 14
    assert event.detail["connect_url"] == URL
    assert "2027-01-24T11:59:50Z" in event.detail["message"]
    assert "nothing can be sent or received" in event.detail["message"]


def test_ending_data_access_is_renewed_by_its_own_dialog() -> None:
    (event,) = events.lifecycle_events(ACTIVE, ACTIVE | {"data_access_warned_days": 7}, connect_url=URL)
    assert event.detail["connect_url"] == URL + "?auth_type=reauthorize"
    assert event.detail["cause"] == "data-access"
    assert "2027-02-23T11:59:50Z" in event.detail["message"]


@pytest.mark.parametrize("expires_at", [0, 1800791990])
@pytest.mark.parametrize("event_type", events._MESSAGES)
def test_every_event_can_be_put_in_words(event_type: events.EventType, expires_at: int) -> None:
    more: dict[str, Any] = {"lost_scopes": ["a"], "failures": 3}
    event = events._event(event_type, ACTIVE | {"token_expires_at": expires_at}, more, URL)
    assert event.detail["message"].startswith("WhatsApp connection 101 ")
    assert "{" not in event.detail["message"]


def test_a_connection_of_a_link_needs_a_new_link() -> None:
    (event,) = events.lifecycle_events(
        ACTIVE | {"connection_id": "shop-7"}, EXPIRING | {"connection_id": "shop-7"}, connect_url=URL
    )
    assert "connect_url" not in event.detail
    assert "whatsapp-connect links create shop-7" in event.detail["message"]
