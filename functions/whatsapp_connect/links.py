"""Connect links that an operator makes: bound to a connection id, expiring, revocable, for one use or for many.

Whoever has a link may use it, so the table holds only hashes. Looking at a link spends nothing; a use is spent by a
token that was stored.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import TYPE_CHECKING, Any

from whatsapp_connect.errors import LinkError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

KEPT = 30 * 86400
"""Seconds for which a link can still be listed after it has run out."""

_LINK = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class Link:
    hash: str
    connection_id: str
    valid_until: int
    """Epoch seconds."""
    uses_left: int
    any_user: bool
    """Whether another Facebook user than before may connect."""
    created_at: int
    note: str = ""
    """What the operator wants to remember about it."""
    revoked: bool = False


class LinkStore:
    """Links in DynamoDB. Times are epoch seconds."""

    def __init__(self, *, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def create(self, connection_id: str, *, lifetime: int, uses: int, any_user: bool, note: str = "") -> str:
        """Make a link that is good for `lifetime` seconds and return it: nobody can look it up again."""
        link = secrets.token_urlsafe(16)
        now = int(self._clock())
        self._client.put_item(
            TableName=self._table,
            Item={
                "link_hash": {"S": link_hash(link)},
                "connection_id": {"S": connection_id},
                "valid_until": {"N": str(now + lifetime)},
                "expires_at": {"N": str(now + lifetime + KEPT)},
                "uses_left": {"N": str(uses)},
                "any_user": {"BOOL": any_user},
                "created_at": {"N": str(now)},
                "note": {"S": note},
            },
        )
        return link

    def load(self, link: str) -> Link:
        """Return a link that may be used now. Raises LinkError."""
        if not _LINK.fullmatch(link):
            raise LinkError("link-unknown")
        return self._usable(link_hash(link))

    def check(self, link: Link) -> None:
        """Return if a link that was loaded may still be used. Raises LinkError."""
        self._usable(link.hash)

    def _usable(self, hash_: str) -> Link:
        item = self._client.get_item(TableName=self._table, Key={"link_hash": {"S": hash_}}, ConsistentRead=True).get(
            "Item"
        )
        if item is None:
            raise LinkError("link-unknown")
        found = _link(item)
        if found.revoked:
            raise LinkError("link-revoked")
        if found.valid_until <= self._clock():
            raise LinkError("link-expired")
        if found.uses_left < 1:
            raise LinkError("link-used")
        return found

    def use_write(self, link: Link) -> "TransactWriteItemTypeDef":
        """Return the write that uses a link once, for a transaction."""
        return {
            "Update": {
                "TableName": self._table,
                "Key": {"link_hash": {"S": link.hash}},
                "UpdateExpression": "ADD uses_left :less",
                "ConditionExpression": ("uses_left > :none AND valid_until > :now AND attribute_not_exists(revoked)"),
                "ExpressionAttributeValues": {
                    ":less": {"N": "-1"},
                    ":none": {"N": "0"},
                    ":now": {"N": str(int(self._clock()))},
                },
            }
        }

    def revoke(self, hash_: str) -> bool:
        """Take a link back and return whether there was one."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"link_hash": {"S": hash_}},
                UpdateExpression="SET revoked = :yes",
                ConditionExpression="attribute_exists(link_hash)",
                ExpressionAttributeValues={":yes": {"BOOL": True}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def list(self) -> Iterator[Link]:
        """Return every link there is, in no order."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._table):
            for item in page["Items"]:
                yield _link(item)


def link_hash(link: str) -> str:
    """Return what a link is kept under."""
    return sha256(link.encode()).hexdigest()


def _link(item: dict[str, Any]) -> Link:
    return Link(
        hash=item["link_hash"]["S"],
        connection_id=item["connection_id"]["S"],
        valid_until=int(item["valid_until"]["N"]),
        uses_left=int(item["uses_left"]["N"]),
        any_user=item["any_user"]["BOOL"],
        created_at=int(item["created_at"]["N"]),
        note=item.get("note", {}).get("S", ""),
        revoked=item.get("revoked", {}).get("BOOL", False),
    )
