"""Logins, checks, publishers and a forgetting on one connection, interleaved at single calls as Hypothesis thinks of.

Every example is played from a seed and shrinks to the shortest story that fails. INTERLEAVINGS says how many are
tried, SEED which ones:

    INTERLEAVINGS=2000 SEED=7 pytest tests/races/test_interleaved.py
"""

import os
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.support.clock import DAY
from tests.support.ground import Ground, Work
from tests.support.interleaving import EVERY_CALL, Wire
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

INTERLEAVINGS = int(os.environ.get("INTERLEAVINGS", "40"))
SEED = int(os.environ.get("SEED", "1"))
MAX_WORKS = 4

Kind = Literal["login", "check", "publish", "forget"]
kinds = st.lists(
    st.sampled_from(["login", "login", "check", "check", "publish", "publish", "forget"]),
    min_size=2,
    max_size=MAX_WORKS,
)
turns = st.lists(
    st.tuples(st.integers(0, MAX_WORKS - 1), st.sampled_from([1, 1, 2, 3, 5, EVERY_CALL, -1])), max_size=20
)
lifetimes = st.sampled_from([None, 20 * DAY, 60 * DAY])


@pytest.fixture
def ground(world: World, wire: Wire) -> Ground:
    return Ground(world, wire)


def begin(ground: Ground, kind: Kind) -> Work:
    works: dict[Kind, Callable[[], Work]] = {
        "login": ground.login,
        "check": ground.check,
        "publish": ground.publish,
        "forget": ground.forget,
    }
    return works[kind]()


@seed(SEED)
@settings(
    max_examples=INTERLEAVINGS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(works=kinds, turns=turns, lifetime=lifetimes)
def test_record_and_parameters_agree_after_any_interleaving(
    ground: Ground, works: list[Kind], turns: list[tuple[int, int]], lifetime: int | None
) -> None:
    ground.begin(expires_in=lifetime)
    possible = [(which, calls) for which, calls in turns if which < len(works)]
    ground.wire.interleave(*(begin(ground, kind) for kind in works), turns=possible)
    ground.heal()
    ground.clear()
