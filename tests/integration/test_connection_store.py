"""Records in DynamoDB: every write is conditional on the revision that was read, and names only what it changes."""

from dataclasses import replace

import boto3
import pytest

from tests.support import stack
from tests.support.outage import lose_answers
from tests.support.stored import Stored
from whatsapp_connect import events, record_changes
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import ConflictError, RecordUnreadableError
from whatsapp_connect.model import (
    MAX_ACCOUNTS,
    MAX_PHONE_NUMBERS,
    MAX_SENT_EVENTS,
    MAX_UNSENT_EVENTS,
    Account,
    ConnectionRecord,
    Findings,
    PhoneNumber,
)

NOW = 1_795_608_000
MAX_ITEM_BYTES = 400 * 1024
MAX_EVENT_BYTES = 200
RECORD = ConnectionRecord("shop", revision=0, user_id="7", token=b"x", token_number=1, next_check_at=NOW)


@pytest.fixture
def store(deployed: boto3.Session) -> ConnectionStore:
    return ConnectionStore(client=deployed.client("dynamodb"), table=stack.CONNECTIONS, clock=lambda: NOW)


def make(store: ConnectionStore, deployed: boto3.Session, record: ConnectionRecord = RECORD) -> ConnectionRecord:
    """Store a record, as the transaction of a login does."""
    made, write = store.login_write(record.connection_id, None, record)
    deployed.client("dynamodb").transact_write_items(TransactItems=[write])
    return made


def size(item: object) -> int:
    """Return about how many bytes DynamoDB counts: names and values, and three for every list and map."""
    if isinstance(item, dict):
        return 3 + sum(1 + len(name) + size(value) for name, value in item.items())
    if hasattr(item, "value"):
        return len(item.value)
    if isinstance(item, list):
        return 3 + sum(1 + size(value) for value in item)
    return len(str(item).encode()) if not isinstance(item, int) else 11


def test_record_comes_back_as_it_was_written(store: ConnectionStore, deployed: boto3.Session) -> None:
    account = Account("1", NOW, numbers=(PhoneNumber("2", "+1", "Shop"),), is_proven=True)
    record = events.add_event(replace(RECORD, accounts=(account,), scopes=("a", "b")), "Connected", now=NOW)
    made = make(store, deployed, record)
    assert store.load("shop") == made
    assert made.revision == NOW * 1000


def test_record_that_is_there_is_not_made_again(store: ConnectionStore, deployed: boto3.Session) -> None:
    make(store, deployed)
    client = deployed.client("dynamodb")
    with pytest.raises(client.exceptions.TransactionCanceledException):
        make(store, deployed)


def test_writer_that_was_overtaken_changes_nothing(store: ConnectionStore, deployed: boto3.Session) -> None:
    made = make(store, deployed)
    after = store.write(made, replace(made, failures=1))
    with pytest.raises(ConflictError):
        store.write(made, replace(made, failures=2))
    with pytest.raises(ConflictError):
        store.delete(made)
    assert store.load("shop") == after
    store.delete(after)
    store.delete(after)  # twice is once
    with pytest.raises(ConflictError):
        store.write(after, replace(after, failures=3))
    assert store.load("shop") is None


def test_write_names_only_what_it_changes(store: ConnectionStore, deployed: boto3.Session, stored: Stored) -> None:
    made = make(store, deployed)
    assert store.mark_queued("shop", until=NOW + 60)
    after = store.write(made, replace(made, failures=1, token=None))
    record = stored.connection("shop")
    assert (record.queued_until, record.failures, record.token) == (NOW + 60, 1, None)
    assert record.revision == after.revision == made.revision + 1


@pytest.mark.usefixtures("pauses")
def test_write_whose_answer_was_lost_is_recognized_as_own(store: ConnectionStore, deployed: boto3.Session) -> None:
    made = make(store, deployed)
    lose_answers(deployed.client("dynamodb"), "UpdateItem")
    assert store.write(made, replace(made, failures=1)) == store.load("shop")


@pytest.mark.usefixtures("pauses")
def test_other_write_of_the_same_revision_is_a_conflict(store: ConnectionStore, deployed: boto3.Session) -> None:
    made = make(store, deployed)
    store.write(made, replace(made, failures=5))
    with pytest.raises(ConflictError):
        store.write(made, replace(made, failures=1))


def test_check_is_marked_once(store: ConnectionStore, deployed: boto3.Session) -> None:
    make(store, deployed)
    assert store.mark_queued("shop", until=NOW + 60)
    assert not store.mark_queued("shop", until=NOW + 60)
    assert not store.mark_queued("nobody", until=NOW + 60)


