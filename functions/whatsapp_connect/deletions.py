"""What was deleted: requests of persons, so that their status can be shown, and connections, so that operators find out why.

A request does not name the person.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

LIFETIME_S = 400 * 86_400
"""How long the status of a request can be looked up."""
CONNECTION_S = 90 * 86_400
"""How long the ID of a deleted connection is stored."""

_CONNECTION = "connection/"


@dataclass(frozen=True, slots=True)
class DeletedConnection:
    connection_id: str
    deleted_at: int
    """Epoch seconds."""
    reason: str
    link_id: str
    """ID of the link that made the connection, or ""."""


class DeletionStore:
    """DeletionTable. Its key is the hash of a confirmation code, or names a connection. Times are epoch seconds."""

    def __init__(self, *, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def store(self, code: str, *, deleted_at: int) -> None:
        """Store that the request with this confirmation code was carried out."""
        self._put(_hash(code), deleted_at=deleted_at, lifetime_s=LIFETIME_S)

    def deleted_at(self, code: str) -> int | None:
        """Return when a request was carried out, or None if the code is unknown."""
        if not re.fullmatch("[0-9a-f]{24}", code):
            return None
        # Consistent, because Meta can show the page as soon as it has the code.
        item = self._get(_hash(code))
        return int(item["deleted_at"]["N"]) if item else None

    def store_connection(self, deleted: DeletedConnection) -> None:
        self._put(
            f"{_CONNECTION}{deleted.connection_id}",
            deleted_at=deleted.deleted_at,
            lifetime_s=CONNECTION_S,
            reason={"S": deleted.reason},
            link_id={"S": deleted.link_id},
        )

    def connection(self, connection_id: str) -> DeletedConnection | None:
        """Return the last deletion of a connection, or None. The ID may have a new connection since."""
        item = self._get(f"{_CONNECTION}{connection_id}")
        return _deleted(item) if item else None

    def connections(self) -> Iterator[DeletedConnection]:
        """Return the last deletion of each connection, in no order."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            FilterExpression="begins_with(#name, :connection)",
            ExpressionAttributeNames={"#name": "name"},  # a reserved word
            ExpressionAttributeValues={":connection": {"S": _CONNECTION}},
        )
        return (_deleted(item) for page in pages for item in page["Items"])

    def _put(self, name: str, *, deleted_at: int, lifetime_s: int, **values: Any) -> None:
        self._client.put_item(
            TableName=self._table,
            Item={
                "name": {"S": name},
                "deleted_at": {"N": str(deleted_at)},
                "expires_at": {"N": str(deleted_at + lifetime_s)},
                **values,
            },
        )

    def _get(self, name: str) -> Any:
        answer = self._client.get_item(TableName=self._table, Key={"name": {"S": name}}, ConsistentRead=True)
        return answer.get("Item")


def _deleted(item: Any) -> DeletedConnection:
    return DeletedConnection(
        connection_id=item["name"]["S"].removeprefix(_CONNECTION),
        deleted_at=int(item["deleted_at"]["N"]),
        reason=item["reason"]["S"],
        link_id=item["link_id"]["S"],
    )


def _hash(code: str) -> str:
    return sha256(f"data-deletion {code}".encode()).hexdigest()
