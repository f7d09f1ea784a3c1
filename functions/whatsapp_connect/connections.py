"""The records of connections in DynamoDB.

There are no locks. Every write is an update that is conditional on the revision that was read, and names only the
attributes that it changes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from time import time
from typing import TYPE_CHECKING, Any

from whatsapp_connect import record_changes
from whatsapp_connect.errors import ConflictError, NewerRecordError, RecordUnreadableError
from whatsapp_connect.model import ATTRIBUTES, ConnectionRecord, attribute, changes, is_newer, record_from

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# Each index holds the records that have its mark, in the order of a time.
_BY_DUE = ("by-due", "due", "next_check_at")
_BY_DATE = ("by-date", "dated", "next_date_at")
_BY_PUBLISHING = ("by-publishing", "publishing", "publish_at")
_PAST = "attribute_not_exists({0}) OR {0} <= :now"


class ConnectionStore:
    """ConnectionTable. Times are epoch seconds. Every method raises the errors of DynamoDB."""

    def __init__(self, *, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def load(self, connection_id: str) -> ConnectionRecord | None:
        """Return the record as it is now, or None. Raises RecordUnreadableError."""
        answer = self._client.get_item(TableName=self._table, Key=_key(connection_id), ConsistentRead=True)
        return _record(answer["Item"]) if "Item" in answer else None

    def write(self, before: ConnectionRecord, after: ConnectionRecord) -> ConnectionRecord:
        """Write what differs between the record that was read and the one wanted. Return it with its new revision.

        Raises ConflictError if somebody else has written or deleted the record since it was read.
        """
        after = replace(record_changes.with_former_accounts(before, after), revision=before.revision + 1)
        stored, removed = changes(before, after)
        try:
            self._client.update_item(
                **self._update(before.connection_id, stored, removed, read=before),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as refusal:
            # The SDK repeats a write whose answer was lost. Then the record already is as we want it.
            item: Mapping[str, Any] = dict(refusal.response).get("Item", {})  # type: ignore[assignment]
            if any(item.get(name) != value for name, value in stored.items()):
                raise ConflictError from None
        return after

    def login_write(
        self, connection_id: str, before: ConnectionRecord | None, after: ConnectionRecord
    ) -> "tuple[ConnectionRecord, TransactWriteItemTypeDef]":
        """Return the record as a login leaves it, with its revision, and the write of it for a transaction.

        `before` is the record that was read, or None for a new connection.
        """
        revision = before.revision + 1 if before else int(self._clock() * 1000)
        if before:
            after = record_changes.with_former_accounts(before, after)
        after = replace(after, revision=revision)
        return after, {"Update": self._update(connection_id, *changes(before, after), read=before)}

    def delete(self, record: ConnectionRecord) -> None:
        """Delete the record. Raises ConflictError if somebody else has written it since it was read."""
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=_key(record.connection_id),
                ConditionExpression="attribute_not_exists(connection_id) OR revision = :read",
                ExpressionAttributeValues={":read": attribute(record.revision)},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise ConflictError from None

    def mark_queued(self, connection_id: str, *, until: int) -> bool:
        """Note that a check is queued. Return False if one is queued already, or the record is gone."""
        return self._update_if(
            f"attribute_exists(connection_id) AND ({_PAST.format('queued_until')})",
            connection_id,
            "SET queued_until = :until",
            until=until,
            now=self._now(),
        )

    def make_due(self, connection_id: str) -> None:
        """Make a check due if a change by hand has taken the record out of the index of what is due."""
        self._update_if(
            "attribute_exists(connection_id) AND (attribute_not_exists(due) OR attribute_not_exists(next_check_at))",
            connection_id,
            "SET due = :mark, next_check_at = :now",
            mark="due",
            now=self._now(),
        )

    def make_due_now(self, connection_id: str) -> None:
        """Make a check due, if the connection exists."""
        self._update_if("attribute_exists(connection_id)", connection_id, "SET next_check_at = :now", now=self._now())

    def ask_for_publishing(self, connection_id: str) -> None:
        """Make the stream bring a record that still has something to publish."""
        self._update_if("attribute_exists(publish_at)", connection_id, "SET publish_not_before = :now", now=self._now())

    def make_unpublished(self, connection_id: str) -> bool:
        """Make publish compare a connection with its parameters, whatever has been written. Return False if it is gone."""
        return self._update_if(
            "attribute_exists(connection_id)",
            connection_id,
            "SET publish_at = if_not_exists(publish_at, :now), publish_not_before = :now, publishing = :mark"
            " ADD revision :one",
            mark="publishing",
            now=self._now(),
            one=1,
        )

    def put_off_publishing(self, connection_id: str, *, until: int) -> None:
        """Make the schedule leave alone a record that cannot be read, until then."""
        self._update_if(
            # Once only: the stream brings this write to publish, too.
            f"attribute_exists(publish_at) AND ({_PAST.format('publish_not_before')})",
            connection_id,
            "SET publish_not_before = :until",
            until=until,
            now=self._now(),
        )

    def due(self, *, limit: int) -> list[str]:
        """Return the IDs of connections whose check is due and not queued, the longest due first."""
        items = self._query(_BY_DUE, until=self._now(), unless_later="queued_until")
        return [item["connection_id"]["S"] for item in islice(items, limit)]

    def oldest_due_at(self) -> int | None:
        """Return since when the longest due check has been due, or None if none is due."""
        return _first_time(self._query(_BY_DUE, until=self._now(), Limit=1), "next_check_at")

    def number_due(self) -> int:
        """Return how many checks are due, queued or not."""
        pages = self._pages(_BY_DUE, until=self._now(), Select="COUNT")
        return sum(page["Count"] for page in pages)

    def dated(self, *, limit: int) -> list[str]:
        """Return the IDs of connections with a warning or an end that has come, the longest due first."""
        items = self._query(_BY_DATE, until=self._now(), Limit=limit)
        return [item["connection_id"]["S"] for item in islice(items, limit)]

    def nearest_expiry_at(self) -> int | None:
        """Return the nearest end of a token among the 50 connections with the nearest dates, or None."""
        # Limit is of a page: without it, a megabyte is read. A record changed by hand may hold anything.
        items = islice(self._query(_BY_DATE, Limit=50), 50)
        ends = (int(item.get("token_expires_at", {}).get("N", 0)) for item in items)
        return min(filter(None, ends), default=None)

    def unpublished(self, *, limit: int) -> list[str]:
        """Return the IDs of connections whose publishing is due, the longest due first."""
        items = self._query(_BY_PUBLISHING, until=self._now(), unless_later="publish_not_before")
        return [item["connection_id"]["S"] for item in islice(items, limit)]

    def oldest_unpublished_at(self) -> int | None:
        """Return since when the connection that waits longest for publishing has waited, or None if none waits."""
        return _first_time(self._query(_BY_PUBLISHING, Limit=1), "publish_at")

    def of_user(self, user_id: str) -> list[str]:
        """Return the IDs of a Facebook user's connections."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by-user",
            KeyConditionExpression="user_id = :user",
            ExpressionAttributeValues={":user": {"S": user_id}},
        )
        return [item["connection_id"]["S"] for page in pages for item in page["Items"]]

    def all(
        self, *, on_unreadable: Callable[[str], None] = lambda _: None, without: Iterable[str] = ()
    ) -> Iterator[ConnectionRecord]:
        """Return every record that can be read, in no order. `on_unreadable` is called with the IDs of the others.

        Fields in `without` have their defaults. Without the history, a list is read in half the time.
        """
        names = [name for name in ATTRIBUTES if name not in set(without)]
        chosen: Any = {}
        if len(names) < len(ATTRIBUTES):
            chosen["ProjectionExpression"] = ", ".join(f"#{name}" for name in names)
            chosen["ExpressionAttributeNames"] = {f"#{name}": name for name in names}
        for page in self._client.get_paginator("scan").paginate(TableName=self._table, **chosen):
            for item in page["Items"]:
                try:
                    yield _record(item)
                except RecordUnreadableError:
                    on_unreadable(item["connection_id"]["S"])

    def number(self) -> int:
        """Return about how many records there are. DynamoDB counts them about every six hours."""
        return self._client.describe_table(TableName=self._table)["Table"]["ItemCount"]

    def _now(self) -> int:
        return int(self._clock())

    def _update(
        self, connection_id: str, stored: dict[str, Any], removed: list[str], *, read: ConnectionRecord | None
    ) -> Any:
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in stored)
        if removed:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
        values = {f":{name}": value for name, value in stored.items()}
        return {
            "TableName": self._table,
            "Key": _key(connection_id),
            "UpdateExpression": expression,
            "ConditionExpression": "revision = :read" if read else "attribute_not_exists(connection_id)",
            "ExpressionAttributeNames": {f"#{name}": name for name in (*stored, *removed)},
            "ExpressionAttributeValues": values | {":read": attribute(read.revision)} if read else values,
        }

    def _update_if(self, condition: str, connection_id: str, expression: str, **values: str | int) -> bool:
        """Update attributes whatever the revision. Return False if the condition does not hold."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(connection_id),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeValues={f":{name}": attribute(value) for name, value in values.items()},
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _query(
        self,
        index: tuple[str, str, str],
        *,
        until: int | None = None,
        unless_later: str = "",
        **arguments: Any,
    ) -> Iterator[dict[str, Any]]:
        if unless_later:
            arguments["FilterExpression"] = f"attribute_not_exists({unless_later}) OR {unless_later} <= :until"
        for page in self._pages(index, until=until, **arguments):
            yield from page["Items"]

    def _pages(self, index: tuple[str, str, str], *, until: int | None = None, **arguments: Any) -> Iterator[Any]:
        """Query an index, for the times up to `until`."""
        name, mark, moment = index
        condition, values = f"{mark} = :mark", {":mark": {"S": mark}}
        if until is not None:
            condition += f" AND {moment} <= :until"
            values[":until"] = attribute(until)
        return iter(
            self._client.get_paginator("query").paginate(
                TableName=self._table,
                IndexName=name,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=values,
                **arguments,
            )
        )


def is_never_due(image: Mapping[str, Any]) -> bool:
    """Return whether a record, as the stream shows it, is to be checked but is not in the index of what is due."""
    return image.get("status") != attribute("forgotten") and not {"due", "next_check_at"} <= image.keys()


def _key(connection_id: str) -> Any:
    return {"connection_id": {"S": connection_id}}


def _first_time(items: Iterator[dict[str, Any]], name: str) -> int | None:
    return next((int(item[name]["N"]) for item in items), None)


def _record(item: Mapping[str, Any]) -> ConnectionRecord:
    try:
        if is_newer(item):
            raise NewerRecordError(item["connection_id"]["S"])
        return record_from(item)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RecordUnreadableError(item["connection_id"]["S"]) from None
