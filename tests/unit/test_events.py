import json
from dataclasses import replace
from typing import get_args

import pytest

from local.strict import parameter_store
from whatsapp_connect import events
from whatsapp_connect.model import (
    MAX_SENT_EVENTS,
    Account,
    ConnectionRecord,
    EventType,
    PhoneNumber,
    Published,
)

NOW = 1795608000
BAKERY = PhoneNumber("1", "+1 555-0100", "Bakery")
ACTIVE = ConnectionRecord(
    connection_id="101",
    revision=1795608000000,
    user_id="101",
    token=b"encrypted",
    token_number=1795608000000,
    scopes=("whatsapp_business_management",),
    issued_at=1795607990,
    token_expires_at=1800791990,
    data_access_expires_at=1803383990,
    accounts=(Account("102290129340398", NOW, numbers=(BAKERY,), is_proven=True),),
    graph_version="v26.0",
    connected_at=NOW,
    published=Published(token_number=1795608000000, version=1, key_id="key"),
)
METADATA = {
    "user_id": "101",
    "token_type": "USER",
    "token_version": 1,
    "issued_at": "2026-11-25T11:59:50Z",
    "expires_at": "2027-01-24T11:59:50Z",
    "data_access_expires_at": "2027-02-23T11:59:50Z",
    "scopes": ["whatsapp_business_management"],
    "waba_ids": ["102290129340398"],
    "phone_numbers": [
        {
            "id": "1",
            "display_phone_number": "+1 555-0100",
            "verified_name": "Bakery",
            "waba_id": "102290129340398",
            "status": "",
            "registered": False,
        }
    ],
    "accounts": [{"id": "102290129340398", "name": "", "subscribed": False, "can_send": "", "problem_code": 0}],
    "usable": False,
    "status": "active",
    "status_reason": None,
    "graph_version": "v26.0",
    "label": "",
    "tags": {},
    "language": "",
    "truncated": False,
}
URL = "https://h.example/reconnect/101"


def detail(record: ConnectionRecord, *, reconnect_url: str = URL, service_name: str = "") -> dict[str, object]:
    """Return the detail of the last event in a record's history."""
    return events.detail(
        record,
        record.history[-1],
        stack="shop",
        parameter_name="/p/connections/101/access-token",
        reconnect_url=reconnect_url,
        service_name=service_name,
    )


def test_metadata_are_what_readers_were_promised() -> None:
    assert events.metadata(ACTIVE) == METADATA


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


@pytest.mark.parametrize("name", ["\u0416" * 100, "{{" * 50])
def test_metadata_of_a_business_of_any_size_fit_into_a_parameter(name: str) -> None:
    numbers = tuple(PhoneNumber(str(index), "+1 202-555-0100", name) for index in range(250))
    many = tuple(Account(str(10**15 + index), NOW, name, numbers[:5], is_proven=True) for index in range(50))
    told = events.metadata(replace(ACTIVE, accounts=many))
    assert told["truncated"] is True
    length = len(events.parameter_text(told))
    assert events.MAX_METADATA_BYTES - 1000 < length <= events.MAX_METADATA_BYTES
    assert told["waba_ids"] == [account.id for account in many]
    assert told["phone_numbers"]
    assert told["accounts"]


def test_a_token_that_never_expires_has_no_date() -> None:
    assert events.metadata(replace(ACTIVE, token_expires_at=0))["expires_at"] is None


def test_event_names_connection_and_parameter() -> None:
    told = detail(events.add_event(ACTIVE, "Connected", now=NOW))
    assert told["connection_id"] == "101"
    assert told["stack"] == "shop"
    assert told["access_token_parameter"] == "/p/connections/101/access-token"
    assert told["expires_at"] == "2027-01-24T11:59:50Z"
    assert told["event_id"] == f"101-{NOW}000"
    assert "reconnect_url" not in told


def test_an_event_tells_the_status_of_its_moment() -> None:
    revoked = replace(ACTIVE, status="revoked", status_reason="password-changed")
    record = events.add_event(revoked, "Revoked", now=NOW)
    told = detail(replace(record, status="active", status_reason=None))
    assert (told["status"], told["status_reason"]) == ("revoked", "password-changed")


