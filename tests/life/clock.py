"""The one clock of Facebook and of the functions. It stands still until somebody moves it or sleeps."""

from local.facebook.clock import Clock

HOUR = 3600
DAY = 24 * HOUR


class SharedClock(Clock):
    """Epoch seconds, as `time`, as `monotonic` and as `sleep`."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self._now = start

    def time(self) -> float:
        return self._now

    def now(self) -> int:
        return int(self._now)

    def sleep(self, seconds: float) -> None:
        self._now += max(0.0, seconds)

    def move_to(self, moment: float) -> None:
        """Go on to a moment, or stay where that is past."""
        self._now = max(self._now, moment)
