"""Which tests run on one worker: those of a file, and those of the shared stack, which takes a minute to start."""

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED_STACK = ("tests/attacks/", "tests/e2e/")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return "stack" if path.startswith(SHARED_STACK) else path


def order(item: pytest.Item) -> int:
    """Return a sort key that starts with what takes longest, so that the workers end together."""
    if item.nodeid.startswith(SHARED_STACK):
        return 0
    return 1 if item.get_closest_marker("emulator") else 2
