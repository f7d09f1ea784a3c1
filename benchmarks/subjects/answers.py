"""AWS, answered inside the process: what is left is the functions' own work, and the SDK's."""

import json
from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Any, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from benchmarks.subjects.subject import APP_SECRET


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._content


class _Account:
    """States and their one use; everything else is always answered the same."""

    def __init__(self) -> None:
        self._states: dict[str, dict[str, Any]] = {}
        self._lock = Lock()

    def send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        sent = json.loads(cast("bytes", request.body))
        with self._lock:
            status, answer = self._answer(operation_of(request), sent)
        return answered(request, answer, status)

    def _consume(self, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        row, values = self._states[sent["Key"]["state_hash"]["S"]], sent["ExpressionAttributeValues"]
        if "consumed_at" in row:
            refusal = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
            return 400, {"__type": refusal, "Item": row}
        row |= {"consumed_at": values[":now"], "claim": values[":claim"]}
        return 200, {"Attributes": row}

    def _answer(self, operation: str, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        match operation, sent.get("TableName"):
            case "PutItem", "states":
                self._states[sent["Item"]["state_hash"]["S"]] = sent["Item"]
                return 200, {}
            case "UpdateItem", "states" if ":claim" in sent["ExpressionAttributeValues"]:
                return self._consume(sent)
            case (("UpdateItem" | "TransactWriteItems" | "GetItem"), _):  # no record is there yet
                return 200, {}
            case "Encrypt", _:
                return 200, {"CiphertextBlob": "ZW5jcnlwdGVk", "KeyId": sent["KeyId"]}
            case "GetParameter", _:
                return 200, {"Parameter": {"Name": sent["Name"], "Value": APP_SECRET, "Version": 1}}
            case "PutParameter", _:
                return 200, {"Version": 1}
        raise ValueError(operation)


def operation_of(request: AWSPreparedRequest) -> str:
    """Return what is asked of a service that speaks JSON."""
    target = request.headers["X-Amz-Target"]
    return (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]


def answered(request: AWSPreparedRequest, answer: object, status: int = 200) -> AWSResponse:
    """Return what such a service would send back."""
    content = json.dumps(answer).encode()
    headers: Any = {"Content-Type": "application/x-amz-json-1.0", "Content-Length": str(len(content))}
    return AWSResponse(request.url, status, headers, _Body(content))


def answer_in_process(clients: Iterable[Any]) -> None:
    """Let no request of these clients leave the process."""
    account = _Account()
    for client in clients:
        client.meta.events.register("before-send", account.send)
