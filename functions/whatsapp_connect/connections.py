"""The record of each connection: the truth about everything but the token itself.

The order on connect is: record, token, record. The first write makes the connection known and due for a check, so no
token is ever stored that nothing watches. The last one says which version of the token parameter it describes.

One writer at a time: a lease that outlives the function holding it, and a generation that grows with every lease, so
that a writer which was overtaken cannot finish.
"""

import random
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic, sleep, time
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeSerializer

from whatsapp_connect.errors import ConnectionTakenError, NotKeptError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb.client import DynamoDBClient

    from whatsapp_connect.model import Inspection, PhoneNumber

LEASE = 30
"""Seconds a writer may take: longer than the callback may run."""

DUE = "due"
"""The one partition of the index by-due."""

_CHECK_PENDING_AFTER = 300
_CHECK_EVERY = 86400
_serialize: Callable[[object], Any] = TypeSerializer().serialize


@dataclass(frozen=True, slots=True)
class Lease:
    connection_id: str
    generation: int


class ConnectionStore:
    """Connections in DynamoDB. Times are epoch seconds."""

    def __init__(self, *, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def begin(self, connection_id: str, *, user_id: str, parameter_name: str, deadline: float) -> Lease:
        """Take the lease on a connection for a login, making the record if there is none.

        What the record says of an earlier token stays. Another writer is waited for until `deadline` on the monotonic
        clock. Raises NotKeptError where it takes too long, ConnectionTakenError where the connection is another
        user's.
        """
        owner = secrets.token_hex(8)
        while True:
            now = int(self._clock())
            try:
                row = self._client.update_item(
                    TableName=self._table,
                    Key={"connection_id": {"S": connection_id}},
                    UpdateExpression=(
                        "SET user_id = :user, parameter_name = :parameter, #status = if_not_exists(#status, :pending),"
                        " due = :due, next_check_at = :soon, lease_until = :until, lease_owner = :owner"
                        " ADD generation :one"
                    ),
                    ConditionExpression=(
                        "(attribute_not_exists(user_id) OR user_id = :user) AND (attribute_not_exists(lease_until)"
                        # The SDK sends a write again whose answer was lost; then the lease is ours already.
                        " OR lease_until < :now OR lease_owner = :owner)"
                    ),
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues=_values(
                        user=user_id,
                        parameter=parameter_name,
                        pending="pending",
                        due=DUE,
                        soon=now + _CHECK_PENDING_AFTER,
                        now=now,
                        until=now + LEASE,
                        owner=owner,
                        one=1,
                    ),
                    ReturnValues="UPDATED_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )["Attributes"]
            except self._client.exceptions.ConditionalCheckFailedException as refusal:
                # Not in the type stubs.
                held: Mapping[str, Any] = dict(refusal.response).get("Item", {})  # type: ignore[assignment]
                if held.get("user_id", {}).get("S") != user_id:
                    raise ConnectionTakenError("connection-taken") from None
            else:
                return Lease(connection_id, int(row["generation"]["N"]))
            pause = random.uniform(0.1, 0.3)  # noqa: S311  jitter, not a secret
            if monotonic() + pause > deadline:
                raise NotKeptError("connection-busy")
            sleep(pause)

    def activate(
        self,
        lease: Lease,
        *,
        inspection: "Inspection",
        token_version: int,
        phone_numbers: "Iterable[PhoneNumber]",
    ) -> None:
        """Record the token that was just published, and give the lease back.

        Raises NotKeptError where another writer has taken over.
        """
        now = int(self._clock())
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": lease.connection_id}},
                UpdateExpression=(
                    "SET #status = :active, token_type = :token_type, token_version = :token_version,"
                    " issued_at = :issued, token_expires_at = :expires, data_access_expires_at = :data_access,"
                    " #scopes = :scopes, waba_ids = :wabas, phone_numbers = :phones, graph_version = :graph,"
                    " connected_at = :now, next_check_at = :next, failures = :none"
                    " REMOVE lease_until, lease_owner"
                ),
                ConditionExpression="generation = :generation",
                ExpressionAttributeNames={"#status": "status", "#scopes": "scopes"},
                ExpressionAttributeValues=_values(
                    active="active",
                    token_type=inspection.token_type,
                    token_version=token_version,
                    issued=inspection.issued_at,
                    expires=inspection.expires_at,
                    data_access=inspection.data_access_expires_at,
                    scopes=list(inspection.scopes),
                    wabas=list(inspection.waba_ids),
                    phones=[
                        {
                            "id": number.id,
                            "display_phone_number": number.display_phone_number,
                            "verified_name": number.verified_name,
                        }
                        for number in phone_numbers
                    ],
                    graph=inspection.graph_version,
                    now=now,
                    next=now + int(_CHECK_EVERY * random.uniform(0.9, 1.1)),  # noqa: S311  jitter, not a secret
                    none=0,
                    generation=lease.generation,
                ),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            raise NotKeptError("connection-busy") from None

    def abandon(self, lease: Lease) -> None:
        """Give the lease back without having published anything, so that the next try need not wait."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"connection_id": {"S": lease.connection_id}},
                UpdateExpression="REMOVE lease_until, lease_owner",
                ConditionExpression="generation = :generation",
                ExpressionAttributeValues=_values(generation=lease.generation),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return


def _values(**values: object) -> dict[str, Any]:
    return {f":{name}": _serialize(value) for name, value in values.items()}
