"""One clock for the functions and for Facebook, which stands still until a test moves it."""

from types import ModuleType

import pytest

from local.facebook.clock import Clock

START = 1795608000
"""2026-11-25 12:00:00 UTC."""
HOUR = 3600
DAY = 86400


class SharedClock(Clock):
    """`skew` is by how many seconds the functions' clock is ahead of Facebook's."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = START
        self.skew = 0

    def now(self) -> int:
        """Return Facebook's time."""
        return self.offset

    def time(self) -> float:
        """Return the functions' time."""
        return float(self.offset + self.skew)

    def pass_days(self, days: float) -> None:
        self.advance(int(days * DAY))

    def wind(self, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let an entry file go by this clock."""
        if hasattr(module, "time"):
            monkeypatch.setattr(module, "time", self.time)
        monkeypatch.setattr("whatsapp_connect.keep.time", self.time)
        for store in ("states", "connections"):
            if hasattr(module, store):
                monkeypatch.setattr(getattr(module, store), "_clock", self.time)
