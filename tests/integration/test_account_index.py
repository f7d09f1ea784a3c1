"""AccountTable has one row for each account of each connection, whatever happens on the way."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import boto3
import pytest

from tests.support import stack
from tests.support.clock import HOUR
from tests.support.command_line import CommandLine
from tests.support.interleaving import EVERY_CALL, Wire, at_every_call
from tests.support.outage import Outage, watch
from tests.support.people import BAKERY, MARIA, people
from tests.support.world import World
from whatsapp_connect.account_index import AccountIndex
from whatsapp_connect.errors import RowsNotWrittenError
from whatsapp_connect.model import MAX_ACCOUNTS, Account

OTHER = "300000000000777"


@pytest.fixture
def index(deployed: boto3.Session) -> AccountIndex:
    return AccountIndex(client=stack.operator(deployed, "dynamodb"), table=stack.ACCOUNTS)


def name_account(world: World, waba_id: str, connection_id: str = MARIA) -> None:
    """Give a record one more account, and make it due for publishing."""
    record = world.record(connection_id)
    accounts = (*record.accounts, Account(waba_id, first_seen_at=1))
    world.connections.write(record, replace(record, accounts=accounts, publish_at=1))


def forget(world: World, person: str = MARIA) -> None:
    assert world.meta("deauthorize").tell(person).status == 200


def test_every_page_of_connections_is_read(index: AccountIndex, deployed: boto3.Session) -> None:
    names = [f"shop-{number}" for number in range(5)]
    for name in names:
        index.change(name, added=[BAKERY, OTHER], removed=[])
    client = type(deployed).client(deployed, "dynamodb")
    pages: list[object] = []

    def two_at_a_time(params: dict[str, Any], **_: object) -> None:
        params["Limit"] = 2
        assert params["ConsistentRead"] is True
        pages.append(params)

    client.meta.events.register("provide-client-params.dynamodb.Query", two_at_a_time)
    assert AccountIndex(client=client, table=stack.ACCOUNTS).connections_of(BAKERY) == names
    assert len(pages) == 3


def test_more_rows_than_a_batch_holds_are_changed(index: AccountIndex, world: World) -> None:
    ids = [f"30{number:04}" for number in range(MAX_ACCOUNTS + 1)]
    index.change("shop", added=ids, removed=[])
    assert world.stored.accounts() == {(one, "shop") for one in ids}
    index.change("shop", added=["7"], removed=ids)
    assert world.stored.accounts() == {("7", "shop")}


def test_changing_nothing_calls_nothing(index: AccountIndex, wire: Wire) -> None:
    calls: list[str] = []
    with wire.action(calls.append):
        index.change("shop", added=[], removed=[])
    assert calls == []


def test_rows_that_dynamodb_leaves_out_are_an_error(deployed: boto3.Session) -> None:
    client = deployed.client("dynamodb")
    left: dict[str, Any] = {"UnprocessedItems": {stack.ACCOUNTS: [{"PutRequest": {"Item": {}}}]}}
    Outage(client, "BatchWriteItem", "", answer=left)
    with pytest.raises(RowsNotWrittenError, match="1"):
        AccountIndex(client=client, table=stack.ACCOUNTS).change("shop", added=["1", "2"], removed=[])


def test_login_makes_a_row_for_each_account(world: World, index: AccountIndex) -> None:
    world.connect()
    world.connect(connection_id="shop")
    assert index.connections_of(BAKERY) == [MARIA, "shop"]
    assert index.connections_of(OTHER) == []


def test_unproven_and_lost_accounts_have_rows_too(world: World, index: AccountIndex) -> None:
    world.connect()
    world.change_accounts(is_lost=True, is_proven=False)
    name_account(world, OTHER)
    world.settle()
    assert index.connections_of(BAKERY) == index.connections_of(OTHER) == [MARIA]
    assert world.record().published.waba_ids == (BAKERY, OTHER)


def test_published_accounts_are_not_written_again(world: World, wire: Wire) -> None:
    world.connect()
    record = world.record()
    world.connections.write(record, replace(record, publish_at=1))
    calls: list[str] = []
    with wire.action(calls.append):
        world.publish()
    assert "BatchWriteItem" not in calls


def test_account_that_was_a_business_has_no_row(world: World, index: AccountIndex) -> None:
    world.connect()
    name_account(world, OTHER)
    world.settle()
    record = world.record()
    accounts = tuple(one for one in record.accounts if one.id != OTHER)
    world.connections.write(record, replace(record, accounts=accounts, publish_at=1))
    world.settle()
    assert index.connections_of(OTHER) == []
    world.assert_consistent()


def test_another_owner_has_no_row_of_the_first(world: World, index: AccountIndex) -> None:
    world.connect(connection_id="shop")
    world.log_in("jonas", connection_id="shop", any_user=True)
    world.settle()
    world.after(seconds=301)  # the name of the token parameter rests
    assert index.connections_of(BAKERY) == []
    world.assert_consistent()


def test_forgotten_connection_has_no_rows(world: World) -> None:
    world.connect()
    forget(world)
    world.settle()
    assert world.stored.everything() == ({}, [])


def test_record_is_deleted_only_after_its_rows(world: World, clients: Callable[[str], list[Any]]) -> None:
    world.connect()
    world.sent_events()
    outage = Outage(clients("publish"), "BatchWriteItem", "InternalServerError")
    forget(world)
    world.settle()
    assert world.stored.parameters() == {}
    assert world.sent_types() == ["Deleted"]
    assert world.record().status == "forgotten"
    assert world.stored.accounts() == {(BAKERY, MARIA)}
    outage.end()
    world.after(seconds=301)
    assert world.stored.everything() == ({}, [])


def test_refused_rows_delay_neither_token_nor_metadata_nor_events(
    world: World, clients: Callable[[str], list[Any]]
) -> None:
    outage = Outage(clients("publish"), "BatchWriteItem", "AccessDeniedException")
    run = world.during(world.log_in)
    line, *_ = run.logs("accounts not published")
    assert (line["connection_id"], line["aws_operation"]) == (MARIA, "BatchWriteItem")
    assert world.token()
    assert world.metadata()["waba_ids"] == [BAKERY]
    assert world.sent_types() == ["Connected"]
    assert world.record().publish_at is not None
    outage.end()
    world.after(seconds=301)
    world.assert_consistent()


@pytest.mark.parametrize("then", ["forgotten", "another owner", "the same"])
def test_publisher_killed_at_any_call_leaves_no_wrong_row(world: World, wire: Wire, then: str) -> None:
    world.state.populate(people(30))
    persons = iter(world.state.people)

    def strike(calls: int) -> bool:
        person, name = next(persons), f"shop-{calls}"
        world.log_in(person.key, connection_id=name)
        killed = wire.strike(calls, lambda: world.publish(name))
        world.stream.waiting()  # lost
        if then == "forgotten":
            forget(world, person.id)
        elif then == "another owner":
            world.log_in(next(persons).key, connection_id=name, any_user=True)
        world.settle()
        world.after(seconds=HOUR)
        world.after(seconds=HOUR)
        world.assert_consistent()
        return killed

    at_every_call(strike, least=5)


def test_two_publishers_and_a_change_of_accounts_leave_the_rows_of_the_record(world: World, wire: Wire) -> None:
    """The first publisher is stopped at each of its calls; meanwhile an account goes, and comes back."""
    world.connect()
    for first, second in product(range(1, 8), (0, 2, 5, EVERY_CALL)):
        world.clock.advance(61)
        name_account(world, OTHER)

        def lose_and_find() -> None:
            record = world.record()
            accounts = tuple(one for one in record.accounts if one.id != OTHER)
            world.connections.write(record, replace(record, accounts=accounts, publish_at=1))
            world.publish()
            name_account(world, OTHER)

        wire.interleave(world.publish, lose_and_find, turns=[(0, first), (1, second), (0, 2), (1, EVERY_CALL)])
        world.settle()
        world.after(seconds=301)
        world.assert_consistent()
        record = world.record()
        accounts = tuple(one for one in record.accounts if one.id != OTHER)
        world.connections.write(record, replace(record, accounts=accounts, publish_at=1))
        world.settle()
        assert world.stored.accounts() == {(BAKERY, MARIA)}, (first, second)


def test_publisher_whose_record_was_deleted_deletes_its_rows(world: World, wire: Wire) -> None:
    for calls in range(1, 9):
        world.connect()
        world.clock.advance(61)
        name_account(world, OTHER)

        def be_forgotten() -> None:
            forget(world)
            world.publish()

        wire.interleave(world.publish, be_forgotten, turns=[(0, calls), (1, EVERY_CALL)])
        world.settle()
        assert world.stored.everything() == ({}, []), calls


def test_emptied_table_is_filled_by_publishing_everything(
    cli: CommandLine, world: World, index: AccountIndex, clients: Callable[[str], list[Any]]
) -> None:
    world.connect()
    world.connect("jonas")
    rows = world.stored.accounts()
    for waba_id, connection_id in rows:
        index.change(connection_id, added=[], removed=[waba_id])
    puts: list[object] = []
    watch(clients("publish"), "PutParameter", lambda **_: puts.append(1))
    assert cli("publish", "--all").code == 0
    world.settle()
    assert world.stored.accounts() == rows
    assert puts == []
    world.assert_consistent()


def test_publishing_by_hand_forgets_no_row_that_must_go(cli: CommandLine, world: World) -> None:
    world.connect()
    name_account(world, OTHER)
    world.settle()
    record = world.record()
    accounts = tuple(one for one in record.accounts if one.id != OTHER)
    world.connections.write(record, replace(record, accounts=accounts))
    cli("publish", MARIA)
    world.settle()
    world.assert_consistent()
