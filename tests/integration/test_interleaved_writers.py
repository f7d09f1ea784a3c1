"""Two at work on one connection, interleaved at every call, with kills: in the end record, parameters and events agree."""

from collections.abc import Callable
from itertools import count

import pytest

from tests.support.browser import Reply
from tests.support.clock import DAY
from tests.support.interleaving import EVERY_CALL, MAX_CALLS, Actor, Killed, Wire
from tests.support.people import people
from tests.support.world import World

Work = Callable[[], object]
CONNECTED = {"Connected", "Reconnected"}


class Ground:
    """Has a connection under a new name for every interleaving."""

    def __init__(self, world: World, wire: Wire) -> None:
        self.world = world
        self.wire = wire
        world.state.populate(people(1))
        (self.person,) = world.state.people
        self._names = (f"shop-{number}" for number in count())
        self.name = ""
        self.latest = 0
        """When the last of the logins came back."""
        self.events: list[str] = []

    def begin(self, *, expires_in: int | None = None) -> None:
        """Begin with nobody connected, or with a token that lives so long."""
        self.name = next(self._names)
        if expires_in is not None:
            self.world.connect(self.person.key, connection_id=self.name, lifetime=expires_in)
        self.world.clock.advance(61)
        self.world.told()

    def login(self, *, later_by: int = 0) -> Work:
        """Return the end of a login, which may come back a little later than the others."""
        browser = self.world.browser()
        event = browser.callback_event(
            browser.log_in(link=self.world.link(self.name), person=self.person.key)
        )

        def come_back() -> str:
            self.world.clock.advance(later_by)
            self.latest = self.world.clock.now()
            return Reply(self.world.functions["callback"].handler(event, browser.context), []).title or ""

        return come_back

    def check(self) -> Work:
        return lambda: self.world.check(self.name)

    def publish(self) -> Work:
        return lambda: self.world.publish(self.name)

    def forget(self) -> Work:
        meta = self.world.meta("deauthorize")
        event = meta.event(meta.parcel(self.person.id))
        return lambda: meta.function.handler(event, meta.context)["statusCode"]

    def heal(self) -> None:
        """Let come what comes by itself: the stream, a day with its checks, the schedule. Then all must agree."""
        self.world.settle()
        self.world.after(days=1)
        self.world.after(seconds=301)
        self.world.assert_consistent()
        told = [one for one in self.world.told() if one.detail["connection_id"] == self.name]
        self.events = list({one.detail["event_id"]: one.type for one in told}.values())

    def clear(self) -> None:
        self.world.stored.delete(self.name)
        self.world.stream.waiting()

    def at_every_call(
        self, begin: Callable[[], tuple[Work, ...]], end: Callable[[list[Actor]], None]
    ) -> None:
        """Stop the first work before each of its calls, let the others pass, and let it go on or kill it."""
        for killed in (False, True):
            for calls in count():
                first, *others = begin()
                turns = [(0, calls), *((number, EVERY_CALL) for number in range(1, len(others) + 1))]
                actors = self.wire.interleave(first, *others, turns=[*turns, (0, -1)] if killed else turns)
                self.heal()
                end(actors)
                self.clear()
                if len(actors[0].calls) < calls:
                    break
                assert calls < MAX_CALLS


@pytest.fixture
def ground(world: World, wire: Wire) -> Ground:
    return Ground(world, wire)


def is_connected(actor: Actor) -> bool:
    assert isinstance(actor.result, str | Killed)
    return actor.result == "You're connected"


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
        ground.world.facebook.control(
            "tokens/invalidate", {"user_id": ground.person.id, "reason": "password_changed"}
        )
        return ground.check(), ground.login()

    def end(actors: list[Actor]) -> None:
        assert is_connected(actors[1])
        assert ground.world.record(ground.name).is_alive
        assert ground.events[-1] == "Reconnected"

    ground.at_every_call(begin, end)


@pytest.mark.parametrize("known", [True, False])
def test_login_beside_a_forgetting_is_whole_or_gone(ground: Ground, *, known: bool) -> None:
    def begin() -> tuple[Work, Work]:
        ground.begin(expires_in=40 * DAY if known else None)
        return ground.login(), ground.forget()

    def end(actors: list[Actor]) -> None:
        if ground.world.stored.record(ground.name) is None:
            assert ground.events[-1:] in ([], ["Deleted"])
        else:
            assert ground.events[-1] in CONNECTED

    ground.at_every_call(begin, end)


def test_forgetting_beside_a_login_is_whole_or_overtaken(ground: Ground) -> None:
    def begin() -> tuple[Work, Work]:
        ground.begin(expires_in=40 * DAY)
        return ground.forget(), ground.login()

    def end(actors: list[Actor]) -> None:
        assert is_connected(actors[1])
        assert isinstance(actors[0].result, Killed) or actors[0].result == 200
        assert ground.events[-1] in CONNECTED | {"Deleted"}

    ground.at_every_call(begin, end)
