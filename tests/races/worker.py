"""A function at work, stopped before each of its calls: it may go on, be killed, or be frozen for too long."""

from collections.abc import Callable
from threading import current_thread

from tests.support.clock import SharedClock
from tests.support.interleaving import Actor
from whatsapp_connect.connections import LEASE_MARGIN

_WRITES_TO_READERS = frozenset({"PutParameter", "DeleteParameter"})


class Killed(BaseException):
    """The function was stopped as by a power cut: no except clause of its own sees it."""


class Worker(Actor):
    """Lambda kills it once it has worked for `timeout` seconds."""

    def __init__(self, name: str, work: Callable[[], object], *, clock: SharedClock, timeout: int) -> None:
        self.name = name
        self.doomed = False
        self.was_late = False
        """Whether it was frozen between looking at its lease and writing, for longer than the lease allows for."""
        self._clock = clock
        self._ends_at = clock.time() + timeout
        super().__init__(work)

    def before_call(self, name: str) -> None:
        if current_thread() is not self._thread:
            return
        stopped_at = self._clock.time()
        super().before_call(name)
        self._die_if_due()
        if name in _WRITES_TO_READERS and self._clock.time() - stopped_at >= LEASE_MARGIN:
            self.was_late = True

    def wait(self, seconds: float) -> None:
        if current_thread() is self._thread:
            super().wait(seconds)
            self._die_if_due()

    def kill(self) -> None:
        self.doomed = True
        self.run()

    def _die_if_due(self) -> None:
        if self.doomed or self._clock.time() > self._ends_at:
            raise Killed
