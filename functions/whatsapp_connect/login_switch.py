"""A switch that stops all logins, for an incident.

A stack parameter would take a deployment, and a deployment would switch it back without notice.
"""

from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING, Any

from whatsapp_connect.errors import LoginError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

REMEMBERED_S = 5
"""How long a function uses what it has read. The command that pauses logins waits that long before it says so."""


class LoginSwitch:
    """The item `logins` in BrakeTable. It exists while logins are paused."""

    def __init__(self, *, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._item: Any = {"TableName": table, "Key": {"name": {"S": "logins"}}}
        self._clock = clock
        self._is_paused = False
        self._read_at = -1.0

    def check(self) -> None:
        """Raise LoginError if logins are paused, as read within REMEMBERED_S. Raises errors of DynamoDB."""
        now = self._clock()
        if not 0 <= now - self._read_at <= REMEMBERED_S:
            self._is_paused = self.paused_at() is not None
            self._read_at = now
        if self._is_paused:
            raise LoginError("logins-paused")

    def paused_at(self) -> int | None:
        """Return since when logins are paused, in epoch seconds, as it is now; None if they are not."""
        item = self._client.get_item(**self._item, ConsistentRead=True).get("Item")
        return int(item["paused_at"]["N"]) if item else None

    def pause(self) -> None:
        self._client.update_item(
            **self._item,
            UpdateExpression="SET paused_at = if_not_exists(paused_at, :now)",
            ExpressionAttributeValues={":now": {"N": str(int(self._clock()))}},
        )

    def resume(self) -> None:
        self._client.delete_item(**self._item)
