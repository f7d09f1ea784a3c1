"""The records of connections in DynamoDB.

There are no locks. Every write is an update that is conditional on the revision that was read, and names only the
attributes that it changes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from time import time
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from whatsapp_connect.errors import ConflictError, RecordUnreadableError
from whatsapp_connect.model import INDEXES, ConnectionRecord, attributes, record_from

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_serialize: Callable[[object], Any] = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class ConnectionStore:
    """ConnectionTable. Times are epoch seconds."""

    def __init__(self, *, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def load(self, connection_id: str) -> ConnectionRecord | None:
        """Return the record as it is now. Raises RecordUnreadableError."""
        answer = self._client.get_item(
            TableName=self._table, Key={"connection_id": {"S": connection_id}}, ConsistentRead=True
        )
        return _record(answer["Item"]) if "Item" in answer else None

    def write(self, before: ConnectionRecord, after: ConnectionRecord) -> ConnectionRecord:
        """Write what differs between the record that was read and the one wanted; return it with its new revision.

        Raises ConflictError where somebody else has written in between, or deleted the record.
        """
        after = replace(after, revision=before.revision + 1)
        update = self._update(before, after)
        try:
            self._client.update_item(**update, ReturnValuesOnConditionCheckFailure="ALL_OLD")
        except self._client.exceptions.ConditionalCheckFailedException as refusal:
            # The SDK repeats a write whose answer was lost; then the record is as we wanted it already.
            item: Mapping[str, Any] = dict(refusal.response).get("Item", {})  # type: ignore[assignment]
            if item.get("revision") != _serialize(after.revision) or not _holds(item, before, after):
                raise ConflictError from None
        return after

    def login_write(
        self, connection_id: str, before: ConnectionRecord | None, after: ConnectionRecord
    ) -> "tuple[ConnectionRecord, TransactWriteItemTypeDef]":
        """Return the record as a login leaves it, with its revision, and the write of it for a transaction.

        `before` is the record that was read, or None for a connection that is new.
        """
        start = before or ConnectionRecord(connection_id, revision=int(self._clock() * 1000) - 1)
        after = replace(after, revision=start.revision + 1)
        return after, {"Update": self._update(start, after, is_new=before is None)}

    def delete(self, record: ConnectionRecord) -> None:
        """Delete the record. Raises ConflictError where somebody else has written since it was read."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key={"connection_id": {"S": record.connection_id}},
                ConditionExpression="attribute_not_exists(connection_id) OR revision = :revision",
                ExpressionAttributeValues={":revision": _serialize(record.revision)},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise ConflictError from None

    def mark_queued(self, connection_id: str, *, until: int) -> bool:
        """Note that a check is queued; return False where one is already, or the record is gone.

        Conditional on the mark alone: nothing else depends on it.
        """
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": connection_id}},
                UpdateExpression="SET queued_until = :until",
                ConditionExpression=(
                    "attribute_exists(connection_id) AND (attribute_not_exists(queued_until) OR queued_until <= :now)"
                ),
                ExpressionAttributeValues={
                    ":until": _serialize(until),
                    ":now": _serialize(int(self._clock())),
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def make_due(self, connection_id: str) -> None:
        """Have a connection checked that a change by hand has taken out of the index of what is due."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": connection_id}},
                UpdateExpression="SET due = :due, next_check_at = :now",
                ConditionExpression=(
                    "attribute_exists(connection_id)"
                    " AND (attribute_not_exists(due) OR attribute_not_exists(next_check_at))"
                ),
                ExpressionAttributeValues={":due": _serialize("due"), ":now": _serialize(int(self._clock()))},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def ask_for_publishing(self, connection_id: str) -> None:
        """Have the stream bring a record to publish again, if it still has something to publish."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": connection_id}},
                UpdateExpression="SET publish_not_before = :now",
                ConditionExpression="attribute_exists(publish_at)",
                ExpressionAttributeValues={":now": _serialize(int(self._clock()))},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def due(self, *, limit: int) -> list[str]:
        """Return the ids of connections whose check is due and not queued, those that waited longest first."""
        now = _serialize(int(self._clock()))
        items = self._query(
            IndexName="by-due",
            KeyConditionExpression="due = :due AND next_check_at <= :now",
            FilterExpression="attribute_not_exists(queued_until) OR queued_until <= :now",
            ExpressionAttributeValues={":due": _serialize("due"), ":now": now},
        )
        return [item["connection_id"] for item in islice(items, limit)]

    def oldest_due_at(self) -> int | None:
        """Return since when the connection that waits longest has been due, or None where none is."""
        items = self._query(
            IndexName="by-due",
            KeyConditionExpression="due = :due AND next_check_at <= :now",
            ExpressionAttributeValues={
                ":due": _serialize("due"),
                ":now": _serialize(int(self._clock())),
            },
            Limit=1,
        )
        return next((int(item["next_check_at"]) for item in items), None)

    def dated(self, *, limit: int, until: int | None = None) -> list[Mapping[str, Any]]:
        """Return connection_id, next_date_at and token_expires_at of those with the nearest warning or end."""
        condition, values = "dated = :dated", {":dated": _serialize("dated")}
        if until is not None:
            condition += " AND next_date_at <= :until"
            values[":until"] = _serialize(until)
        items = self._query(
            IndexName="by-date",
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            Limit=limit,  # of a page: without it a megabyte is read
        )
        return list(islice(items, limit))

    def unpublished(self, *, limit: int) -> list[str]:
        """Return the ids of connections whose publishing is due, those that waited longest first."""
        items = self._query(
            IndexName="by-publishing",
            KeyConditionExpression="publishing = :publishing AND publish_at <= :now",
            FilterExpression="attribute_not_exists(publish_not_before) OR publish_not_before <= :now",
            ExpressionAttributeValues={
                ":publishing": _serialize("publishing"),
                ":now": _serialize(int(self._clock())),
            },
        )
        return [item["connection_id"] for item in islice(items, limit)]

    def oldest_unpublished_at(self) -> int | None:
        """Return since when the connection that waits longest for publishing has waited, or None where none does."""
        items = self._query(
            IndexName="by-publishing",
            KeyConditionExpression="publishing = :publishing",
            ExpressionAttributeValues={":publishing": _serialize("publishing")},
            Limit=1,
        )
        return next((int(item["publish_at"]) for item in items), None)

    def put_off_publishing(self, connection_id: str, *, until: int) -> None:
        """Have the schedule leave a record that cannot be read alone for a while."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": connection_id}},
                UpdateExpression="SET publish_not_before = :until",
                # Once: the stream brings this write too.
                ConditionExpression=(
                    "attribute_exists(publish_at)"
                    " AND (attribute_not_exists(publish_not_before) OR publish_not_before <= :now)"
                ),
                ExpressionAttributeValues={
                    ":until": _serialize(until),
                    ":now": _serialize(int(self._clock())),
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return

    def of_user(self, user_id: str) -> list[str]:
        """Return the ids of a Facebook user's connections."""
        return [
            item["connection_id"]
            for item in self._query(
                IndexName="by-user",
                KeyConditionExpression="user_id = :user",
                ExpressionAttributeValues={":user": _serialize(user_id)},
            )
        ]

    def number_due(self) -> int:
        """Return how many checks are due, queued or not."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by-due",
            KeyConditionExpression="due = :due AND next_check_at <= :now",
            ExpressionAttributeValues={
                ":due": _serialize("due"),
                ":now": _serialize(int(self._clock())),
            },
            Select="COUNT",
        )
        return sum(page["Count"] for page in pages)

    def all(self, *, on_unreadable: Callable[[str], None] = lambda _: None) -> Iterator[ConnectionRecord]:
        """Return every record that can be read, in no order. `on_unreadable` is told the ids of the others."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._table):
            for item in page["Items"]:
                try:
                    yield _record(item)
                except RecordUnreadableError:
                    on_unreadable(item["connection_id"]["S"])

    def number(self) -> int:
        """Return about how many records there are. DynamoDB counts every six hours or so."""
        return self._client.describe_table(TableName=self._table)["Table"]["ItemCount"]

    def _update(self, before: ConnectionRecord, after: ConnectionRecord, *, is_new: bool = False) -> Any:
        old, new = attributes(before), attributes(after)
        # A change by hand can have taken the record out of an index, which the record that was read does not show.
        changed = {
            name: value
            for name, value in new.items()
            if name != "connection_id" and (name in INDEXES or old.get(name) != value)
        }
        if is_new:
            changed = {name: value for name, value in new.items() if name != "connection_id"}
        removed = [] if is_new else [name for name in old if name not in new]
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in changed)
        expression += (" REMOVE " + ", ".join(f"#{name}" for name in removed)) if removed else ""
        values = {f":{name}": _serialize(value) for name, value in changed.items()}
        update: dict[str, Any] = {
            "TableName": self._table,
            "Key": {"connection_id": {"S": after.connection_id}},
            "UpdateExpression": expression,
            "ConditionExpression": "attribute_not_exists(connection_id)" if is_new else "revision = :read",
            "ExpressionAttributeNames": {f"#{name}": name for name in [*changed, *removed]},
            "ExpressionAttributeValues": values if is_new else values | {":read": _serialize(before.revision)},
        }
        return update

    def _query(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        for page in self._client.get_paginator("query").paginate(TableName=self._table, **arguments):
            for item in page["Items"]:
                yield _plain(item)


def is_never_due(image: Mapping[str, Any]) -> bool:
    """Return whether a record, as the stream shows it, is to be checked and missing in the index of what is due."""
    return image.get("status") != _serialize("forgotten") and not {"due", "next_check_at"} <= image.keys()


def _holds(item: Mapping[str, Any], before: ConnectionRecord, after: ConnectionRecord) -> bool:
    """Return whether a stored item has everything that a write from one record to the other would have written."""
    old, new = attributes(before), attributes(after)
    return all(item.get(name) == _serialize(value) for name, value in new.items() if old.get(name) != value)


def _record(item: Mapping[str, Any]) -> ConnectionRecord:
    try:
        return record_from(_plain(item))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RecordUnreadableError(item["connection_id"]["S"]) from None


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _deserialize(value) for name, value in item.items()}
