"""Forget a person: mark their connections as forgotten. publish then deletes everything about them."""

from collections.abc import Callable
from time import time

from whatsapp_connect import record_changes
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import ConflictError
from whatsapp_connect.signed_request import SignedRequest

CLOCK_SKEW_S = 60
"""How far Facebook's clock may be behind ours."""
_MAX_TRIES = 10


class ForgetFlow:
    def __init__(self, *, connections: ConnectionStore, clock: Callable[[], float] = time) -> None:
        self._connections = connections
        self._clock = clock

    def forget_person(self, request: SignedRequest, *, reason: str) -> int:
        """Forget every connection of a person. Return how many were forgotten.

        A connection that was made after the request was issued stays: Meta may deliver a request late or twice. If one
        connection fails, the others are forgotten and the error is raised, so that Meta asks again.
        """
        forgotten = 0
        failure: Exception | None = None
        for connection_id in self._connections.of_user(request.user_id):
            try:
                forgotten += self.forget(connection_id, reason=reason, request=request)
            except Exception as exception:  # noqa: BLE001  raised below
                failure = exception
        if failure:
            raise failure
        return forgotten

    def forget(self, connection_id: str, *, reason: str, request: SignedRequest | None = None) -> bool:
        """Forget one connection. Return False if there is nothing to forget. Raises ConflictError."""
        for _ in range(_MAX_TRIES):
            record = self._connections.load(connection_id)
            if record is None or record.status == "forgotten":
                return False
            if request:
                since = max(record.connected_at, record.issued_at)
                if record.user_id != request.user_id or since > request.issued_at + CLOCK_SKEW_S:
                    return False
            try:
                self._connections.write(record, record_changes.forgotten(record, reason, now=self._clock()))
            except ConflictError:
                continue
            return True
        raise ConflictError
