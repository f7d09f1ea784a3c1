"""The queues of checks: DueQueue for checks that are due, CheckQueue for checks that somebody asked for."""

import json
from collections.abc import Iterable
from itertools import batched
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_MAX_BATCH = 10
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"""


class CheckQueue:
    """One of the two queues. A message is `{"connection_id": ...}`."""

    def __init__(self, *, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, connection_id: str, *, delay_s: int = 0) -> None:
        self._client.send_message(QueueUrl=self._url, MessageBody=_body(connection_id), DelaySeconds=delay_s)

    def send_all(self, connection_ids: Iterable[str]) -> int:
        """Send a message for each connection, and return how many SQS accepted. The others stay due."""
        accepted = 0
        for ids in batched(connection_ids, _MAX_BATCH, strict=False):
            answer = self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[{"Id": str(number), "MessageBody": _body(one)} for number, one in enumerate(ids)],
            )
            accepted += len(answer.get("Successful", []))
        return accepted

    def waiting(self) -> int:
        """Return how many messages wait, approximately."""
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def connection_id_in(body: str) -> str | None:
    """Return the connection ID in a message, or None if there is none."""
    try:
        message = json.loads(body)
    except ValueError:
        return None
    connection_id = message.get("connection_id") if isinstance(message, dict) else None
    return connection_id if isinstance(connection_id, str) and 0 < len(connection_id) <= 64 else None


def _body(connection_id: str) -> str:
    return json.dumps({"connection_id": connection_id})