def test_those_that_waited_longest_are_published_first(store: ConnectionStore, deployed: boto3.Session) -> None:
    for name, since, not_before in (
        ("a", 30, 0),
        ("b", 10, 0),
        ("c", 20, 0),
        ("d", 5, NOW + 1),
        ("e", 1, NOW),
    ):
        make(
            store,
            deployed,
            replace(RECORD, connection_id=name, publish_at=NOW - since, publish_not_before=not_before),
        )
    make(store, deployed, replace(RECORD, connection_id="f"))
    assert store.unpublished(limit=10) == ["a", "c", "b", "e"]
    assert store.unpublished(limit=2) == ["a", "c"]
    assert store.oldest_unpublished_at() == NOW - 30


def test_asking_for_publishing_does_not_make_it_younger(store: ConnectionStore, deployed: boto3.Session) -> None:
    made = make(store, deployed, replace(RECORD, publish_at=NOW - 900, publish_not_before=NOW + 900))
    store.ask_for_publishing("shop")
    record = store.load("shop")
    assert record == replace(made, publish_not_before=NOW)
    assert store.oldest_unpublished_at() == NOW - 900
    store.ask_for_publishing("nobody")
    assert store.load("nobody") is None


@pytest.mark.parametrize("spoil", ["REMOVE revision", "SET history = :spoilt", "SET published = :spoilt"])
def test_record_that_cannot_be_read_says_so(store: ConnectionStore, deployed: boto3.Session, spoil: str) -> None:
    make(store, deployed)
    make(store, deployed, replace(RECORD, connection_id="other"))
    values = {"ExpressionAttributeValues": {":spoilt": {"S": "no"}}} if ":spoilt" in spoil else {}
    deployed.client("dynamodb").update_item(
        TableName=stack.CONNECTIONS,
        Key={"connection_id": {"S": "shop"}},
        UpdateExpression=spoil,
        **values,  # type: ignore[arg-type]
    )
    with pytest.raises(RecordUnreadableError):
        store.load("shop")
    unreadable: list[str] = []
    assert [record.connection_id for record in store.all(on_unreadable=unreadable.append)] == ["other"]
    assert unreadable == ["shop"]


def test_largest_record_fits_into_an_item(store: ConnectionStore, deployed: boto3.Session, stored: Stored) -> None:
    number = PhoneNumber("4" * 32, "+" * 40, "\U0001f9c1" * 100)
    ids = [f"{n:032}" for n in range(100)]
    found = Findings(
        numbers=dict.fromkeys(ids, (number,) * MAX_PHONE_NUMBERS), names=dict.fromkeys(ids, "\U0001f9c1" * 100)
    )
    record = replace(
        record_changes.with_findings(RECORD, found, now=NOW),
        token=b"x" * 4_300,
        scopes=tuple(f"{n:0100}" for n in range(200)),
    )
    assert record.is_truncated
    for n in range(1_000):
        record = events.add_event(record, "DataAccessEnded", now=NOW + n)
    made = make(store, deployed, record)
    assert (len(made.accounts), len(made.phone_numbers)) == (MAX_ACCOUNTS, MAX_PHONE_NUMBERS)
    (row,) = stored.records()
    assert size(row) < MAX_ITEM_BYTES


def test_history_keeps_unsent_events_and_few_others(store: ConnectionStore, deployed: boto3.Session) -> None:
    record = RECORD
    for n in range(100):
        record = events.add_event(record, "Expiring", now=NOW + n, cause="data-access", days_left=14)
    assert len(record.history) == 100
    record = replace(record, published=replace(record.published, last_sent=record.history[49].sequence))
    record = events.add_event(record, "Revoked", now=NOW + 100)
    assert len(record.history) == MAX_SENT_EVENTS + 51
    for n in range(500):
        record = events.add_event(record, "Expiring", now=NOW + 101 + n, cause="data-access", days_left=14)
    assert len(events.unsent(record)) == MAX_UNSENT_EVENTS
    assert [event.sequence for event in record.history] == sorted(event.sequence for event in record.history)
    made = make(store, deployed, record)
    loaded = store.load("shop")
    assert loaded == made
    item = deployed.client("dynamodb").get_item(TableName=stack.CONNECTIONS, Key={"connection_id": {"S": "shop"}})[
        "Item"
    ]
    for event in item["history"]["L"]:
        plain = {name: next(iter(value.values())) for name, value in event["M"].items()}
        plain["facts"] = {name: next(iter(value.values())) for name, value in plain["facts"].items()}
        assert size(plain) <= MAX_EVENT_BYTES
