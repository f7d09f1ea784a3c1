"""Connect links that an operator or a service makes for a connection ID. They expire, can be revoked, and have a number of uses.

Whoever has a link may use it, so the table holds only hashes. A use is spent when a token is stored.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from time import time
from typing import TYPE_CHECKING, Any

from whatsapp_connect.errors import LoginError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

    from whatsapp_connect.link_request import LinkRequest

LISTED_S = 30 * 86_400
"""How long a link is still listed after it has expired."""

ID_DIGITS = 16
"""Digits of a link's ID, the first of its hash."""

_LINK = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class NewLink:
    value: str = field(repr=False)
    """The last part of the link's URL. It cannot be looked up again."""
    id: str
    valid_until: int


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it is stored. Times are epoch seconds. LinkRequest explains the fields that it has too."""

    hash: str
    connection_id: str
    valid_until: int
    uses_left: int
    any_user: bool
    created_at: int
    label: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    return_url: str = ""
    language: str = ""
    waba_ids: tuple[str, ...] = ()
    signup: str = ""
    signup_features: tuple[str, ...] | None = None
    revoked: bool = False

    @property
    def id(self) -> str:
        """Names the link in lists, logs and records."""
        return self.hash[:ID_DIGITS]


class LinkStore:
    """LinkTable."""

    def __init__(self, *, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def create(self, request: "LinkRequest") -> NewLink:
        """Store a new link. A repeated call makes a second link."""
        value = secrets.token_urlsafe(16)
        now = int(self._clock())
        valid_until = now + request.lifetime_s
        signup: dict[str, Any] = {"signup": {"S": request.signup}} if request.signup else {}
        if request.signup_features is not None:
            signup["signup_features"] = {"L": [{"S": feature} for feature in request.signup_features]}
        self._client.put_item(
            TableName=self._table,
            Item={
                "link_hash": {"S": link_hash(value)},
                "connection_id": {"S": request.connection_id},
                "valid_until": {"N": str(valid_until)},
                "expires_at": {"N": str(valid_until + LISTED_S)},
                "uses_left": {"N": str(request.uses)},
                "any_user": {"BOOL": request.any_user},
                "created_at": {"N": str(now)},
                "label": {"S": request.label},
                "tags": {"M": {name: {"S": text} for name, text in request.tags.items()}},
                "return_url": {"S": request.return_url},
                "language": {"S": request.language},
                "waba_ids": {"L": [{"S": waba_id} for waba_id in request.accounts]},
                **signup,
            },
        )
        return NewLink(value, link_hash(value)[:ID_DIGITS], valid_until)

    def load(self, link: str) -> Link:
        """Return a link that may be used now. Raises LoginError."""
        if not _LINK.fullmatch(link):
            raise LoginError("link-unknown")
        return self._load(link_hash(link))

    def check(self, link: Link) -> None:
        """Return if a link that was loaded before may still be used. Raises LoginError."""
        self._load(link.hash)

    def _load(self, hash_: str) -> Link:
        answer = self._client.get_item(TableName=self._table, Key=_key(hash_), ConsistentRead=True)
        if "Item" not in answer:
            raise LoginError("link-unknown")
        link = _link(answer["Item"])
        reason = _problem(link, now=self._clock())
        if reason:
            raise LoginError(reason, connection_id=link.connection_id, language=link.language)
        return link

    def use_write(self, link: Link) -> "TransactWriteItemTypeDef":
        """Return the write that spends one use, for a transaction. It fails if the link may not be used."""
        now = str(int(self._clock()))
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(link.hash),
                "UpdateExpression": "ADD uses_left :less",
                "ConditionExpression": "uses_left > :none AND valid_until > :now AND attribute_not_exists(revoked)",
                "ExpressionAttributeValues": {":less": {"N": "-1"}, ":none": {"N": "0"}, ":now": {"N": now}},
            }
        }

    def revoke(self, hash_: str) -> bool:
        """Revoke a link and return whether it exists."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(hash_),
                UpdateExpression="SET revoked = :yes",
                ConditionExpression="attribute_exists(link_hash)",
                ExpressionAttributeValues={":yes": {"BOOL": True}},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def list(self) -> Iterator[Link]:
        """Return every link, in no order."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._table):
            yield from map(_link, page["Items"])


def _problem(link: Link, *, now: float) -> str | None:
    """Return the reason why a link may not be used, or None."""
    if link.revoked:
        return "link-revoked"
    if link.valid_until <= now:
        return "link-expired"
    return "link-used" if link.uses_left < 1 else None


def link_hash(link: str) -> str:
    """Return the key of a link in the table."""
    return sha256(link.encode()).hexdigest()


def _key(hash_: str) -> Any:
    return {"link_hash": {"S": hash_}}


def _link(item: Mapping[str, Any]) -> Link:
    return Link(
        hash=item["link_hash"]["S"],
        connection_id=item["connection_id"]["S"],
        valid_until=int(item["valid_until"]["N"]),
        uses_left=int(item["uses_left"]["N"]),
        any_user=item["any_user"]["BOOL"],
        created_at=int(item["created_at"]["N"]),
        label=item["label"]["S"],
        tags={name: text["S"] for name, text in item["tags"]["M"].items()},
        return_url=item["return_url"]["S"],
        language=item["language"]["S"],
        waba_ids=tuple(one["S"] for one in item["waba_ids"]["L"]),
        # Only links with a choice of their own have these two.
        signup=item["signup"]["S"] if "signup" in item else "",
        signup_features=tuple(one["S"] for one in item["signup_features"]["L"]) if "signup_features" in item else None,
        revoked="revoked" in item,
    )