def test_warning_names_effect_date_and_link() -> None:
    told = detail(events.add_event(ACTIVE, "Expiring", now=NOW, cause="token", days_left=13))
    assert told["days_left"] == 13
    assert told["reconnect_url"] == URL
    assert "2027-01-24T11:59:50Z" in str(told["message"])
    assert "nothing can be sent or received" in str(told["message"])


def test_ending_data_access_is_renewed_by_its_own_dialog() -> None:
    told = detail(events.add_event(ACTIVE, "Expiring", now=NOW, cause="data-access", days_left=7))
    assert told["reconnect_url"] == URL + "?auth_type=reauthorize"
    assert "2027-02-23T11:59:50Z" in str(told["message"])


@pytest.mark.parametrize("expires_at", [0, 1800791990])
@pytest.mark.parametrize("kind", get_args(EventType))
def test_every_event_can_be_put_in_words(kind: EventType, expires_at: int) -> None:
    record = replace(ACTIVE, token_expires_at=expires_at)
    facts: dict[str, str | int | None] = {"lost_scopes": "a b", "failures": 10}
    if kind == "Onboarded":
        facts |= {"subscribed_waba_ids": "3", "registered_phone_number_ids": ""}
    if kind == "OnboardingFailed":
        facts |= {"failed_waba_ids": "3 4", "failed_phone_number_ids": "", "facebook_code": 200}
    if kind in {"SyncStarted", "SyncFailed"}:
        facts |= {"sync": "history", "phone_number_id": "4", "facebook_code": None}
    told = detail(events.add_event(record, kind, now=NOW, **facts))
    assert str(told["message"]).startswith("WhatsApp connection 101 ")
    assert "{" not in str(told["message"])


@pytest.mark.parametrize(("code", "words"), [(133005, "4 5 (Facebook's code 133005)"), (None, "4 5 (no answer)")])
def test_failed_set_up_names_what_and_why(code: int | None, words: str) -> None:
    failed = {"failed_waba_ids": "", "failed_phone_number_ids": "4 5"}
    told = detail(events.add_event(ACTIVE, "OnboardingFailed", now=NOW, facebook_code=code, **failed))
    assert (told["failed_waba_ids"], told["failed_phone_number_ids"]) == ([], ["4", "5"])
    assert words.replace("4 5", "4, 5") in str(told["message"])
    assert "whatsapp-connect connections accounts 101" in str(told["message"])


def test_set_up_says_no_more_than_what_was_done() -> None:
    registered = {"subscribed_waba_ids": "", "registered_phone_number_ids": "4 5"}
    told = detail(events.add_event(ACTIVE, "Onboarded", now=NOW, **registered))
    assert str(told["message"]).endswith("was set up: registered phone numbers: 4, 5.")


def test_without_reconnect_addresses_a_new_link_is_needed() -> None:
    record = replace(ACTIVE, connection_id="shop-7")
    told = detail(events.add_event(record, "Revoked", now=NOW), reconnect_url="")
    assert "reconnect_url" not in told
    assert "whatsapp-connect links create shop-7" in str(told["message"])


def test_deleted_event_holds_no_personal_data() -> None:
    forgotten = replace(ACTIVE, status="forgotten", status_reason="app-removed")
    told = detail(events.add_event(forgotten, "Deleted", now=NOW))
    assert set(told) == {
        *("schema_version", "event_id", "stack", "connection_id", "access_token_parameter"),
        *("status", "status_reason", "message"),
    }


def test_sequences_grow_within_one_moment_and_after_a_table_came_back() -> None:
    record = ACTIVE
    for _ in range(3):
        record = events.add_event(record, "Renewed", now=NOW)
    assert [event.sequence for event in record.history] == [NOW * 1000, NOW * 1000 + 1, NOW * 1000 + 2]
    later = events.add_event(replace(record, history=record.history[:1]), "Renewed", now=NOW + 60)
    assert later.history[-1].sequence == (NOW + 60) * 1000


def test_history_keeps_unsent_events_and_the_last_sent_ones() -> None:
    record = ACTIVE
    for number in range(60):
        record = events.add_event(record, "Renewed", now=NOW + number)
    assert len(events.unsent(record)) == 60
    told = record.history[49].sequence
    record = replace(record, published=replace(record.published, last_sent=told))
    record = events.add_event(record, "Renewed", now=NOW + 60)
    assert len(record.history) == MAX_SENT_EVENTS + 11
    assert len(events.unsent(record)) == 11
