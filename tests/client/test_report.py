"""A token that Facebook refuses is reported, on SQS as moto plays it; a connection that is waited for is found."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.client.store import PREFIX, Clock, Store
from tests.support.people import JONAS, MARIA
from whatsapp_connect_reader import Connection, NotReady, ReconnectRequired, TokenReader, TokenRefused

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class Queue:
    def __init__(self, client: "SQSClient") -> None:
        self.client = client
        self.url = client.create_queue(QueueName="check")["QueueUrl"]

    def reports(self) -> list[str]:
        """Return the ids that were reported since this was last asked."""
        found: list[str] = []
        while messages := self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"])["connection_id"])
        return found


@pytest.fixture
def queue(store: Store) -> Queue:
    session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing")
    return Queue(session.client("sqs"))


@pytest.fixture
def reader(store: Store, clock: Clock, queue: Queue) -> TokenReader:
    return TokenReader(
        PREFIX,
        client=store,  # type: ignore[arg-type]
        check_queue_url=queue.url,
        sqs_client=queue.client,
        clock=clock,
        pause=clock.pause,
    )


def refuse(_: Connection) -> None:
    raise TokenRefused(463)


def lose(reader: TokenReader, connection_id: str = MARIA) -> None:
    with pytest.raises(ReconnectRequired) as caught:
        reader.call(connection_id, refuse)
    assert caught.value.status_reason == "token-refused"


def test_refused_token_without_a_successor_is_reported(reader: TokenReader, store: Store, queue: Queue) -> None:
    store.connect("EAAdead")
    lose(reader)
    assert queue.reports() == [MARIA]


def test_connection_is_reported_once_a_minute(reader: TokenReader, store: Store, queue: Queue, clock: Clock) -> None:
    store.connect("EAAdead")
    store.connect("EAAdead-too", JONAS)
    for _ in range(3):
        lose(reader)
        lose(reader, JONAS)
        clock.now += 19
    assert sorted(queue.reports()) == [MARIA, JONAS]
    clock.now += 31
    lose(reader)
    assert queue.reports() == [MARIA]


def test_threads_that_are_refused_together_report_once(reader: TokenReader, store: Store, queue: Queue) -> None:
    store.connect("EAAdead")
    refused = Barrier(8)

    def request(_: Connection) -> None:
        refused.wait(10)
        raise TokenRefused

    def work() -> None:
        with pytest.raises(ReconnectRequired):
            reader.call(MARIA, request)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work) for _ in range(8)]:
            done.result()
    assert queue.reports() == [MARIA]


def test_refused_token_with_a_successor_is_not_reported(reader: TokenReader, store: Store, queue: Queue) -> None:
    store.connect("EAAold")
    reader.read(MARIA)
    store.connect("EAAnew")

    def request(connection: Connection) -> str:
        if connection.access_token == "EAAold":
            raise TokenRefused
        return "sent"

    assert reader.call(MARIA, request) == "sent"
    assert queue.reports() == []


def test_refused_successor_is_reported(reader: TokenReader, store: Store, queue: Queue) -> None:
    store.connect("EAAold")
    reader.read(MARIA)
    store.connect("EAAdead")
    lose(reader)
    assert queue.reports() == [MARIA]


def test_token_that_the_stack_has_removed_is_not_reported(reader: TokenReader, store: Store, queue: Queue) -> None:
    store.connect("EAAold")
    reader.read(MARIA)
    store.delete_token()
    store.put_metadata(status="revoked", status_reason="password-changed")
    with pytest.raises(ReconnectRequired):
        reader.call(MARIA, refuse)
    assert queue.reports() == []


def test_other_errors_are_not_reported(reader: TokenReader, store: Store, queue: Queue) -> None:
    store.connect("EAAone")

    def fail(_: Connection) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        reader.call(MARIA, fail)
    assert queue.reports() == []


def test_report_that_aws_refuses_changes_nothing_for_the_caller(
    reader: TokenReader, store: Store, queue: Queue
) -> None:
    store.connect("EAAdead")
    queue.client.delete_queue(QueueUrl=queue.url)
    lose(reader)
    connection = TokenReader(PREFIX, client=store).read(MARIA)  # type: ignore[arg-type]
    with pytest.raises(ClientError):
        reader.report(connection)


def test_report_by_hand_is_not_limited(reader: TokenReader, store: Store, queue: Queue) -> None:
    store.connect("EAAone")
    connection = reader.read(MARIA)
    for _ in range(2):
        reader.report(connection)
    assert queue.reports() == [MARIA, MARIA]


def test_without_a_queue_a_refusal_is_the_same_and_nothing_is_sent(store: Store, queue: Queue, clock: Clock) -> None:
    store.connect("EAAdead")
    reader = TokenReader(PREFIX, client=store, clock=clock)  # type: ignore[arg-type]
    connection = reader.read(MARIA)
    lose(reader)
    with pytest.raises(ValueError, match="check_queue_url"):
        reader.report(connection)
    assert queue.reports() == []


def test_client_of_the_queue_is_made_where_none_is_given(
    store: Store, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    store.connect("EAAdead")
    lose(TokenReader(PREFIX, check_queue_url=queue.url))
    assert queue.reports() == [MARIA]


# Waiting


def test_connection_that_comes_in_time_is_returned(reader: TokenReader, store: Store, clock: Clock) -> None:
    store.before_read = [lambda: None] * 6 + [lambda: store.connect("EAAnew")]
    assert reader.read(MARIA, wait=10).access_token == "EAAnew"
    assert clock.pauses == [1.0, 1.0, 1.0]


def test_reconnection_that_comes_in_time_is_returned(reader: TokenReader, store: Store) -> None:
    store.put_metadata(status="revoked", status_reason="password-changed")
    store.before_read = [lambda: None] * 2 + [lambda: store.connect("EAAnew")]
    assert reader.read(MARIA, wait=10).access_token == "EAAnew"


def test_read_waits_no_longer_than_asked(reader: TokenReader, clock: Clock) -> None:
    with pytest.raises(ReconnectRequired) as caught:
        reader.read(MARIA, wait=2.5)
    assert caught.value.status_reason == "not-connected"
    assert clock.pauses == [1.0, 1.0, 0.5]


def test_waiting_is_over_for_half_finished_connections_too(reader: TokenReader, store: Store, clock: Clock) -> None:
    store.put_token("EAAfirst")
    with pytest.raises(NotReady):
        reader.read(MARIA, wait=5)
    assert clock.now - 1000 < 8


def test_connection_that_is_there_is_not_waited_for(reader: TokenReader, store: Store, clock: Clock) -> None:
    store.connect("EAAone")
    reader.read(MARIA, wait=10)
    assert clock.pauses == []
