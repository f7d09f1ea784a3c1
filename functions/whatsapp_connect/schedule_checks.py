"""Every five minutes: queue the checks that are due, and start publishing again where it is overdue.

If Facebook does not answer our own app, only connections with a due warning or end are queued: those need no Facebook.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, time

from whatsapp_connect.brake import BrakeStore
from whatsapp_connect.check_queue import CheckQueue
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.facebook import FacebookClient

MAX_QUEUED = 1_500
"""Checks queued in one run: five workers do as many in five minutes, at a second each."""
QUEUED_S = 1_800
"""How long a check may wait in the queue before it is queued again."""
MAX_TOUCHED = 500
"""Records touched in one run: more than publish can do in five minutes."""
FACEBOOK_S = 20.0


@dataclass(frozen=True, slots=True)
class Report:
    app_trouble: Exception | None
    """Why Facebook did not answer our own app, or None if it did."""
    graph_version: str
    """The version that answered; "" in trouble."""
    queued: int
    oldest_due_s: float
    """How long the longest due check has been due."""
    oldest_unpublished_s: float
    """How long the longest unpublished record has been due."""
    nearest_expiry_s: float | None
    living: int


class ScheduleFlow:
    def __init__(
        self,
        *,
        connections: ConnectionStore,
        due_queue: CheckQueue,
        facebook: FacebookClient,
        brake: BrakeStore,
        publish: Callable[[str], None],
        checking: bool,
        publishing: bool,
        clock: Callable[[], float] = time,
    ) -> None:
        """`publish` is called with each connection ID that is overdue for publishing."""
        self._connections = connections
        self._due_queue = due_queue
        self._facebook = facebook
        self._brake = brake
        self._publish = publish
        self._checking = checking
        self._publishing = publishing
        self._clock = clock

    def run(self) -> Report:
        version, trouble = self._ask_app()
        queued = self._queue(trouble) if self._checking else 0
        now = self._clock()
        oldest_due = self._connections.oldest_due_at()
        oldest_unpublished = self._connections.oldest_unpublished_at()
        if self._publishing:
            for connection_id in self._connections.unpublished(limit=MAX_TOUCHED):
                self._publish(connection_id)
        nearest_expiry = self._connections.nearest_expiry_at()
        living = self._connections.number()
        self._brake.set_living(living)
        return Report(
            app_trouble=trouble,
            graph_version=version,
            queued=queued,
            oldest_due_s=max(0.0, now - oldest_due) if oldest_due is not None else 0.0,
            oldest_unpublished_s=now - oldest_unpublished if oldest_unpublished is not None else 0.0,
            nearest_expiry_s=nearest_expiry - now if nearest_expiry else None,
            living=living,
        )

    def _ask_app(self) -> tuple[str, Exception | None]:
        try:
            return self._facebook.check_app(deadline=monotonic() + FACEBOOK_S), None
        except Exception as error:  # noqa: BLE001  AWS can fail too: it stores the app secret
            return "", error

    def _queue(self, trouble: Exception | None) -> int:
        """Queue what is due and mark it as queued. Return how many were queued."""
        if trouble is None:
            # Messages that still wait leave room for fewer.
            ids = self._connections.due(limit=max(0, MAX_QUEUED - self._due_queue.waiting()))
        else:
            ids = self._connections.dated(limit=MAX_QUEUED)
        until = int(self._clock()) + QUEUED_S
        marked = [one for one in ids if self._connections.mark_queued(one, until=until)]
        return self._due_queue.send_all(marked)
