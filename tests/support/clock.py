"""One clock for the functions, for AWS and for Facebook. It stands still until a test moves it."""

import time
from types import TracebackType
from typing import Self

import time_machine

from facebook_simulator.clock import Clock

START = 1795608000
"""2026-11-25 12:00:00 UTC."""
MINUTE = 60
HOUR = 3600
DAY = 86400


class SharedClock(Clock):
    """A context manager. `skew` is by how many seconds the functions' clock is ahead of Facebook's."""

    def __init__(self, *, skew: int = 0) -> None:
        super().__init__()
        self._skew = skew
        self._travel = time_machine.travel(START + skew, tick=False)
        self._traveller: time_machine.Traveller | None = None

    def __enter__(self) -> Self:
        self._traveller = self._travel.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._travel.stop()
        self._traveller = None

    def now(self) -> int:
        """Return Facebook's time."""
        return int(time.time()) - self._skew

    def time(self) -> float:
        """Return the functions' time."""
        return time.time()

    def advance(self, seconds: float) -> None:
        assert self._traveller
        self._traveller.shift(seconds)

    def set_skew(self, skew: int) -> None:
        """Have the functions' clock be ahead of Facebook's by so many seconds."""
        assert self._traveller
        self._traveller.shift(skew - self._skew)
        self._skew = skew
