"""Logins, renewals and webhooks on one connection, interleaved at single calls in every way that Hypothesis thinks of.

Every example is played from a seed and shrinks to the shortest story that fails. INTERLEAVINGS says how many are
tried, SEED which ones:

    INTERLEAVINGS=5000 SEED=7 pytest tests/races/test_interleaved.py
"""

import os
from collections.abc import Callable
from types import ModuleType
from typing import Literal

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.support.browser import Browser, Console
from tests.support.clock import DAY, HOUR
from tests.support.interleaving import EVERY_CALL
from tests.integration.life import Life
from tests.support.meta import Meta
from tests.races.world import PEOPLE, Webhook, World

INTERLEAVINGS = int(os.environ.get("INTERLEAVINGS", "50"))
SEED = int(os.environ.get("SEED", "1"))
_MOST_WORKERS = 4

people = st.sampled_from(sorted(PEOPLE))
webhooks: st.SearchStrategy[Webhook] = st.sampled_from(["deauthorize", "data-deletion"])
Kind = Literal["login", "check"] | Webhook
kinds: st.SearchStrategy[Kind] = st.sampled_from(["check", "check", "login", "login", "deauthorize"])
many_calls = st.one_of(st.integers(1, 9), st.just(EVERY_CALL))
pauses = st.sampled_from([0, 1, 20, 31, 50, 61, 301])
# Within every lease, at the edge of one or the other, beyond them, an hour, and when renewals are due.
times = st.sampled_from([1, 10, 20, 50, 61, 301, HOUR, DAY, 31 * DAY])


class Interleaving(RuleBasedStateMachine):
    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world
        world.reset()

    @initialize(days_ago=st.sampled_from([None, 1, 31, 59]), person=people)
    def connected(self, days_ago: int | None, person: str) -> None:
        if days_ago is not None:
            self.world.log_in(person)
            self.world.go_on(0, EVERY_CALL)
            self.world.life.clock.advance(days_ago * DAY)

    def begin(self, kind: Kind, person: str) -> None:
        match kind:
            case "login":
                self.world.log_in(person)
            case "check":
                self.world.check(asked_for=True)
            case _:
                self.world.notify(kind, person, seconds_ago=0)

    @precondition(lambda self: len(self.world.workers) < _MOST_WORKERS)
    @rule(person=people)
    def log_in(self, person: str) -> None:
        self.world.log_in(person)

    @precondition(lambda self: self.world.logins and len(self.world.workers) < _MOST_WORKERS)
    @rule(which=st.integers(0, 9))
    def come_back_again(self, which: int) -> None:
        self.world.come_back(self.world.logins[-1 - which % len(self.world.logins)])

    @precondition(lambda self: self.world.logins and len(self.world.workers) < _MOST_WORKERS)
    @rule(asked_for=st.sampled_from([True, True, False]))
    def check(self, *, asked_for: bool) -> None:
        self.world.check(asked_for=asked_for)

    @precondition(lambda self: len(self.world.workers) < _MOST_WORKERS)
    @rule(webhook=webhooks, person=people, seconds_ago=st.sampled_from([0, 0, 200]))
    def notify(self, webhook: Webhook, person: str, seconds_ago: int) -> None:
        self.world.notify(webhook, person, seconds_ago=seconds_ago)

    @precondition(lambda self: len(self.world.workers) < _MOST_WORKERS - 1)
    @rule(first=kinds, calls=st.integers(1, 9), seconds=pauses, second=kinds, more=many_calls, person=people)
    def overtake(
        self, *, first: Kind, calls: int, seconds: int, second: Kind, more: int, person: str
    ) -> None:
        """Freeze one at work, and let another go by."""
        self.begin(first, person)
        self.world.go_on(-1, calls)
        self.world.life.clock.advance(seconds)
        self.begin(second, person)
        self.world.go_on(-1, more)

    @precondition(lambda self: len(self.world.workers) < _MOST_WORKERS)
    @rule(calls=st.integers(3, 9), seconds=st.sampled_from([50, 61, 301]), person=people)
    def log_in_beside_a_slow_check(self, calls: int, seconds: int, person: str) -> None:
        """Meet the one race that leases alone do not decide: a check may outlive its own."""
        self.overtake(
            first="check", calls=calls, seconds=seconds, second="login", more=EVERY_CALL, person=person
        )

    @precondition(lambda self: self.world.workers)
    @rule(turns=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 6)), min_size=1, max_size=6))
    def take_turns(self, turns: list[tuple[int, int]]) -> None:
        for which, calls in turns:
            self.world.go_on(which, calls)

    @precondition(lambda self: self.world.workers)
    @rule(which=st.integers(0, 3))
    def finish(self, which: int) -> None:
        self.world.go_on(which, EVERY_CALL)

    @precondition(lambda self: self.world.workers)
    @rule(which=st.integers(0, 3), calls=st.integers(1, 12), seconds=times)
    def freeze(self, which: int, calls: int, seconds: int) -> None:
        self.world.go_on(which, calls)
        self.world.life.clock.advance(seconds)

    @precondition(lambda self: self.world.workers)
    @rule(which=st.integers(0, 3), calls=st.integers(1, 12))
    def kill(self, which: int, calls: int) -> None:
        self.world.kill(which, calls)

    @rule(event=st.one_of(times, people, st.just("announce")))
    def meanwhile(self, event: int | str) -> None:
        if isinstance(event, int):
            self.world.life.clock.advance(event)
        elif event in PEOPLE:
            self.world.lose_token(event)
        else:
            self.world.life.stream.bring()

    def teardown(self) -> None:
        self.world.settle()
        self.world.check_in_the_end()


@pytest.fixture
def world(
    *,
    life: Life,
    authorize: ModuleType,
    new_browser: Callable[[], Browser],
    new_meta: Callable[[str], Meta],
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    metas: dict[Webhook, Meta] = {kind: new_meta(kind) for kind in ("deauthorize", "data-deletion")}
    return World(
        life=life,
        metas=metas,
        authorize=authorize,
        new_browser=new_browser,
        console=console,
        monkeypatch=monkeypatch,
    )


def test_at_no_moment_is_anything_lost_mixed_up_or_unwatched(world: World) -> None:
    @seed(SEED)
    def interleaving() -> Interleaving:
        return Interleaving(world)

    run_state_machine_as_test(
        interleaving,  # type: ignore[arg-type]  # a factory will do
        settings=settings(
            max_examples=INTERLEAVINGS,
            stateful_step_count=20,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
