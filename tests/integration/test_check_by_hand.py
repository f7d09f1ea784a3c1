"""What people do to parameters and records by hand: the next check finds it, and the record wins."""

from typing import Any

import pytest

from tests.support import stack
from tests.support.clock import DAY
from tests.support.outage import watch
from tests.support.people import MARIA
from tests.support.world import FIVE_MINUTES, World

TOKEN = f"{stack.PREFIX}/connections/{MARIA}/access-token"
METADATA = f"{stack.PREFIX}/connections/{MARIA}/metadata"


def write(world: World, name: str, value: str) -> None:
    kind = "String" if name == METADATA else "SecureString"
    stack.operator(world.session, "ssm").put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)


def delete(world: World, name: str) -> None:
    world.session.client("ssm").delete_parameter(Name=name)


def issue(world: World, person: str = "maria", **token: Any) -> str:
    value: str = world.facebook.control("tokens", {"person": person, **token})["access_token"]
    return value


@pytest.mark.parametrize("value", ["rubbish", "EAA" + "x" * 197, " spaced out ", "x" * 4000])
def test_rubbish_in_place_of_a_token_is_replaced_by_the_token(world: World, value: str) -> None:
    world.connect()
    before = world.token()
    world.sent_events()
    write(world, TOKEN, value)
    assert world.after(days=1).outcomes == {"checked": 1}
    assert (world.token(), world.stored.version(MARIA), world.sent_events()) == (before, 3, [])
    world.assert_consistent()


@pytest.mark.parametrize("token", [{"person": "jonas"}, {"lifetime": 0}, {"lifetime": -1}])
def test_another_token_that_facebook_knows_is_replaced_by_the_recorded_one(world: World, token: dict[str, Any]) -> None:
    world.connect()
    before = world.token()
    write(world, TOKEN, issue(world, **token))
    assert world.after(days=1).outcomes == {"checked": 1}
    assert world.token() == before
    world.assert_consistent()


def test_dead_token_restored_by_hand_is_deleted(world: World) -> None:
    world.connect()
    before = world.token()
    world.facebook.control("tokens/invalidate", {"person": "maria"})
    world.after(days=1)
    write(world, TOKEN, before)
    world.sent_events()
    assert world.after(days=1).outcomes == {"compared": 1}
    assert (world.stored.token(MARIA), world.sent_events()) == (None, [])


def test_token_deleted_by_hand_is_put_again_and_nothing_ends(world: World) -> None:
    world.connect()
    before = world.token()
    world.sent_events()
    delete(world, TOKEN)
    assert world.after(days=1).outcomes == {"checked": 1}
    assert (world.token(), world.sent_events()) == (before, [])
    world.assert_consistent()


@pytest.mark.parametrize("is_alive", [True, False])
@pytest.mark.parametrize("text", [None, "rubbish", "[]", '{"user_id": "1"}'])
def test_metadata_missing_or_altered_are_written_again(world: World, text: str | None, *, is_alive: bool) -> None:
    world.connect()
    if not is_alive:
        world.facebook.control("tokens/invalidate", {"person": "maria"})
        world.after(days=1)
    before = world.metadata()
    world.sent_events()
    if text is None:
        delete(world, METADATA)
    else:
        write(world, METADATA, text)
    world.after(days=1)
    assert (world.metadata(), world.sent_events()) == (before, [])
    revision = world.record().revision
    world.after(days=1)
    assert world.record().revision == revision + 1  # the check, and nothing to publish


def test_check_that_finds_all_well_writes_the_record_once_and_no_parameter(world: World) -> None:
    world.connect()
    put: list[str] = []

    def note(**_: object) -> None:
        put.append("PutParameter")

    watch(world.clients("publish"), "PutParameter", note)
    revision = world.record().revision
    assert world.after(days=1).outcomes == {"checked": 1}
    assert (world.record().revision, put) == (revision + 1, [])


def test_record_deleted_by_hand_leaves_its_parameters_and_a_login_takes_them_up(world: World) -> None:
    world.connect()
    world.sent_events()
    before = world.token()
    world.session.client("dynamodb").delete_item(TableName=stack.CONNECTIONS, Key={"connection_id": {"S": MARIA}})
    assert world.after(days=1).outcomes == {}
    assert (world.token(), world.sent_events()) == (before, [])
    world.connect()
    assert world.sent_types() == ["Connected"]
    assert world.token() != before
    world.assert_consistent()
    world.clock.advance(DAY)


@pytest.mark.parametrize("lost", ["due", "next_check_at", "due, next_check_at"])
@pytest.mark.parametrize("is_alive", [True, False])
def test_record_that_lost_its_next_check_is_checked(world: World, lost: str, *, is_alive: bool) -> None:
    world.connect()
    if not is_alive:
        world.facebook.control("tokens/invalidate", {"person": "maria"})
        world.after(days=1)
    remove(world, lost)
    world.settle()
    run = world.after(seconds=FIVE_MINUTES)
    assert run.outcomes == {"checked" if is_alive else "compared": 1}
    assert world.after(days=1).outcomes == run.outcomes
    world.assert_consistent()


def test_check_puts_a_record_back_into_the_indexes(world: World) -> None:
    world.connect()
    remove(world, "dated")
    assert world.connections.nearest_expiry_at() is None
    world.after(days=1)
    assert world.connections.nearest_expiry_at() is not None


def remove(world: World, attributes: str) -> None:
    world.session.client("dynamodb").update_item(
        TableName=stack.CONNECTIONS,
        Key={"connection_id": {"S": MARIA}},
        UpdateExpression=f"REMOVE {attributes}",
    )
