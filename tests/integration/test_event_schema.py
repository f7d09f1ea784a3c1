"""The published schemas describe the events exactly; every event of every test is checked against them."""

from typing import Any, get_args

import pytest
from jsonschema import ValidationError

from tests.support.people import MARIA
from tests.support.schema import properties, types, validate
from tests.support.world import World
from whatsapp_connect import events
from whatsapp_connect.model import EventType
from whatsapp_connect.token_rules import REVOKED_REASONS, WARNING_DAYS


def connected(world: World) -> dict[str, Any]:
    world.connect()
    told, _ = world.sent_events()
    return told.detail


def test_every_event_has_a_schema_and_every_schema_an_event() -> None:
    assert types() == set(get_args(EventType))


def test_events_for_a_person_say_where_to_connect_again() -> None:
    with_link = {name for name in types() if "reconnect_url" in properties(name)}
    assert with_link == events.NEEDS_A_PERSON


def test_the_warnings_are_those_of_the_schema() -> None:
    assert properties("Expiring")["days_left"]["maximum"] == max(WARNING_DAYS)
    assert set(properties("Revoked")["status_reason"]["enum"]) >= set(REVOKED_REASONS.values())


def test_schema_allows_no_other_and_no_missing_fields(world: World) -> None:
    detail = connected(world)
    validate("Connected", detail)
    for name in detail:
        with pytest.raises(ValidationError):
            validate("Connected", {key: value for key, value in detail.items() if key != name})
    with pytest.raises(ValidationError):
        validate("Connected", detail | {"access_token": "EAA"})
    with pytest.raises(ValidationError):
        validate("Connected", detail | {"phone_numbers": [{"id": "1"}]})


def test_values_are_described_too(world: World) -> None:
    detail = connected(world)
    for change in (
        {"schema_version": 2},
        {"schema_version": "1"},
        {"token_version": -1},
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


@pytest.mark.usefixtures("extending")
def test_no_event_holds_a_token(world: World) -> None:
    world.connect()
    tokens = [world.token()]
    world.after(days=31)
    tokens.append(world.token())
    world.facebook.control("tokens/invalidate", {"user_id": MARIA})
    world.after(days=1)
    told = world.sent_events()
    assert [one.type for one in told] == ["Connected", "Onboarded", "Renewed", "Revoked"]
    assert not [token for token in tokens if token in str(told)]
