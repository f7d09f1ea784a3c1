"""What the functions are invoked with beside requests, as Lambda does it, and the events that they put on the bus."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import boto3

from tests.support import stack
from tests.support.filters import matches
from tests.support.schema import validate

MAX_ROUNDS = 50

_MAPPING = stack.TEMPLATE["Resources"]["PublishFunction"]["Properties"]["Events"]["ConnectionChanged"]["Properties"]
_PATTERNS = [json.loads(one["Pattern"]) for one in _MAPPING["FilterCriteria"]["Filters"]]


@dataclass(frozen=True, slots=True)
class Context:
    """As much of Lambda's context as the functions look at."""

    milliseconds: int = 28_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event on the bus."""

    type: str
    detail: dict[str, Any]


class Stream:
    """ConnectionTable's stream, brought to publish as Lambda does it: filtered, in batches of ten, and never again."""

    def __init__(self, session: boto3.Session, functions: Mapping[str, ModuleType]) -> None:
        # Not the account's own endpoint, which moto does not know.
        self._client = session.client(
            "dynamodbstreams", endpoint_url=f"https://streams.dynamodb.{stack.REGION}.amazonaws.com"
        )
        (stream,) = self._client.list_streams(TableName=stack.CONNECTIONS)["Streams"]
        self._arn = stream["StreamArn"]
        (shard,) = self._client.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        self._shard = shard["ShardId"]
        self._last = ""
        self._functions = functions

    def waiting(self) -> list[dict[str, Any]]:
        """Return the changes since this was last asked, as far as the mapping's filter lets them through."""
        # An iterator of moto's sees nothing more once a transaction was cancelled.
        start = (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self._last}
            if self._last
            else {"ShardIteratorType": "TRIM_HORIZON"}
        )
        iterator = self._client.get_shard_iterator(StreamArn=self._arn, ShardId=self._shard, **start)["ShardIterator"]
        changes: list[dict[str, Any]] = []
        while (answer := self._client.get_records(ShardIterator=iterator))["Records"]:
            iterator = answer["NextShardIterator"]
            changes += answer["Records"]
            self._last = changes[-1]["dynamodb"]["SequenceNumber"]
        return [change for change in changes if any(matches(pattern, change) for pattern in _PATTERNS)]

    def bring(self) -> int:
        """Bring every change to publish; return how many there were."""
        changes = self.waiting()
        for start in range(0, len(changes), 10):
            self._functions["publish"].handler({"Records": changes[start : start + 10]}, Context(120_000))
        return len(changes)


class Queue:
    """A queue, brought to check message by message."""

    def __init__(self, session: boto3.Session, url: str, functions: Mapping[str, ModuleType]) -> None:
        self._sqs = stack.operator(session, "sqs")
        self._url = url
        self._arn = f"arn:aws:sqs:{stack.REGION}:{stack.ACCOUNT}:{url.rpartition('/')[2]}"
        self._functions = functions

    def receive(self, number: int = 10) -> list[dict[str, Any]]:
        """Take messages that are visible, ten at most, as records of an event."""
        answer = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=min(10, number), AttributeNames=["SentTimestamp"]
        )
        messages = answer.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [
            {
                "messageId": message["MessageId"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "eventSource": "aws:sqs",
                "eventSourceARN": self._arn,
            }
            for message in messages
        ]

    def bring(self) -> int:
        """Bring every visible message to check; return how many there were."""
        number = 0
        while records := self.receive():
            self.deliver(records)
            number += len(records)
        return number

    def deliver(self, records: Iterable[dict[str, Any]]) -> None:
        """Bring messages that were received before, one by one, in this order: SQS may do so twice and late."""
        for record in records:
            self._functions["check"].handler({"Records": [record]}, Context(120_000))

    def send(self, body: str) -> None:
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body)

    def waiting(self) -> int:
        """Return how many messages are visible."""
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])


class Bus:
    """The events on the default bus, by a rule and a queue of our own; each is held to its schema."""

    def __init__(self, session: boto3.Session) -> None:
        self._sqs = stack.operator(session, "sqs")
        self._url = self._sqs.create_queue(QueueName="events")["QueueUrl"]
        bus = stack.operator(session, "events")
        bus.put_rule(Name="events", EventPattern=json.dumps({"source": ["whatsapp-connect"]}))
        arn = f"arn:aws:sqs:{stack.REGION}:{stack.ACCOUNT}:events"
        bus.put_targets(Rule="events", Targets=[{"Id": "events", "Arn": arn}])
        self._events: list[SentEvent] = []

    def sent_events(self) -> list[SentEvent]:
        """Return the events since this was last asked."""
        self.collect()
        events, self._events = self._events, []
        return events

    def collect(self) -> None:
        """Take what is in the queue: it keeps a message for four days only."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
                event = json.loads(message["Body"])
                validate(event["detail-type"], event["detail"])
                self._events.append(SentEvent(event["detail-type"], event["detail"]))
