"""The shared store: the same DynamoDB and Parameter Store for all that have none of their own on AWS."""

import os
from collections import Counter
from typing import Any

import boto3

from benchmarks.subjects.subject import PREFIX

_session = boto3.Session()
_KEY = {"ExpressionAttributeNames": {"#key": "key"}}


def aws_client(service: str, operations: Counter[str]) -> Any:
    """Make a client of the shared store that counts what is sent."""
    client = _session.client(service)  # type: ignore[call-overload]
    count_operations(client, operations)
    return client


def count_operations(client: Any, operations: Counter[str]) -> None:
    """Count the requests that a client of AWS sends, repeated ones too."""
    client.meta.events.register(
        "before-send", lambda event_name, **_: operations.update([event_name.partition(".")[2]])
    )


def keep_token(ssm: Any, name: str, token: str) -> None:
    """Keep a token as our functions do: for peers that leave that to their user."""
    ssm.put_parameter(
        Name=f"{PREFIX}/{name}",
        Value=token,
        Type="SecureString",
        KeyId=os.environ["TOKEN_KEY_ID"],
        Tier="Intelligent-Tiering",
        Overwrite=True,
    )


class Items:
    """Texts in a table of the shared store, for peers that want a store from their user."""

    def __init__(self, operations: Counter[str]) -> None:
        self._client = aws_client("dynamodb", operations)

    def put(self, key: str, text: str, *, new: bool = False) -> bool:
        """Write a text, or with `new` only where there is none; say whether that was done."""
        condition = {"ConditionExpression": "attribute_not_exists(#key)", **_KEY} if new else {}
        try:
            self._client.put_item(TableName="peers", Item={"key": {"S": key}, "text": {"S": text}}, **condition)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def get(self, key: str) -> str | None:
        """Return the text, read consistently."""
        answer = self._client.get_item(TableName="peers", Key={"key": {"S": key}}, ConsistentRead=True)
        return answer["Item"]["text"]["S"] if "Item" in answer else None

    def delete(self, key: str) -> None:
        self._client.delete_item(TableName="peers", Key={"key": {"S": key}})

    def take(self, key: str) -> bool:
        """Delete a text, if it is there, and say whether this was the one who did."""
        try:
            self._client.delete_item(
                TableName="peers",
                Key={"key": {"S": key}},
                ConditionExpression="attribute_exists(#key)",
                **_KEY,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True
