"""Functions killed before any of their calls: nothing is lost, told twice or left unwatched once the next runs are over."""

from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import NoReturn

import pytest

from tests.support import stack
from tests.support.browser import Browser, event_json
from tests.support.clock import DAY, HOUR
from tests.support.interleaving import on_each_call
from tests.integration.life import Life, Told, people
from tests.support.meta import Meta, Promise
from whatsapp_connect.errors import NotKeptError
from whatsapp_connect.model import AccessToken


class Killed(BaseException):
    """The function was stopped as by a power cut: no except clause of its own sees it."""


class Axe:
    """Kills work before one of its calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
        self._left: int | None = None
        on_each_call(module, self._fall, monkeypatch)

    def strike(self, calls: int, work: Callable[[], object]) -> bool:
        """Let work make so many calls and kill it before the next; False if it came to its end."""
        self._left = calls
        try:
            work()
        except Killed:
            return True
        finally:
            self._left = None
        return False

    def _fall(self, _name: str) -> None:
        if self._left == 0:
            raise Killed
        if self._left is not None:
            self._left -= 1


def at_every_call(strike: Callable[[int], bool], *, least: int) -> None:
    """Kill before each call in turn, until the work comes to its end, after at least so many."""
    calls = 0
    while strike(calls):
        calls += 1
        assert calls < 24
    assert calls >= least


class Victims:
    """A new person for every call before which something can be killed."""

    def __init__(self, life: Life) -> None:
        self._life = life
        life.state.populate(people(25))
        self._ids = iter([person.id for person in life.state.people])
        self._told: dict[str, list[Told]] = {}

    def next(self) -> str:
        """Return the id of the next person, and of their connection."""
        return next(self._ids)

    def connect(self, *, days_ago: float) -> str:
        """Connect the next person, in the past."""
        self._life.clock.pass_days(-days_ago)
        connection_id = self._life.connect(self.next())
        self._life.clock.pass_days(days_ago)
        return connection_id

    def events(self, connection_id: str) -> list[str]:
        """Return the types of all events about a connection, each of which has an id of its own."""
        for told in self._life.stream.bring():
            self._told.setdefault(told.detail["connection_id"], []).append(told)
        about = self._told.get(connection_id, [])
        assert len({told.detail["event_id"] for told in about}) == len(about)
        return [told.type for told in about]

    def assert_watched(self) -> None:
        """Check, right after somebody was killed, that no token is unwatched and that a pair can be told apart."""
        kept = self._life.kept
        for name in kept.parameters():
            connection_id, _, kind = name.removeprefix(f"{stack.PREFIX}/connections/").partition("/")
            if kind == "access-token":
                assert self._life.record(connection_id)["due"] == "due"
        for record in kept.records():
            value = kept.token(record["connection_id"], int(record.get("token_version", 0)) or None)
            if record["status"] in {"active", "expiring"} and value:
                token = self._life.state.token(value)
                assert token
                assert token.expires_at == record["token_expires_at"]

    def heal(self) -> None:
        """Let the leases end, and the next run do its work."""
        self.assert_watched()
        self._life.clock.advance(HOUR)
        self._life.run()
        for told in self._life.assert_healthy():
            self._told.setdefault(told.detail["connection_id"], []).append(told)


@pytest.fixture
def victims(life: Life) -> Victims:
    for module in (life.renew, life.callback):
        module.vault.app_secret()  # kept in memory from here on
    return Victims(life)


def test_a_first_login(
    life: Life,
    victims: Victims,
    authorize: ModuleType,
    new_browser: Callable[[], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life.clock.wind(authorize, monkeypatch)
    axe = Axe(monkeypatch, life.callback)
    stored = []

    def strike(calls: int) -> bool:
        browser, connection_id = new_browser(), victims.next()
        query = browser.log_in(person=connection_id)
        killed = axe.strike(calls, lambda: browser.come_back(query))
        victims.heal()
        stored.append(life.kept.token(connection_id) is not None)
        assert (life.kept.record(connection_id) is not None) is stored[-1]
        assert victims.events(connection_id) == ["Connected"] * stored[-1]
        return killed

    at_every_call(strike, least=9)
    assert stored == sorted(stored)  # from some call on the token is stored, and never lost
    assert (stored[0], stored[-1]) == (False, True)


def test_a_login_through_a_link_for_one_use(
    life: Life,
    victims: Victims,
    authorize: ModuleType,
    new_browser: Callable[[], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    life.clock.wind(authorize, monkeypatch)
    for module in (authorize, life.callback):
        monkeypatch.setattr(module.links, "_clock", life.clock.time)
    axe = Axe(monkeypatch, life.callback)
    seen = []

    def strike(calls: int) -> bool:
        person, connection_id = victims.next(), f"shop-{calls}"
        link = life.callback.links.create(connection_id, lifetime=DAY, uses=1, new_user=False)
        browser = new_browser()
        query = browser.log_in(link=link, person=person)
        killed = axe.strike(calls, lambda: browser.come_back(query))
        victims.heal()
        (uses_left,) = [
            row["uses_left"] for row in life.kept.links() if row["connection_id"] == connection_id
        ]
        stored = life.kept.token(connection_id) is not None
        seen.append((stored, int(uses_left)))
        if uses_left:  # a use that was not spent is still good, and no use is spent on nothing
            again = new_browser()
            assert again.come_back(again.log_in(link=link, person=person)).title == "You're connected"
        assert life.kept.token(connection_id)
        return killed

    at_every_call(strike, least=12)
    assert list(dict.fromkeys(seen)) == [(False, 1), (True, 1), (True, 0)]


def test_a_login_that_fails_to_store_its_token(
    life: Life, victims: Victims, monkeypatch: pytest.MonkeyPatch
) -> None:
    axe = Axe(monkeypatch, life.callback)

    def fail(*_: object) -> NoReturn:
        raise NotKeptError("token-not-kept")

    def strike(calls: int) -> bool:
        connection_id = victims.connect(days_ago=10)
        before = life.token(connection_id)
        killed = False
        with monkeypatch.context() as patch, suppress(NotKeptError):
            patch.setattr(life.callback.vault, "put_token", fail)
            killed = axe.strike(calls, lambda: life.connect(connection_id))
        victims.heal()
        assert life.token(connection_id) == before
        assert victims.events(connection_id) == ["Connected"]
        return killed

    at_every_call(strike, least=3)


def test_a_later_login(life: Life, victims: Victims, monkeypatch: pytest.MonkeyPatch) -> None:
    axe = Axe(monkeypatch, life.callback)
    told = set()

    def strike(calls: int) -> bool:
        connection_id = victims.connect(days_ago=10)
        before = life.token(connection_id)
        killed = axe.strike(calls, lambda: life.connect(connection_id))
        victims.heal()
        events = victims.events(connection_id)
        assert (life.token(connection_id) != before) is (len(events) == 2)
        told.add(tuple(events[1:]))
        return killed

    at_every_call(strike, least=4)
    assert told == {(), ("Renewed",), ("Reconnected",)}


@pytest.mark.parametrize("times", [1, 2])
def test_a_renewal(life: Life, victims: Victims, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    axe = Axe(monkeypatch, life.renew)

    def strike(calls: int) -> bool:
        connection_id = victims.connect(days_ago=31)
        killed = False
        for _ in range(times):
            killed = axe.strike(calls, lambda: life.renew.check(connection_id)) or killed
            life.clock.advance(61)
        victims.heal()
        assert life.expires_in(connection_id) > 59 * DAY
        assert victims.events(connection_id) == ["Connected", "Renewed"]
        return killed

    at_every_call(strike, least=8)


def test_taking_away_a_dead_token(life: Life, victims: Victims, monkeypatch: pytest.MonkeyPatch) -> None:
    axe = Axe(monkeypatch, life.renew)

    def strike(calls: int) -> bool:
        connection_id = victims.connect(days_ago=1)
        life.facebook.control("tokens/invalidate", {"user_id": connection_id})
        killed = axe.strike(calls, lambda: life.renew.check(connection_id))
        victims.heal()
        assert life.kept.token(connection_id) is None
        assert victims.events(connection_id) == ["Connected", "Revoked"]
        assert life.metadata(connection_id)["status_reason"] == "password-changed"
        assert life.record(connection_id)["due"] == "dead"
        return killed

    at_every_call(strike, least=7)


def test_putting_back_a_token(life: Life, victims: Victims, monkeypatch: pytest.MonkeyPatch) -> None:
    axe = Axe(monkeypatch, life.renew)

    def strike(calls: int) -> bool:
        connection_id = victims.connect(days_ago=1)
        before = life.token(connection_id)
        life.renew.vault.put_token(connection_id, AccessToken("rubbish", None))
        killed = axe.strike(calls, lambda: life.renew.check(connection_id))
        victims.heal()
        assert life.token(connection_id) == before
        assert victims.events(connection_id) == ["Connected", "Renewed"]
        return killed

    at_every_call(strike, least=8)


def test_completing_a_login(life: Life, victims: Victims, monkeypatch: pytest.MonkeyPatch) -> None:
    login_axe, axe = Axe(monkeypatch, life.callback), Axe(monkeypatch, life.renew)

    def strike(calls: int) -> bool:
        connection_id = victims.next()
        assert login_axe.strike(3, lambda: life.connect(connection_id))
        assert life.token(connection_id)
        life.clock.advance(301)
        killed = axe.strike(calls, lambda: life.renew.check(connection_id))
        victims.heal()
        assert life.token(connection_id)
        assert victims.events(connection_id) == ["Connected"]
        return killed

    at_every_call(strike, least=5)


@pytest.mark.parametrize("asked_again", [True, False])
def test_forgetting(
    life: Life, victims: Victims, meta: Meta, monkeypatch: pytest.MonkeyPatch, *, asked_again: bool
) -> None:
    meta.function.vault.app_secret()
    axe = Axe(monkeypatch, meta.function)
    told = set()

    def strike(calls: int) -> bool:
        connection_id = victims.connect(days_ago=1)
        asked_at = life.clock.now()
        life.facebook.control("tokens/invalidate", {"user_id": connection_id, "reason": "app_removed"})
        killed = axe.strike(calls, lambda: meta.tell(connection_id))
        life.clock.advance(61)
        if asked_again:
            assert meta.tell(connection_id, issued_at=asked_at).status == 200
        victims.heal()
        assert life.kept.token(connection_id) is None
        assert not life.renew.connections.exists(connection_id) or not asked_again
        told.add(tuple(victims.events(connection_id)))
        return killed

    at_every_call(strike, least=4)
    forgotten, dead = ("Connected", "Revoked", "Deleted"), ("Connected", "Revoked")
    assert told == ({forgotten} if asked_again else {forgotten, dead})


def test_going_on_with_forgetting(
    life: Life, victims: Victims, deauthorize: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    deauthorize.function.vault.app_secret()
    first, axe = Axe(monkeypatch, deauthorize.function), Axe(monkeypatch, life.renew)

    def strike(calls: int) -> bool:
        connection_id = victims.connect(days_ago=1)
        assert first.strike(2, lambda: deauthorize.tell(connection_id))  # marked, and nothing more
        life.clock.advance(301)
        killed = axe.strike(calls, lambda: life.renew.check(connection_id))
        victims.heal()
        assert life.kept.record(connection_id) is None
        assert life.kept.token(connection_id) is None
        assert victims.events(connection_id) == ["Connected", "Revoked", "Deleted"]
        return killed

    at_every_call(strike, least=4)


def test_keeping_the_code_of_a_deletion(
    life: Life, victims: Victims, data_deletion: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_deletion.function.vault.app_secret()
    axe = Axe(monkeypatch, data_deletion.function)
    codes = set()

    def strike(calls: int) -> bool:
        connection_id = victims.connect(days_ago=1)
        asked_at = life.clock.now()
        killed = axe.strike(calls, lambda: data_deletion.tell(connection_id))
        life.clock.advance(61)
        promise = Promise.of(data_deletion.tell(connection_id, issued_at=asked_at))  # Meta asks again
        status = event_json("data-deletion-status")
        status["pathParameters"] = {"code": promise.confirmation_code}
        assert data_deletion.handle(status).status == 200
        codes.add(promise.confirmation_code)
        assert len(life.kept.states()) == len(codes)
        victims.heal()
        assert not [name for name in life.kept.parameters() if connection_id in name]
        return killed

    at_every_call(strike, least=5)


def test_announcing_that_somebody_was_forgotten(
    life: Life, victims: Victims, announce: ModuleType, deauthorize: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    axe = Axe(monkeypatch, announce)

    def strike(calls: int) -> bool:
        connection_id = victims.connect(days_ago=1)
        life.stream.bring()
        assert deauthorize.tell(connection_id).status == 200
        killed = axe.strike(calls, life.stream.bring_once)
        told = [*life.stream.told(), *life.stream.bring()]
        assert list(dict.fromkeys(one.type for one in told)) == ["Revoked", "Deleted"]
        assert len({one.detail["event_id"] for one in told}) == 2
        assert not [name for name in life.kept.parameters() if connection_id in name]
        return killed

    at_every_call(strike, least=4)


def test_announcing(life: Life, announce: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    axe = Axe(monkeypatch, announce)

    def strike(calls: int) -> bool:
        life.clock.advance(HOUR)
        life.connect()
        killed = axe.strike(calls, life.stream.bring_once)
        told = [*life.stream.told(), *life.stream.bring()]
        assert {one.type for one in told} == {"Reconnected" if calls else "Connected"}
        assert len({one.detail["event_id"] for one in told}) == 1
        assert life.metadata()["token_version"] == life.version()
        return killed

    at_every_call(strike, least=2)
