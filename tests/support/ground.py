"""One connection that several are at work on."""

from collections.abc import Callable
from itertools import count

from tests.support.browser import Reply
from tests.support.interleaving import EVERY_CALL, MAX_CALLS, Actor, Wire
from tests.support.people import people
from tests.support.world import World

Work = Callable[[], object]


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
        self.world.sent_events()

    def login(self, *, later_by: int = 0) -> Work:
        """Return the end of a login, which may come back a little later than the others."""
        browser = self.world.browser()
        event = browser.callback_event(browser.log_in(link=self.world.link(self.name), person=self.person.key))

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
        told = [one for one in self.world.sent_events() if one.detail["connection_id"] == self.name]
        # Onboarded follows every login. test_set_up is about it.
        self.events = list({one.detail["event_id"]: one.type for one in told if one.type != "Onboarded"}.values())

    def clear(self) -> None:
        self.world.stored.delete(self.name)
        self.world.stream.waiting()

    def at_every_call(self, begin: Callable[[], tuple[Work, ...]], end: Callable[[list[Actor]], None]) -> None:
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
