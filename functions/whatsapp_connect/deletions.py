"""Data deletions, so that their status can be shown. They do not name the person."""

import re
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

LIFETIME_S = 400 * 86_400
"""How long the status of a deletion can be looked up."""


class DeletionStore:
    """DeletionTable. The key is the hash of the confirmation code. Times are epoch seconds."""

    def __init__(self, *, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def store(self, code: str, *, deleted_at: int) -> None:
        self._client.put_item(
            TableName=self._table,
            Item={
                "code_hash": {"S": _key(code)},
                "deleted_at": {"N": str(deleted_at)},
                "expires_at": {"N": str(deleted_at + LIFETIME_S)},
            },
        )

    def deleted_at(self, code: str) -> int | None:
        """Return when a deletion was carried out, or None if the code is unknown."""
        if not re.fullmatch("[0-9a-f]{24}", code):
            return None
        # Consistent, because Meta can show the page as soon as it has the code.
        answer = self._client.get_item(TableName=self._table, Key={"code_hash": {"S": _key(code)}}, ConsistentRead=True)
        return int(answer["Item"]["deleted_at"]["N"]) if "Item" in answer else None


def _key(code: str) -> str:
    return sha256(f"data-deletion {code}".encode()).hexdigest()
