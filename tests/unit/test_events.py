from typing import Any

import pytest

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
        "graph_version": "v26.0",
    }


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


@pytest.mark.parametrize(
    ("old", "new", "event_type"),
    [
        (None, PENDING, None),
        (PENDING, ACTIVE, "Connected"),
        (None, ACTIVE, "Connected"),
        (ACTIVE, ACTIVE | {"lease_until": 5}, None),
        (ACTIVE, ACTIVE | {"connected_at": 1795609000, "token_version": 2}, "Reconnected"),
        (ACTIVE, ACTIVE | {"token_version": 2}, "Reconnected"),
        (ACTIVE, None, None),
    ],
)
def test_a_change_of_the_record_is_an_event(
    old: dict[str, Any] | None, new: dict[str, Any] | None, event_type: str | None
) -> None:
    assert events.event_type(old, new) == event_type


def test_an_event_says_whose_token_is_where() -> None:
    detail = events.detail(ACTIVE)
    assert detail["connection_id"] == "101"
    assert detail["access_token_parameter"] == "/p/connections/101/access-token"
    assert detail["expires_at"] == "2027-01-24T11:59:50Z"
