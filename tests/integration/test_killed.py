"""Functions killed before any of their calls: what is begun is ended by itself, or nothing of it is done."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import event_json
from tests.support.clock import DAY
from tests.support.interleaving import Wire, at_every_call
from tests.support.meta import Meta, Promise
from tests.support.people import people
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_VICTIMS = 30


class Victims:
    """A new person for every call before which something can be killed."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.state.populate(people(MAX_VICTIMS))
        self._people = iter(world.state.people)

    def next(self) -> str:
        """Return the id of the next person, and of their connection."""
        return next(self._people).id

    def connect(self, **token: Any) -> str:
        connection_id = self.world.connect(self.next(), **token)
        self.world.clock.advance(61)
        self.world.sent_events()
        return connection_id

    def heal(self, connection_id: str) -> list[str]:
        """Let a day pass; return the types of the events about a connection, each once."""
        self.world.settle()
        self.world.after(days=1)
        self.world.after(seconds=301)
        self.world.assert_consistent()
        told = [one for one in self.world.sent_events() if one.detail["connection_id"] == connection_id]
        types = {one.detail["event_id"]: one.type for one in told}.values()
        # A login that is cut off leaves its accounts to the next check. Onboarded follows every login.
        return [one for one in types if one not in {"AccountsChanged", "Onboarded"}]


@pytest.fixture
def victims(world: World) -> Victims:
    return Victims(world)


def test_first_login_is_whole_or_nothing(victims: Victims, wire: Wire) -> None:
    world, stored = victims.world, []

    def strike(calls: int) -> bool:
        browser, person = world.browser(), victims.next()
        query = browser.log_in(person=person)
        killed = wire.strike(calls, lambda: browser.come_back(query))
        events = victims.heal(person)
        stored.append(world.stored.token(person) is not None)
        assert (world.stored.record(person) is not None) is stored[-1]
        assert events == ["Connected"] * stored[-1]
        world.clock.advance(60)
        title = browser.come_back(query).title
        assert title == ("You are connected" if stored[-1] else "Please start again to make sure" if calls else title)
        return killed

    at_every_call(strike, least=10)
    assert stored == sorted(stored)  # from some call on the token is stored, and never lost
    assert (stored[0], stored[-1]) == (False, True)


def test_link_is_spent_by_what_was_stored_alone(victims: Victims, wire: Wire) -> None:
    world, seen = victims.world, []

    def strike(calls: int) -> bool:
        person, connection_id = victims.next(), f"shop-{calls}"
        link = world.link(connection_id, lifetime=30 * DAY)
        browser = world.browser()
        query = browser.log_in(link=link, person=person)
        killed = wire.strike(calls, lambda: browser.come_back(query))
        victims.heal(connection_id)
        (uses_left,) = [row["uses_left"] for row in world.stored.links() if row["connection_id"] == connection_id]
        seen.append((world.stored.token(connection_id) is not None, int(uses_left)))
        return killed

    at_every_call(strike, least=11)
    assert list(dict.fromkeys(seen)) == [(False, 1), (True, 0)]


@pytest.mark.parametrize("dead", [False, True])
def test_later_login_is_published_or_did_not_happen(victims: Victims, wire: Wire, *, dead: bool) -> None:
    world, told = victims.world, set()

    def strike(calls: int) -> bool:
        person = victims.connect()
        before = world.token(person)
        if dead:
            world.facebook.control("tokens/invalidate", {"user_id": person})
            world.ask_for_check(person)
            assert world.sent_types() == ["Revoked"]
        browser = world.browser()
        query = browser.log_in(person=person)
        killed = wire.strike(calls, lambda: browser.come_back(query))
        events = victims.heal(person)
        assert (world.stored.token(person) not in {before, None}) is (events == ["Reconnected"])
        told.add(tuple(events))
        return killed

    at_every_call(strike, least=10)
    assert told == {(), ("Reconnected",)}


@pytest.mark.parametrize("asked_again", [True, False])
def test_forgetting_is_whole_or_nothing(victims: Victims, meta: Meta, wire: Wire, *, asked_again: bool) -> None:
    world, told = victims.world, set()

    def strike(calls: int) -> bool:
        person = victims.connect()
        asked_at = world.clock.now()
        killed = wire.strike(calls, lambda: meta.tell(person))
        if asked_again:
            assert meta.tell(person, issued_at=asked_at).status == 200
        events = victims.heal(person)
        assert (world.stored.token(person) is None) is (events == ["Deleted"])
        told.add(tuple(events))
        return killed

    at_every_call(strike, least=3)
    assert told == ({("Deleted",)} if asked_again else {(), ("Deleted",)})


def test_code_of_a_deletion_is_the_same_when_meta_asks_again(victims: Victims, data_deletion: Meta, wire: Wire) -> None:
    def strike(calls: int) -> bool:
        person = victims.connect()
        asked_at = victims.world.clock.now()
        killed = wire.strike(calls, lambda: data_deletion.tell(person))
        promise = Promise.of(data_deletion.tell(person, issued_at=asked_at))
        assert promise == Promise.of(data_deletion.tell(person, issued_at=asked_at))
        status = event_json("data-deletion-status")
        status["pathParameters"] = {"code": promise.confirmation_code}
        assert data_deletion.handle(status).status == 200
        assert victims.heal(person) == ["Deleted"]
        return killed

    at_every_call(strike, least=4)


@pytest.mark.parametrize("change", ["login", "end", "forgetting", "other owner"])
def test_publishing_is_ended_by_the_schedule(victims: Victims, wire: Wire, change: str) -> None:
    world = victims.world
    changes: dict[str, tuple[Callable[[str], object], list[str]]] = {
        "login": (world.log_in, ["Reconnected"]),
        "end": (lambda person: end(world, person), ["Revoked"]),
        "forgetting": (lambda person: world.meta("deauthorize").tell(person), ["Deleted"]),
        "other owner": (lambda person: take_over(victims, person), ["OwnerChanged", "Reconnected"]),
    }
    work, told = changes[change]

    def strike(calls: int) -> bool:
        person = victims.connect()
        work(person)
        name = f"shop-{person}" if change == "other owner" else person
        killed = wire.strike(calls, lambda: world.publish(name))
        events = victims.heal(name)
        assert [one for one in events if one != "Connected" or change != "other owner"] == told
        return killed

    at_every_call(strike, least=4)


def end(world: World, person: str) -> None:
    world.facebook.control("tokens/invalidate", {"user_id": person})
    world.check(person)


def take_over(victims: Victims, person: str) -> None:
    """Have somebody else connect what a person has connected under a name."""
    world = victims.world
    world.connect(person, connection_id=f"shop-{person}")
    world.sent_events()
    assert world.log_in(victims.next(), connection_id=f"shop-{person}", any_user=True).status == 200
