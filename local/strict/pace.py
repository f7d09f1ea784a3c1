"""Limit requests per second with token buckets, as AWS does."""

from collections.abc import Callable, Hashable
from time import monotonic


class Pace:
    """Allow `rate` requests a second per key, and `burst` at once after a pause."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}

    def allows(self, key: Hashable, *, rate: float, burst: float) -> bool:
        """Count a request, and return whether it is within the limit."""
        now = self._clock()
        tokens, counted_at = self._buckets.get(key, (burst, now))
        tokens = min(burst, tokens + (now - counted_at) * rate)
        is_allowed = tokens >= 1
        self._buckets[key] = (tokens - is_allowed, now)
        return is_allowed
