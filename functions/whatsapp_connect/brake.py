"""The brake on endings without a named cause: each needs a permit, and the whole stack has a few for each hour.

If Facebook calls every token invalid by mistake, only a few connections end before an operator looks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

MIN_PERMITS_PER_HOUR = 3
PERCENT_PER_HOUR = 1
HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Brake:
    permits: int
    """Endings permitted in this hour."""
    limit: int
    """How many may be permitted; 0 for no limit."""
    released_until: int
    """Until then there is no limit. Epoch seconds."""


class BrakeStore:
    """The one item in BrakeTable."""

    def __init__(self, *, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._clock = clock
        self._item: Any = {"TableName": table, "Key": {"name": {"S": "brake"}}}

    def take_permit(self) -> bool:
        """Return whether one more ending without a named cause may happen now."""
        limit = self.show().limit
        if not limit:
            return True
        values = {":hour": {"N": str(int(self._clock()) // HOUR_S)}, ":one": {"N": "1"}}
        names = {"#hour": "hour"}  # a reserved word
        # The new hour comes first: if two callers find it new, one starts it and the other counts in it.
        return self._update(
            "SET #hour = :hour, permits = :one",
            values,
            ConditionExpression="attribute_not_exists(#hour) OR #hour < :hour",
            ExpressionAttributeNames=names,
        ) or self._update(
            "ADD permits :one",
            values | {":limit": {"N": str(limit)}},
            ConditionExpression="#hour = :hour AND permits < :limit",
            ExpressionAttributeNames=names,
        )

    def show(self) -> Brake:
        item = self._client.get_item(**self._item, ConsistentRead=True).get("Item", {})
        number = {name: int(value["N"]) for name, value in item.items() if "N" in value}
        now = int(self._clock())
        released_until = number.get("released_until", 0)
        share = number.get("living", 0) * PERCENT_PER_HOUR // 100
        return Brake(
            permits=number.get("permits", 0) if number.get("hour") == now // HOUR_S else 0,
            limit=0 if released_until > now else max(MIN_PERMITS_PER_HOUR, share),
            released_until=released_until,
        )

    def set_living(self, number: int) -> None:
        """Store the number of living connections: the limit is a share of them."""
        self._update("SET living = :number", {":number": {"N": str(number)}})

    def release(self, *, until: int) -> None:
        """Lift the limit until then, in epoch seconds."""
        self._update("SET released_until = :until", {":until": {"N": str(until)}})

    def _update(self, expression: str, values: Any, **condition: Any) -> bool:
        """Write the item; return False if the condition does not hold."""
        try:
            self._client.update_item(
                **self._item, UpdateExpression=expression, ExpressionAttributeValues=values, **condition
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True
