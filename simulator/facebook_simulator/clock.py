"""Define the simulator's only clock, which one call can move by sixty days."""

import time


class Clock:
    """The real time plus an offset in seconds that tests change."""

    def __init__(self) -> None:
        self.offset = 0

    def now(self) -> int:
        """Return the time in epoch seconds."""
        return int(time.time()) + self.offset

    def advance(self, seconds: int) -> None:
        """Move the clock forward by `seconds`, or back if that is negative."""
        self.offset += seconds
