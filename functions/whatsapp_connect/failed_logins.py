"""A limit on failed logins, so that strangers cannot spend the calls that Meta allows the app.

Each kind of start has its own count: a link that is misused stops neither the other links nor the public connect link.
"""

from collections.abc import Callable
from hashlib import sha256
from time import time
from typing import TYPE_CHECKING

from whatsapp_connect.errors import LoginError
from whatsapp_connect.start import Start

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

MAX_PER_MINUTE = 30

_STORED_S = 3_600


class FailedLogins:
    """Items in BrakeTable, one for each minute and kind of start.

    The item is read only by a write of a failure, so a login that succeeds costs no call. Each execution environment
    therefore lets one more failure pass than the limit says.
    """

    def __init__(self, *, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._stopped: dict[str, int] = {}

    def check(self, start: Start) -> None:
        """Raise LoginError if no more logins of this kind may reach Facebook in this minute."""
        if self._stopped.get(_kind(start)) == self._minute():
            raise LoginError("too-many-failures")

    def count(self, start: Start) -> None:
        """Count a failed login."""
        kind, minute = _kind(start), self._minute()
        answer = self._client.update_item(
            TableName=self._table,
            Key={"name": {"S": f"failed-logins/{kind}/{minute}"}},
            UpdateExpression="SET expires_at = :end ADD failures :one",
            ExpressionAttributeValues={":end": {"N": str(minute * 60 + _STORED_S)}, ":one": {"N": "1"}},
            ReturnValues="UPDATED_NEW",
        )
        if int(answer["Attributes"]["failures"]["N"]) >= MAX_PER_MINUTE:
            self._stopped = {kind: minute} | {one: when for one, when in self._stopped.items() if when == minute}

    def _minute(self) -> int:
        return int(self._clock()) // 60


def _kind(start: Start) -> str:
    if start.link:
        return sha256(start.link.encode()).hexdigest()[:16]
    # Anybody can name any connection, so all of these addresses share one count.
    return "reconnect" if start.reconnect else "connect"
