"""The published schemas describe the events exactly; every event of every test is checked against them."""

from typing import Any, get_args

import pytest
from jsonschema import ValidationError

from tests.integration.life import MARIA, Life
from tests.support.schema import properties, types, validate
from whatsapp_connect import events
from whatsapp_connect.lifecycle import FORGET, WARNINGS


def connected(life: Life) -> dict[str, Any]:
    life.connect()
    (told,) = life.stream.bring()
    return told.detail


def test_every_event_has_a_schema_and_every_schema_an_event() -> None:
    assert types() == set(get_args(events.EventType))


def test_events_for_a_person_say_where_to_connect_again() -> None:
    with_link = {name for name in types() if "connect_url" in properties(name)}
    assert with_link == events.NEEDS_A_PERSON


def test_the_warnings_are_those_of_the_schema() -> None:
    assert properties("Expiring")["days_left"] == {"enum": list(WARNINGS)}
    assert set(properties("Revoked")["status_reason"]["enum"]) >= FORGET


def test_nothing_may_be_added_or_left_out(life: Life) -> None:
    detail = connected(life)
    validate("Connected", detail)
    for name in detail:
        with pytest.raises(ValidationError):
            validate("Connected", {key: value for key, value in detail.items() if key != name})
    with pytest.raises(ValidationError):
        validate("Connected", detail | {"access_token": "EAA"})
    with pytest.raises(ValidationError):
        validate("Connected", detail | {"phone_numbers": [{"id": "1"}]})


def test_values_are_described_too(life: Life) -> None:
    detail = connected(life)
    for change in (
        {"schema_version": 2},
        {"schema_version": "1"},
        {"token_version": 0},
        {"expires_at": 1795608000},
        {"expires_at": "2026-11-25"},
        {"status": "pending"},
        {"status": "revoked"},
        {"status_reason": "expired"},
        {"connection_id": "a/b"},
        {"user_id": 1},
    ):
        with pytest.raises(ValidationError):
            validate("Connected", detail | change)


def test_no_event_holds_a_token(life: Life) -> None:
    life.connect()
    tokens = [life.token()]
    life.clock.pass_days(31)
    life.run()
    tokens.append(life.token())
    life.facebook.control("tokens/invalidate", {"user_id": MARIA})
    life.next_day()
    told = life.stream.bring()
    assert [one.type for one in told] == ["Connected", "Renewed", "Revoked"]
    assert not [token for token in tokens if token in str(told)]
