"""The only source of time in the simulator, so that sixty days can pass in one call."""

import time


class Clock:
    """Wall-clock time plus an offset that tests move."""

    def __init__(self) -> None:
        self.offset = 0

    def now(self) -> int:
        """Epoch seconds."""
        return int(time.time()) + self.offset

    def advance(self, seconds: int) -> None:
        """Move on by `seconds`; a negative number moves back."""
        self.offset += seconds
