"""The queues of checks: DueQueue for what is due, CheckQueue for what somebody asked for."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

_BATCH = 10
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html"""


class CheckQueue:
    """A message is `{"connection_id": ...}`; when it was sent is SQS's attribute SentTimestamp."""

    def __init__(self, *, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, connection_id: str, *, delay_s: int = 0) -> None:
        self._client.send_message(QueueUrl=self._url, MessageBody=_body(connection_id), DelaySeconds=delay_s)

    def send_all(self, connection_ids: Iterable[str]) -> int:
        """Send a message for each and return how many SQS took. The others stay due."""
        ids, taken = list(connection_ids), 0
        for start in range(0, len(ids), _BATCH):
            answer = self._client.send_message_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "MessageBody": _body(connection_id)}
                    for number, connection_id in enumerate(ids[start : start + _BATCH])
                ],
            )
            taken += len(answer.get("Successful", []))
        return taken

    def waiting(self) -> int:
        """Return about how many messages wait."""
        answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def connection_id_in(body: str) -> str | None:
    """Return the connection id in a message, or None where it is not one of ours."""
    try:
        message = json.loads(body)
    except ValueError:
        return None
    connection_id = message.get("connection_id") if isinstance(message, dict) else None
    return connection_id if isinstance(connection_id, str) and 0 < len(connection_id) <= 64 else None


def _body(connection_id: str) -> str:
    return json.dumps({"connection_id": connection_id})
