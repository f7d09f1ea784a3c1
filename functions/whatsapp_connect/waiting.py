"""Wait between the tries of one piece of work."""

import random
from math import inf
from time import monotonic, sleep


def pause(tries: int, *, max_s: float, first_s: float | None = None, until: float = inf) -> bool:
    """Sleep before the next try, and return True. Return False at once after `until`, on the monotonic clock.

    `tries` is the number of tries made so far. The pause is at most `first_s` after the first try, doubles with each
    try, and is never longer than `max_s`. It is random, so that callers who failed together do not try again together.
    """
    if monotonic() > until:
        return False
    longest_s = min(max_s, (max_s if first_s is None else first_s) * 2 ** (tries - 1))
    sleep(random.uniform(0.5, 1.0) * longest_s)  # noqa: S311  jitter, not a secret
    return True


class Pace:
    """Limit calls to so many a second."""

    def __init__(self, per_second: float) -> None:
        self._interval_s = 1 / per_second
        self._next_at = 0.0

    def wait(self) -> None:
        """Sleep until the next call may be made."""
        now = monotonic()
        sleep(max(0.0, self._next_at - now))
        self._next_at = max(now, self._next_at) + self._interval_s
