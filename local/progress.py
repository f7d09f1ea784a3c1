"""Print what a long step does, how long it usually takes, and how long it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def step(say: Callable[[str], None], what: str, *, usual: str) -> Iterator[None]:
    """Call `say` with a line before the step and with one after it. A step that fails has no second line."""
    say(f"{what} ({usual}) ...")
    started = time.monotonic()
    yield
    say(f"  done after {time.monotonic() - started:.0f} seconds")
