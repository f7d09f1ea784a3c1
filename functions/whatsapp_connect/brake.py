"""The brake on endings that Facebook does not explain: a permit for each, so many an hour for the whole stack.

If Facebook calls every token invalid by mistake, only a few are lost before somebody looks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

MIN_PERMITS_PER_HOUR = 3
PERCENT_PER_HOUR = 1
HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Brake:
    """What the brake has done in this hour."""

    permits: int
    """How many endings were permitted."""
    limit: int
    """How many may be; 0 for no limit."""
    released_until: int
    """Epoch seconds; until then there is no limit."""


class BrakeStore:
    """One item in BrakeTable."""

    def __init__(self, *, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def take_permit(self) -> bool:
        """Return whether one more unexplained ending may happen now."""
        brake = self.show()
        if not brake.limit:
            return True
        hour = str(int(self._clock()) // HOUR_S)
        for expression, condition, values in (
            # The new hour first: of two that find it new, one begins it and the other counts in it.
            (
                "SET #hour = :hour, permits = :one",
                "attribute_not_exists(#hour) OR #hour < :hour",
                {":one": {"N": "1"}},
            ),
            (
                "ADD permits :one",
                "#hour = :hour AND permits < :limit",
                {":one": {"N": "1"}, ":limit": {"N": str(brake.limit)}},
            ),
        ):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key={"name": {"S": "brake"}},
                    UpdateExpression=expression,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#hour": "hour"},
                    ExpressionAttributeValues={":hour": {"N": hour}, **values},
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                continue
            return True
        return False

    def show(self) -> Brake:
        item = self._client.get_item(TableName=self._table, Key={"name": {"S": "brake"}}, ConsistentRead=True).get(
            "Item", {}
        )
        number = {name: int(value["N"]) for name, value in item.items() if "N" in value}
        now = int(self._clock())
        released_until = number.get("released_until", 0)
        living = number.get("living", 0)
        return Brake(
            permits=number.get("permits", 0) if number.get("hour") == now // HOUR_S else 0,
            limit=0 if released_until > now else max(MIN_PERMITS_PER_HOUR, living * PERCENT_PER_HOUR // 100),
            released_until=released_until,
        )

    def set_living(self, number: int) -> None:
        """Note how many connections are alive: the limit is a share of them."""
        self._set("living", number)

    def release(self, *, until: int) -> None:
        """Lift the limit until then, in epoch seconds."""
        self._set("released_until", until)

    def _set(self, attribute: str, number: int) -> None:
        self._client.update_item(
            TableName=self._table,
            Key={"name": {"S": "brake"}},
            UpdateExpression="SET #attribute = :number",
            ExpressionAttributeNames={"#attribute": attribute},
            ExpressionAttributeValues={":number": {"N": str(number)}},
        )
