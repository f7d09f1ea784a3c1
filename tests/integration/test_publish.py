"""Parameter Store and EventBridge are made to agree with the record, whatever happened before."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import boto3
import pytest

from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.support.events import Context
from tests.support.interleaving import EVERY_CALL, Wire
from tests.support.outage import WORDS, Outage
from tests.support.people import MARIA, people
from tests.support.world import FIVE_MINUTES, World
from whatsapp_connect.errors import RecordUnreadableError
from whatsapp_connect.parameters import ParameterStore

NAME = f"{stack.PREFIX}/connections/{MARIA}"


@pytest.fixture
def parameters(deployed: boto3.Session) -> ParameterStore:
    """Write to Parameter Store by hand."""
    return ParameterStore(client=stack.operator(deployed, "ssm"), prefix=stack.PREFIX, key_id=stack.KEY)


def rewrite(world: World, **change: Any) -> None:
    """Change a record by hand."""
    record = world.record()
    world.connections.write(record, replace(record, **change))


def break_record(deployed: boto3.Session, connection_id: str) -> None:
    """Spoil a record, so that it cannot be read, and have it brought to publish."""
    stack.operator(deployed, "dynamodb").update_item(
        TableName=stack.CONNECTIONS,
        Key={"connection_id": {"S": connection_id}},
        UpdateExpression="SET publish_at = :now, publishing = :in, history = :broken",
        ExpressionAttributeValues={
            ":now": {"N": "1"},
            ":in": {"S": "publishing"},
            ":broken": {"S": "no list"},
        },
    )


def test_published_connection_is_not_written_again(world: World, wire: Wire) -> None:
    world.connect()
    calls: list[str] = []
    with wire.action(calls.append):
        world.publish()
    assert calls == ["GetItem"]


def test_old_change_brought_twice_publishes_the_record_as_it_is(world: World) -> None:
    world.connect()
    world.sent_events()
    for _ in range(2):
        world.publish()
    assert world.sent_events() == []
    world.log_in()
    world.publish()  # the change of the first login: the second is still at its callback
    world.settle()
    world.publish()
    assert world.sent_types() == ["Reconnected"]
    world.assert_consistent()


def test_batch_that_runs_out_of_time_leaves_the_rest_to_the_schedule(world: World) -> None:
    assert world.log_in().status == 200
    changes = world.stream.waiting()
    world.functions["publish"].handler({"Records": changes}, Context(30_000))
    assert f"{NAME}/metadata" not in world.stored.parameters()
    world.after(seconds=FIVE_MINUTES)
    world.assert_consistent()
    assert world.sent_types() == ["Connected"]


@pytest.mark.parametrize("leaf", ["access-token", "metadata"])
@pytest.mark.parametrize("deleted", [True, False])
def test_parameter_changed_by_hand_is_put_right_by_the_next_check(
    world: World, deployed: boto3.Session, leaf: str, *, deleted: bool
) -> None:
    world.connect()
    before = world.stored.parameters()
    ssm = stack.operator(deployed, "ssm")
    if deleted:
        ssm.delete_parameter(Name=f"{NAME}/{leaf}")
    else:
        ssm.put_parameter(Name=f"{NAME}/{leaf}", Value="rubbish", Overwrite=True)
    world.after(days=1)
    assert world.token() == before[f"{NAME}/access-token"]
    world.assert_consistent()
    assert world.sent_types() == ["Connected"]


def test_metadata_of_a_dead_connection_deleted_by_hand_come_back(world: World, parameters: ParameterStore) -> None:
    world.connect()
    world.facebook.control("tokens/invalidate", {"user_id": MARIA})
    world.after(days=1)
    parameters.delete_metadata(MARIA)
    world.after(days=1)
    world.after(days=1)
    assert world.metadata()["status"] == "revoked"
    world.assert_consistent()


def test_restored_dead_token_is_deleted_again(world: World, parameters: ParameterStore) -> None:
    world.connect()
    token = world.token()
    world.facebook.control("tokens/invalidate", {"user_id": MARIA})
    world.after(days=1)
    parameters.put_token(MARIA, token)
    world.after(days=1)
    world.after(days=1)
    assert world.stored.token(MARIA) is None
    world.assert_consistent()


def test_late_message_for_a_deleted_record_is_ignored(world: World, deployed: boto3.Session) -> None:
    world.connect()
    stack.operator(deployed, "dynamodb").delete_item(TableName=stack.CONNECTIONS, Key={"connection_id": {"S": MARIA}})
    world.publish()
    assert world.ask_for_check().outcomes == {"dropped": 1}
    assert world.log_in().title == "You are connected"
    world.settle()
    world.assert_consistent()


def test_stream_that_is_down_for_three_days_is_caught_up_by_the_schedule(world: World) -> None:
    world.log_in()
    world.stream.waiting()  # lost
    for _ in range(3):
        world.clock.advance(DAY)
        world.functions["schedule"].handler({"version": "1.0"}, None)
        world.stream.waiting()
    run = world.after(seconds=301)
    assert run.metrics("OldestUnpublishedSeconds") == [3 * DAY + 301.0]
    assert world.sent_types() == ["Connected"]
    world.assert_consistent()
    assert world.after(seconds=301).metrics("OldestUnpublishedSeconds") == [0.0]


def test_event_refused_for_three_days_is_sent_once(world: World, clients: Callable[[str], list[Any]]) -> None:
    outage = Outage(clients("publish"), "PutEvents", "InternalException")
    world.log_in()
    for run in world.days(3, step=HOUR):
        assert WORDS not in str(run.printed)
    assert world.token()
    assert world.metadata()["status"] == "active"
    assert run.metrics("OldestUnpublishedSeconds") == [3.0 * DAY]
    outage.end()
    world.after(seconds=HOUR)
    assert world.sent_types() == ["Connected"]
    world.assert_consistent()


def test_event_refused_by_the_bus_is_sent_later(world: World, clients: Callable[[str], list[Any]]) -> None:
    refusal = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": WORDS}]}
    Outage(clients("publish"), "PutEvents", "", times=1, answer=refusal)
    run = world.during(world.log_in)
    (line,) = run.logs("event not sent")
    assert WORDS not in str(line)
    assert world.sent_events() == []
    world.after(seconds=301)
    assert world.sent_types() == ["Connected"]


def test_event_that_cannot_be_recorded_is_sent_again_with_the_same_id(
    world: World, clients: Callable[[str], list[Any]]
) -> None:
    Outage(clients("publish"), "UpdateItem", "ThrottlingException", times=1)
    world.log_in()
    world.settle()
    world.after(seconds=301)
    first, second, *others = world.sent_events()
    assert first.type == second.type == "Connected"
    assert first.detail["event_id"] == second.detail["event_id"]
    assert [one.type for one in others] == ["Onboarded"]
    world.assert_consistent()


def test_refused_metadata_delay_neither_token_nor_events(world: World, clients: Callable[[str], list[Any]]) -> None:
    outage = Outage(clients("publish"), "PutParameter", "ValidationException")  # the callback puts the token
    world.log_in()
    world.settle()
    assert world.token()
    assert world.sent_types() == ["Connected"]
    world.facebook.control("tokens/invalidate", {"user_id": MARIA})
    world.after(days=1)
    assert world.stored.token(MARIA) is None
    assert world.sent_types() == ["Revoked"]
    outage.end()
    world.after(seconds=2 * HOUR)
    world.assert_consistent()


def test_dead_token_is_deleted_before_its_event(world: World, clients: Callable[[str], list[Any]]) -> None:
    world.connect()
    world.sent_events()
    outage = Outage(clients("publish"), "DeleteParameter", "ThrottlingException")
    world.facebook.control("tokens/invalidate", {"user_id": MARIA})
    world.after(days=1)
    assert world.sent_events() == []
    outage.end()
    world.after(seconds=301)
    assert world.sent_types() == ["Revoked"]
    world.assert_consistent()


@pytest.mark.parametrize("code", ["AccessDeniedException", "DisabledException", "KMSInvalidStateException"])
def test_unusable_key_delays_only_events_of_the_token(
    world: World, clients: Callable[[str], list[Any]], code: str
) -> None:
    put = Outage(clients("callback"), "PutParameter", "ThrottlingException")
    decrypt = Outage(clients("publish"), "Decrypt", code)
    world.connect()
    assert (world.stored.token(MARIA), world.sent_events()) == (None, [])
    assert world.metadata()["status"] == "active"
    assert world.record().is_alive
    assert put.calls
    decrypt.end()
    world.after(seconds=301)
    assert world.sent_types() == ["Connected"]
    world.assert_consistent()


def test_ciphertext_of_another_connection_is_not_published(world: World) -> None:
    world.connect()
    world.connect("jonas", connection_id="shop")
    token = world.token()
    rewrite(
        world,
        token=world.record("shop").token,
        token_number=world.record().token_number + 1,
        publish_at=world.clock.now(),
    )
    world.settle()
    assert world.token() == token
    assert world.record().is_alive


@pytest.mark.parametrize("poison", ["record", "token", "metadata"])
def test_poisoned_connection_does_not_stop_the_others(
    world: World, deployed: boto3.Session, clients: Callable[[str], list[Any]], poison: str
) -> None:
    connected = world.populate(6)
    world.sent_events()
    poisoned = connected[0]
    match poison:
        case "record":
            break_record(deployed, poisoned)
        case "token":
            record = world.record(poisoned)
            world.connections.write(record, replace(record, token=b"rubbish", token_number=1, publish_at=1))
        case _:
            record = world.record(poisoned)
            spoilt = replace(record, publish_at=1, scopes=("x",))
            world.connections.write(record, spoilt)
            Outage(clients("publish"), "PutParameter", "ValidationException", times=1)
    world.clock.advance(61)
    for person in connected[1:]:
        assert world.log_in(person).status == 200
    run = world.during(lambda: None)
    assert [one["connection_id"] for one in run.logs("published") if not one["done"]] in ([], [poisoned])
    assert sorted(one.detail["connection_id"] for one in world.sent_events()) == sorted(connected[1:])
    for person in connected[1:]:
        assert world.record(person).publish_at is None
    assert world.after(seconds=301).metrics("OldestUnpublishedSeconds") != [0.0]


def test_record_that_cannot_be_read_is_left_alone_for_an_hour(world: World, deployed: boto3.Session) -> None:
    world.connect()
    break_record(deployed, MARIA)
    world.settle()  # the stream brings what this writes, and comes to rest
    with pytest.raises(RecordUnreadableError):
        world.connections.load(MARIA)
    assert not world.after(seconds=301).logs("not published")
    assert world.after(seconds=HOUR).logs("not published")


def test_publishing_that_fails_is_tried_less_and_less_often_and_never_given_up(
    world: World, clients: Callable[[str], list[Any]]
) -> None:
    outage = Outage(clients("publish"), "PutParameter", "ParameterLimitExceeded")
    Outage(clients("callback"), "PutParameter", "ParameterLimitExceeded")
    world.log_in()
    world.settle()
    for _ in world.days(1, step=900):
        pass
    assert 20 < outage.calls < 60  # two calls a time: the token, the metadata
    outage.end()
    world.after(seconds=HOUR + 301)
    assert world.sent_types() == ["Connected"]
    world.assert_consistent()


def test_two_publishers_and_a_login_leave_the_newer_token(world: World, wire: Wire) -> None:
    """Each publisher is stopped at each of its calls, with the login between them."""
    world.state.populate(people(1))
    (person,) = world.state.people
    for first, second in product(range(1, 9), range(0, 9, 2)):
        name = f"shop-{first}-{second}"
        world.connect(person.key, connection_id=name)
        world.clock.advance(61)
        record = world.record(name)
        world.connections.write(record, replace(record, token_number=1, publish_at=1))
        browser = world.browser()
        query = browser.log_in(link=world.link(name), person=person.key)
        event = browser.callback_event(query)
        wire.interleave(
            lambda: world.publish(name),  # noqa: B023  done within the loop
            lambda: world.publish(name),  # noqa: B023
            lambda: world.functions["callback"].handler(event, browser.context),  # noqa: B023
            turns=[(0, first), (1, second), (2, EVERY_CALL), (1, EVERY_CALL)],
        )
        world.settle()
        token = world.state.token(world.token(name))
        assert token
        assert token.issued_at == world.record(name).issued_at, (first, second)
        world.after(seconds=301)
        assert world.record(name).publish_at is None
        world.stored.delete(name)


def test_publisher_beside_a_forgetting_leaves_nothing(world: World, wire: Wire) -> None:
    meta = world.meta("deauthorize")
    for calls in range(1, 12):
        world.connect()
        world.clock.advance(61)
        rewrite(world, token_number=world.record().token_number + 1, publish_at=1)
        event = meta.event(meta.parcel(MARIA))

        def forget() -> None:
            assert meta.function.handler(event, meta.context)["statusCode"] == 200  # noqa: B023
            world.publish()

        wire.interleave(world.publish, forget, turns=[(0, calls), (1, EVERY_CALL)])
        world.settle()
        assert world.stored.everything() == ({}, []), calls
        assert "Deleted" in world.sent_types()


def test_callback_beside_a_forgetting_leaves_nothing(world: World, wire: Wire) -> None:
    meta = world.meta("deauthorize")
    world.functions["callback"].login_switch.check()  # which is remembered for seconds
    for calls in range(8, 12):  # from the commit on
        browser = world.browser()
        query = browser.log_in()
        came_back = browser.callback_event(query)
        told = meta.event(meta.parcel(MARIA))

        def forget() -> None:
            assert meta.function.handler(told, meta.context)["statusCode"] == 200  # noqa: B023
            world.publish()

        wire.interleave(
            lambda: world.functions["callback"].handler(came_back, browser.context),  # noqa: B023
            forget,
            turns=[(0, calls), (1, EVERY_CALL)],
        )
        world.settle()
        assert world.stored.everything() == ({}, []), calls
        world.clock.advance(1)


def test_callback_beside_a_later_login_leaves_the_later_token(world: World, wire: Wire) -> None:
    for calls in range(8, 12):  # from the commit on
        early, late = world.browser(), world.browser()
        events = [browser.callback_event(browser.log_in()) for browser in (early, late)]
        world.clock.advance(2)

        def connect() -> None:
            world.clock.advance(2)
            world.functions["callback"].handler(events[1], late.context)  # noqa: B023
            world.publish()

        wire.interleave(
            lambda: world.functions["callback"].handler(events[0], early.context),  # noqa: B023
            connect,
            turns=[(0, calls), (1, EVERY_CALL)],
        )
        world.settle()
        assert world.stored.version(MARIA) == world.record().published.version, calls
        token = world.state.token(world.token())
        assert token
        assert token.expires_at == world.record().token_expires_at
        world.assert_consistent()
        world.stored.delete(MARIA)


def test_publisher_leaves_a_login_alone_whose_callback_is_at_work(world: World, wire: Wire) -> None:
    browser = world.browser()
    came_back = browser.callback_event(browser.log_in())
    wire.interleave(
        lambda: world.functions["callback"].handler(came_back, browser.context),
        world.publish,
        turns=[(0, 8), (1, EVERY_CALL)],
    )
    world.settle()
    assert world.stored.version(MARIA) == 1
    world.assert_consistent()
