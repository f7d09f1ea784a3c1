"""Token buckets: how AWS limits requests per second."""

from collections.abc import Callable, Hashable
from time import monotonic


class Pace:
    """Allow `rate` requests a second per key, and `burst` at once after a pause."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}

    def takes(self, key: Hashable, *, rate: float, burst: float) -> bool:
        """Count a request and return whether there is room for it."""
        now = self._clock()
        left, seen_at = self._buckets.get(key, (burst, now))
        left = min(burst, left + (now - seen_at) * rate)
        is_taken = left >= 1
        self._buckets[key] = (left - is_taken, now)
        return is_taken
