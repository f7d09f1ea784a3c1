"""Receive the lifecycle events of a deployed stack, and format each as one line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.emulator import Emulator
from whatsapp_connect_cli.output import plain

SOURCE = "whatsapp-connect"
_RULE = "local-announcements"
_MAX_NUMBERS = 3
_GOOD_NEWS = {"Connected", "Reconnected", "Renewed"}


@dataclass(frozen=True, slots=True)
class Announcement:
    """One event from the bus. str() returns it as one line."""

    type: str
    detail: dict[str, Any]

    def __str__(self) -> str:
        return plain(self._line())

    def _line(self) -> str:
        if self.type not in _GOOD_NEWS:
            return f"{self.type}: {self.detail['message']}"
        expires_at = self.detail.get("expires_at")
        until = f"until {datetime.fromisoformat(expires_at):%d %B %Y %H:%M} UTC" if expires_at else "without expiry"
        numbers = [number["display_phone_number"] for number in self.detail["phone_numbers"]]
        named = ", ".join(numbers[:_MAX_NUMBERS]) + f" and {len(numbers) - _MAX_NUMBERS} more" * (
            len(numbers) > _MAX_NUMBERS
        )
        who = self.detail["connection_id"] + f" ({named})" * bool(numbers)
        return f"{self.type}: {who}, token in {self.detail['access_token_parameter']} {until}"


class Announcements:
    """Receive the stack's events through a new queue and a rule on the default bus."""

    def __init__(self, emulator: Emulator) -> None:
        self._queues = emulator.session.client("sqs", endpoint_url=emulator.url)
        self._url = self._queues.create_queue(QueueName=_RULE)["QueueUrl"]
        arn = self._queues.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "events.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                }
            ],
        }
        self._queues.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": json.dumps(policy)})
        bus = emulator.session.client("events", endpoint_url=emulator.url)
        bus.put_rule(Name=_RULE, EventPattern=json.dumps({"source": [SOURCE]}))
        bus.put_targets(Rule=_RULE, Targets=[{"Id": "queue", "Arn": arn}])

    def receive(self, *, seconds: int = 20) -> Iterator[Announcement]:
        """Wait up to `seconds` for events, and yield each event once."""
        answer = self._queues.receive_message(QueueUrl=self._url, WaitTimeSeconds=seconds, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self._queues.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            event = json.loads(message["Body"])
            yield Announcement(event["detail-type"], event["detail"])
