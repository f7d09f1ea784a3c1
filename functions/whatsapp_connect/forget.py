"""Forget a person: mark their connections as forgotten. publish then deletes everything about them."""

from collections.abc import Callable
from time import monotonic, time

from whatsapp_connect import record_changes
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import ConflictError
from whatsapp_connect.signed_request import SignedRequest
from whatsapp_connect.unsubscription import Unsubscriber

CLOCK_SKEW_S = 60
"""How far Facebook's clock may be behind ours."""
FACEBOOK_S = 8.0
"""Time limit for unsubscribing the app from the accounts of one person's connections."""
_MAX_TRIES = 10


class ForgetFlow:
    def __init__(
        self,
        *,
        connections: ConnectionStore,
        unsubscriber: Unsubscriber | None,
        clock: Callable[[], float] = time,
    ) -> None:
        """Without an unsubscriber no subscription is ended."""
        self._connections = connections
        self._unsubscriber = unsubscriber
        self._clock = clock

    def forget_person(self, request: SignedRequest, *, reason: str) -> int:
        """Forget every connection of a person. Return how many were forgotten.

        A connection that was made after the request was issued stays: Meta may deliver a request late or twice. If one
        connection fails, the others are forgotten and the error is raised, so that Meta asks again.
        """
        forgotten = 0
        failure: Exception | None = None
        deadline = monotonic() + FACEBOOK_S
        for connection_id in self._connections.of_user(request.user_id):
            try:
                forgotten += self.forget(connection_id, reason=reason, request=request, deadline=deadline)
            except Exception as exception:  # noqa: BLE001  raised below
                failure = exception
        if failure:
            raise failure
        return forgotten

    def forget(self, connection_id: str, *, reason: str, deadline: float, request: SignedRequest | None = None) -> bool:
        """Forget one connection, and end its subscriptions. Return False if there is nothing to forget.

        `deadline` is when Facebook must have answered, on the monotonic clock. Raises ConflictError.
        """
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
            if self._unsubscriber:
                self._unsubscriber.unsubscribe(record, deadline=deadline)
            return True
        raise ConflictError
