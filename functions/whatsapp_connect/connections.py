"""The record of each connection: the truth about everything but the token itself.

The order on connect is: record, token, record. The first write makes the connection known and due for a check, so no
token is ever stored that nothing watches. The last one says which version of the token parameter it describes.

One writer at a time. A lease keeps writers of one connection apart, and a generation that grows with every lease
keeps a writer that was overtaken from finishing.
"""

import random
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import monotonic, sleep, time
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from whatsapp_connect.errors import ConnectionTakenError, NotKeptError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from whatsapp_connect.model import Inspection, PhoneNumber

LOGIN_LEASE = 30
"""Seconds a login may hold a connection: longer than the callback may run."""
CHECK_LEASE = 60
"""Seconds a check, or forgetting, may hold a connection."""
LEASE_MARGIN = 15
"""Seconds a lease must have left when a token is published or deleted under it."""

DUE, DEAD = "due", "dead"
"""The partitions of the index by-due: connections that are checked, and those there is nothing left to check about."""

PENDING_CHECK = 300
"""Seconds after which a login that did not finish is looked into."""

_serialize: Callable[[object], Any] = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


@dataclass(frozen=True, slots=True)
class Lease:
    connection_id: str
    generation: int
    until: float
    record: Mapping[str, Any]
    """The record as it is under the lease; numbers are Decimals."""


