"""Two at work on one connection, interleaved at every call, with kills: in the end record, parameters and events agree."""

import pytest

from tests.support.clock import DAY
from tests.support.ground import Ground, Work
from tests.support.interleaving import Actor, Killed, Wire
from tests.support.world import World

CONNECTED = {"Connected", "Reconnected"}


@pytest.fixture
def ground(world: World, wire: Wire) -> Ground:
    return Ground(world, wire)


def is_connected(actor: Actor) -> bool:
    assert isinstance(actor.result, str | Killed)
    return actor.result == "You are connected"


def test_two_logins_leave_the_token_of_the_later(ground: Ground) -> None:
    def begin() -> tuple[Work, Work]:
        ground.begin()
        return ground.login(), ground.login(later_by=2)

    def end(actors: list[Actor]) -> None:
        assert is_connected(actors[1])
        record = ground.world.record(ground.name)
        assert set(ground.events) <= CONNECTED
        assert record.login_at == ground.latest or is_connected(actors[0])

    ground.at_every_call(begin, end)


@pytest.mark.parametrize("days_left", [20, 40])
def test_login_beside_a_check_stays(ground: Ground, days_left: int) -> None:
    def begin() -> tuple[Work, Work]:
        ground.begin(expires_in=days_left * DAY)
        return ground.check(), ground.login()

    def end(actors: list[Actor]) -> None:
        assert is_connected(actors[1])
        assert "Reconnected" in ground.events
        assert ground.world.expires_in(ground.name) > 50 * DAY

    ground.at_every_call(begin, end)


@pytest.mark.usefixtures("extending")
def test_check_beside_a_login_that_is_stopped_ends_nothing(ground: Ground) -> None:
    def begin() -> tuple[Work, Work]:
        ground.begin(expires_in=20 * DAY)
        return ground.login(), ground.check()

    def end(actors: list[Actor]) -> None:
        assert is_connected(actors[0]) or isinstance(actors[0].result, Killed)
        assert ground.world.expires_in(ground.name) > 50 * DAY
        if is_connected(actors[0]):
            assert "Reconnected" in ground.events

    ground.at_every_call(begin, end)


def test_dead_token_found_beside_a_login_does_not_end_the_login(ground: Ground) -> None:
    def begin() -> tuple[Work, Work]:
        ground.begin(expires_in=40 * DAY)
        ground.world.facebook.control("tokens/invalidate", {"user_id": ground.person.id, "reason": "password_changed"})
        return ground.check(), ground.login()

    def end(actors: list[Actor]) -> None:
        assert is_connected(actors[1])
        assert ground.world.record(ground.name).is_alive
        assert ground.events[-1] == "Reconnected"

    ground.at_every_call(begin, end)


@pytest.mark.parametrize("known", [True, False])
def test_login_during_a_forgetting_is_complete_or_deleted(ground: Ground, *, known: bool) -> None:
    def begin() -> tuple[Work, Work]:
        ground.begin(expires_in=40 * DAY if known else None)
        return ground.login(), ground.forget()

    def end(actors: list[Actor]) -> None:
        if ground.world.stored.record(ground.name) is None:
            assert ground.events[-1:] in ([], ["Deleted"])
        else:
            assert ground.events[-1] in CONNECTED

    ground.at_every_call(begin, end)


def test_forgetting_during_a_login_is_complete_or_overtaken(ground: Ground) -> None:
    def begin() -> tuple[Work, Work]:
        ground.begin(expires_in=40 * DAY)
        return ground.forget(), ground.login()

    def end(actors: list[Actor]) -> None:
        assert is_connected(actors[1])
        assert isinstance(actors[0].result, Killed) or actors[0].result == 200
        assert ground.events[-1] in CONNECTED | {"Deleted"}

    ground.at_every_call(begin, end)
