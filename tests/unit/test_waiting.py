"""Pauses between tries, and the pace of calls."""

import pytest

from whatsapp_connect import waiting
from whatsapp_connect.waiting import Pace, pause


class Clock:
    """Stands still but for the sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sleeps: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.sleeps.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(waiting, "sleep", made.sleep)
    monkeypatch.setattr(waiting, "monotonic", lambda: made.now)
    return made


def test_pauses_double_up_to_the_longest(clock: Clock) -> None:
    for tries in range(1, 7):
        assert pause(tries, first_s=0.8, max_s=5.0)
    longest = [0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    assert all(one / 2 <= slept <= one for slept, one in zip(clock.sleeps, longest, strict=True))


def test_pauses_are_random(clock: Clock) -> None:
    for _ in range(20):
        pause(1, max_s=1.0)
    assert len(set(clock.sleeps)) > 10


@pytest.mark.parametrize(("until", "made"), [(100.0, True), (99.9, False)])
def test_after_the_time_is_up_no_pause_is_made(clock: Clock, until: float, *, made: bool) -> None:
    assert pause(1, max_s=1.0, until=until) is made
    assert bool(clock.sleeps) is made


def test_calls_are_spread_over_a_second(clock: Clock) -> None:
    pace = Pace(4)
    calls = []
    for _ in range(5):
        pace.wait()
        calls.append(clock.now)
    assert calls == [100.0, 100.25, 100.5, 100.75, 101.0]


def test_calls_that_were_not_made_are_not_made_up_for(clock: Clock) -> None:
    pace = Pace(4)
    pace.wait()
    clock.now += 10
    pace.wait()
    pace.wait()
    assert clock.sleeps == [0.0, 0.0, 0.25]