class ConnectionStore:
    """Connections in DynamoDB. Times are epoch seconds."""

    def __init__(self, *, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def begin_login(
        self,
        connection_id: str,
        *,
        user_id: str,
        parameter_name: str,
        deadline: float,
        new_user: bool = False,
    ) -> Lease:
        """Take the lease on a connection for a login, making the record if there is none.

        What the record says of an earlier token stays, and whose it is: a user who may take the place of another does
        so by finishing. Another writer is waited for until `deadline` on the monotonic
        clock. Raises NotKeptError where it takes too long, ConnectionTakenError where the connection is another
        user's and may not become this one's.
        """
        while True:
            try:
                return self._lease(
                    connection_id,
                    seconds=LOGIN_LEASE,
                    condition="(attribute_not_exists(user_id) OR user_id = :user OR :new_user = :yes)",
                    update=(
                        "user_id = if_not_exists(user_id, :user), parameter_name = :parameter, #status = if_not_exists(#status, :pending),"
                        " due = :due, next_check_at = :soon"
                    ),
                    names={"#status": "status"},
                    user=user_id,
                    new_user=new_user,
                    yes=True,
                    parameter=parameter_name,
                    pending="pending",
                    due=DUE,
                    soon=int(self._clock()) + PENDING_CHECK,
                )
            except _RefusedError as refusal:
                if refusal.record.get("user_id") != user_id and not new_user:
                    raise ConnectionTakenError("connection-taken") from None
            pause = random.uniform(0.1, 0.3)  # noqa: S311  jitter, not a secret
            if monotonic() + pause > deadline:
                raise NotKeptError("connection-busy")
            sleep(pause)

    def begin_check(self, connection_id: str) -> Lease | None:
        """Take the lease on a connection that is due, or return None where somebody else is at it or has been."""
        try:
            return self._lease(
                connection_id,
                seconds=CHECK_LEASE,
                condition="due = :due AND next_check_at <= :now",
                due=DUE,
            )
        except _RefusedError:
            return None

    def begin_forgetting(
        self, connection_id: str, *, user_id: str, reason: str, connected_before: int, deadline: float
    ) -> Lease | None:
        """Mark a connection as to be forgotten and take the lease, waiting for another writer until `deadline`.

        Returns None where there is nothing to forget: no such connection, another user's, or connected again since
        `connected_before`. A token that was issued since tells that as well, as a login can be cut off before it has
        recorded itself. Raises NotKeptError where another writer takes too long.
        """
        while True:
            try:
                return self._lease(
                    connection_id,
                    seconds=CHECK_LEASE,
                    condition=(
                        "user_id = :user AND (attribute_not_exists(connected_at) OR connected_at <= :before)"
                        " AND (attribute_not_exists(issued_at) OR issued_at <= :before)"
                    ),
                    update="#status = :revoked, #reason = :reason, due = :due, next_check_at = :soon",
                    names={"#status": "status", "#reason": "reason"},
                    user=user_id,
                    before=connected_before,
                    revoked="revoked",
                    reason=reason,
                    due=DUE,
                    soon=int(self._clock()) + PENDING_CHECK,
                )
            except _RefusedError as refusal:
                record = refusal.record
                since = max(int(record.get(name, 0)) for name in ("connected_at", "issued_at"))
                if record.get("user_id") != user_id or since > connected_before:
                    return None
            pause = random.uniform(0.1, 0.3)  # noqa: S311  jitter, not a secret
            if monotonic() + pause > deadline:
                raise NotKeptError("connection-busy")
            sleep(pause)

    def may_write(self, lease: Lease) -> bool:
        """Say whether a lease is good for publishing or deleting a token: a slow writer must not do so as it ends."""
        return self._clock() < lease.until - LEASE_MARGIN

    def finish(self, lease: Lease, attributes: Mapping[str, object], *, keep_lease: bool = False) -> None:
        """Write attributes under a lease and give it back; None removes an attribute.

        Raises NotKeptError where another writer has taken over.
        """
        changes = {name: value for name, value in attributes.items() if value is not None}
        removed = [name for name in attributes if name not in changes]
        removed += [] if keep_lease else ["lease_until", "lease_owner"]
        expression = ("SET " + ", ".join(f"#{name} = :{name}" for name in changes)) if changes else ""
        expression += (" REMOVE " + ", ".join(f"#{name}" for name in removed)) if removed else ""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": lease.connection_id}},
                UpdateExpression=expression,
                ConditionExpression="generation = :generation",
                ExpressionAttributeNames={f"#{name}": name for name in [*changes, *removed]},
                ExpressionAttributeValues=_values(**changes, generation=lease.generation),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise NotKeptError("connection-busy") from None

    def abandon(self, lease: Lease) -> None:
        """Give a lease back without having published anything, so that the next writer need not wait."""
        try:
            self.finish(lease, {})
        except NotKeptError:
            return

    def look_again(self, connection_id: str) -> None:
        """Make a connection due for a check at once, whoever is at it."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": connection_id}},
                UpdateExpression="SET next_check_at = :now",
                ConditionExpression="due = :due AND next_check_at > :now",
                ExpressionAttributeValues=_values(due=DUE, now=int(self._clock())),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def delete(self, lease: Lease) -> None:
        """Delete the record. Raises NotKeptError where another writer has taken over."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key={"connection_id": {"S": lease.connection_id}},
                ConditionExpression="attribute_not_exists(connection_id) OR generation = :generation",
                ExpressionAttributeValues=_values(generation=lease.generation),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise NotKeptError("connection-busy") from None

    def due(self) -> Iterator[str]:
        """Return the ids of the connections to check now, those that waited longest first."""
        for item in self._query(
            IndexName="by-due",
            KeyConditionExpression="due = :due AND next_check_at <= :now",
            ExpressionAttributeValues=_values(due=DUE, now=int(self._clock())),
        ):
            yield item["connection_id"]

    def of_user(self, user_id: str) -> "Sequence[str]":
        """Return the ids of a Facebook user's connections."""
        return [
            item["connection_id"]
            for item in self._query(
                IndexName="by-user",
                KeyConditionExpression="user_id = :user",
                ExpressionAttributeValues=_values(user=user_id),
            )
        ]

    def census(self) -> Iterator[Mapping[str, Any]]:
        """Return connection_id, status and token_expires_at of every connection, from the index: a little late."""
        for partition in (DUE, DEAD):
            yield from self._query(
                IndexName="by-due",
                KeyConditionExpression="due = :due",
                ExpressionAttributeValues=_values(due=partition),
            )

    def exists(self, connection_id: str) -> bool:
        answer = self._client.get_item(
            TableName=self._table,
            Key={"connection_id": {"S": connection_id}},
            ProjectionExpression="connection_id",
            ConsistentRead=True,
        )
        return "Item" in answer

    def load(self, connection_id: str) -> Mapping[str, Any] | None:
        """Return the record of a connection; numbers are Decimals."""
        answer = self._client.get_item(
            TableName=self._table, Key={"connection_id": {"S": connection_id}}, ConsistentRead=True
        )
        return _record(answer["Item"]) if "Item" in answer else None

    def list(self) -> Iterator[Mapping[str, Any]]:
        """Return the record of every connection, in no order."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._table):
            for item in page["Items"]:
                yield _record(item)

    def make_due(self, connection_id: str) -> bool:
        """Have the next run check a connection first; return whether there is anything to check about it."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": connection_id}},
                UpdateExpression="SET next_check_at = :now",
                ConditionExpression="due = :due",
                ExpressionAttributeValues=_values(now=0, due=DUE),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _lease(
        self,
        connection_id: str,
        *,
        seconds: int,
        condition: str,
        update: str = "",
        names: Mapping[str, str] | None = None,
        **values: object,
    ) -> Lease:
        """Take the lease, if nobody has it and the condition holds. Raises _RefusedError."""
        now = int(self._clock())
        owner = secrets.token_hex(8)
        try:
            record = self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": connection_id}},
                UpdateExpression=(
                    "SET #until = :until, lease_owner = :owner"
                    f"{', ' if update else ''}{update} ADD generation :one"
                ),
                ConditionExpression=(
                    f"{condition} AND (attribute_not_exists(#until) OR #until < :now"
                    # The SDK sends a write again whose answer was lost; then the lease is ours already.
                    " OR lease_owner = :owner)"
                ),
                ExpressionAttributeNames={"#until": "lease_until", **(names or {})},
                ExpressionAttributeValues=_values(now=now, until=now + seconds, owner=owner, one=1, **values),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )["Attributes"]
        except self._client.exceptions.ConditionalCheckFailedException as refusal:
            # Item is not in the type stubs.
            held: Mapping[str, Any] = dict(refusal.response).get("Item", {})  # type: ignore[assignment]
            raise _RefusedError(_record(held)) from None
        return Lease(connection_id, int(record["generation"]["N"]), now + seconds, _record(record))

    def _query(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        for page in self._client.get_paginator("query").paginate(TableName=self._table, **arguments):
            for item in page["Items"]:
                yield _record(item)


class _RefusedError(Exception):
    """A condition did not hold; `record` is what stood in its way, or empty."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        super().__init__()
        self.record = record


def described(
    inspection: "Inspection", *, token_version: int, phone_numbers: "Iterable[PhoneNumber]"
) -> dict[str, object]:
    """Return the attributes of a record that describe its token."""
    return {
        "user_id": inspection.user_id,
        "token_type": inspection.token_type,
        "token_version": token_version,
        "issued_at": inspection.issued_at,
        "token_expires_at": inspection.expires_at,
        "data_access_expires_at": inspection.data_access_expires_at,
        "scopes": list(inspection.scopes),
        "waba_ids": list(inspection.waba_ids),
        "phone_numbers": [
            {
                "id": number.id,
                "display_phone_number": number.display_phone_number,
                "verified_name": number.verified_name,
            }
            for number in phone_numbers
        ],
        "graph_version": inspection.graph_version,
    }


def _values(**values: object) -> dict[str, Any]:
    return {f":{name}": _serialize(value) for name, value in values.items()}


def _record(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _deserialize(value) for name, value in item.items()}
