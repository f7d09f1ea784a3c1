"""One writer per connection: a renewal and a login, interleaved at every step."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType
from typing import cast

import pytest

from local.facebook.world import Account, Person
from tests.support.browser import Browser, Reply
from tests.support.clock import DAY, HOUR
from tests.support.interleaving import EVERY_CALL, Actor, on_each_call
from tests.integration.life import Life, people
from tests.support.meta import Meta

RENEWAL_CALLS = [
    "UpdateItem",  # the lease
    "GetParameter",  # the token
    "facebook",  # what is the token worth?
    "facebook",  # a longer one, please
    "facebook",  # what is that worth?
    "PutParameter",
    "GetParameter",  # the metadata
    "UpdateItem",  # the record
]
LOGIN_CALLS = [
    "UpdateItem",  # the state
    "facebook",  # the code for a token
    "facebook",  # a longer one, please
    "facebook",  # what is it worth?
    "UpdateItem",  # the lease
    "PutParameter",
    "facebook",  # which phone numbers?
    "facebook",
    "UpdateItem",  # the record
    "UpdateItem",  # the outcome
]


DEAD_CALLS = [
    "UpdateItem",  # the lease
    "GetParameter",  # the token
    "facebook",  # what is the token worth?
    "facebook",  # once more
    "UpdateItem",  # dead
    "DeleteParameter",
    "UpdateItem",  # nothing left to check
]

PUBLISHING = RENEWAL_CALLS.index("PutParameter")
EVERY_STEP = [*range(1, len(LOGIN_CALLS)), EVERY_CALL]
AROUND_THE_LEASE = [4, 5, 6, EVERY_CALL]


class Rivals:
    """A person whose connection is due for renewal, and who logs in again, sharing one account more."""

    def __init__(
        self, life: Life, new_browser: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.life = life
        self.renewal = Actor(lambda: None)
        self.login = Actor(lambda: None)
        self.connection_id = ""
        self._new_browser = new_browser
        self._strangers = iter(self._meet())
        for module in (life.renew, life.callback):
            on_each_call(module, self._call, monkeypatch)
        monkeypatch.setattr("whatsapp_connect.connections.sleep", self._sleep)

    def begin(self) -> None:
        """Take the next person."""
        person = next(self._strangers)
        self.connection_id = person.id
        browser = self._new_browser()
        query = browser.log_in(person=person.id, wabas=[account.id for account in person.accounts])
        self.renewal = Actor(lambda: self.life.renew.check(person.id))
        self.login = Actor(lambda: browser.come_back(query))

    def end(self) -> None:
        """Let both come to their ends."""
        for _ in range(5):
            self.renewal.run()
            self.login.run()
        assert self.renewal.finished
        assert self.login.finished

    @property
    def connected(self) -> bool:
        return cast("Reply", self.login.result).title == "You're connected"

    @property
    def readers_get_the_logins_token(self) -> bool:
        token = self.life.state.token(self.life.token(self.connection_id))
        assert token
        assert self.life.state.fault_of(token) is None
        return len(token.accounts) == 2

    def _meet(self) -> Iterator[Person]:
        strangers = people(110)
        self.life.state.populate(tuple(with_two_accounts(person) for person in strangers))
        for person in self.life.state.people:
            self.life.clock.pass_days(-31)
            self.life.connect(person.key, wabas=[person.accounts[0].id])
            self.life.clock.pass_days(31)
            yield person

    def _call(self, name: str) -> None:
        self.renewal.before_call(name)
        self.login.before_call(name)

    def _sleep(self, seconds: float) -> None:
        self.renewal.wait(seconds)
        self.login.wait(seconds)


def with_two_accounts(person: Person) -> Person:
    (business,) = person.businesses
    (account,) = business.accounts
    second = Account(account.id + "2", "Second shop", account.phones)
    return replace(person, businesses=(replace(business, accounts=(account, second)),))


@pytest.fixture
def rivals(
    life: Life,
    authorize: ModuleType,
    new_browser: Callable[[], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> Rivals:
    life.clock.wind(authorize, monkeypatch)
    found = Rivals(life, new_browser, monkeypatch)
    life.renew.vault.app_secret()  # kept in memory from here on, as by any run but the first
    return found


def test_the_steps_are_those_that_are_tested_here(rivals: Rivals) -> None:
    rivals.begin()
    rivals.renewal.run()
    rivals.login.run()
    assert (rivals.renewal.result, rivals.renewal.calls) == ("renewed", RENEWAL_CALLS)
    assert (rivals.connected, rivals.login.calls) == (True, LOGIN_CALLS)


@pytest.mark.parametrize("renewal_calls", range(len(RENEWAL_CALLS)))
def test_the_login_wins_wherever_both_are_interrupted(rivals: Rivals, renewal_calls: int) -> None:
    for login_calls in EVERY_STEP if renewal_calls in {0, PUBLISHING} else AROUND_THE_LEASE:
        rivals.begin()
        rivals.renewal.run(renewal_calls)
        rivals.login.run(login_calls)
        rivals.end()
        assert rivals.connected
        assert rivals.readers_get_the_logins_token
        assert rivals.renewal.result in {"renewed", "taken"}
    rivals.life.assert_healthy()
    assert set(rivals.life.renew.connections.due()) == set()


@pytest.mark.parametrize("pause", [46, 61])
def test_a_renewal_paused_past_its_lease_never_wins(rivals: Rivals, pause: int) -> None:
    life = rivals.life
    met = []
    for renewal_calls in range(1, len(RENEWAL_CALLS)):
        rivals.begin()
        rivals.renewal.run(renewal_calls)
        life.clock.advance(pause)
        rivals.login.run()
        rivals.end()
        assert rivals.connected
        assert rivals.renewal.result in {"renewed", "taken"}
        if renewal_calls != PUBLISHING:  # it looks at its lease before that call
            assert rivals.readers_get_the_logins_token
        met.append(rivals.connection_id)
    life.clock.advance(HOUR)
    life.run()
    for rivals.connection_id in met:
        assert rivals.readers_get_the_logins_token
        assert life.expires_in(rivals.connection_id) > 59 * DAY
    life.assert_healthy()


def test_a_slow_check_does_not_take_away_the_token_of_a_newer_login(rivals: Rivals) -> None:
    life = rivals.life
    rivals.begin()
    life.facebook.control("tokens/invalidate", {"access_token": life.token(rivals.connection_id)})
    rivals.renewal.run(DEAD_CALLS.index("DeleteParameter") - 1)
    life.clock.advance(50)
    rivals.renewal.run(1)
    assert rivals.renewal.calls == DEAD_CALLS[: len(rivals.renewal.calls)]
    life.clock.advance(11)
    rivals.login.run()
    rivals.end()
    assert (rivals.renewal.result, rivals.connected) == ("taken", True)
    assert rivals.readers_get_the_logins_token
    life.clock.advance(HOUR)
    life.run()
    assert rivals.readers_get_the_logins_token
    life.assert_healthy()


def test_slow_forgetting_does_not_take_away_the_token_of_a_newer_login(rivals: Rivals) -> None:
    life = rivals.life
    rivals.begin()
    marked = life.renew.connections.begin_forgetting(
        rivals.connection_id,
        user_id=rivals.connection_id,
        reason="app-removed",
        connected_before=life.clock.now(),
        deadline=0,
    )
    assert marked
    life.clock.advance(301)
    rivals.renewal.run(1)
    life.clock.advance(50)
    rivals.renewal.run(1)
    assert rivals.renewal.calls == ["UpdateItem", "GetParameter"]
    life.clock.advance(11)
    rivals.login.run()
    rivals.end()
    assert (rivals.renewal.result, rivals.connected) == ("taken", True)
    assert rivals.readers_get_the_logins_token
    life.assert_healthy()


def test_a_login_paused_past_its_lease_is_told_so_and_leaves_no_mix(rivals: Rivals) -> None:
    life = rivals.life
    for login_calls in range(1, len(LOGIN_CALLS)):
        rivals.begin()
        rivals.login.run(login_calls)
        life.clock.advance(301)
        rivals.renewal.run()
        rivals.end()
        assert rivals.readers_get_the_logins_token or not rivals.connected
    life.clock.pass_days(1)
    life.run()
    life.assert_healthy()


@pytest.mark.parametrize("login_calls", range(5, len(LOGIN_CALLS) - 1))
def test_a_token_written_late_into_a_login_at_work_is_put_right_within_a_day(
    rivals: Rivals, login_calls: int
) -> None:
    rivals.begin()
    rivals.renewal.run(PUBLISHING)
    rivals.life.clock.advance(61)
    rivals.login.run(login_calls)
    rivals.end()
    assert rivals.connected
    rivals.life.clock.pass_days(1)
    rivals.life.run()
    assert rivals.readers_get_the_logins_token
    rivals.life.assert_healthy()


def test_two_checks_of_one_connection_at_once_are_one(rivals: Rivals) -> None:
    life = rivals.life
    for calls in range(len(RENEWAL_CALLS) + 1):
        rivals.begin()
        rivals.login = Actor(lambda: life.renew.check(rivals.connection_id))
        before = life.facebook.extensions
        rivals.renewal.run(calls)
        rivals.end()
        assert {rivals.renewal.result, rivals.login.result} == {"renewed", "taken"}
        assert life.facebook.extensions == before + 1
        assert life.version(rivals.connection_id) == 2
    life.assert_healthy()


@pytest.mark.parametrize("strides", [(1, 1), (2, 3), (5, 4), (11, 7)])
def test_two_runs_at_once_share_the_work(rivals: Rivals, strides: tuple[int, int]) -> None:
    life = rivals.life
    for _ in range(4):
        rivals.begin()
    rivals.renewal, rivals.login = (
        Actor(lambda: life.renew.check_due(deadline=float("inf"))) for _ in range(2)
    )
    while not (rivals.renewal.finished and rivals.login.finished):
        rivals.renewal.run(strides[0])
        rivals.login.run(strides[1])
    done = Counter(rivals.renewal.result) + Counter(rivals.login.result)  # type: ignore[call-overload]
    assert done["renewed"] == 4
    assert done.keys() <= {"renewed", "taken"}
    assert life.facebook.extensions == 4
    assert Counter(life.events()) == {"Connected": 4, "Renewed": 4}
    life.assert_healthy()


def test_a_token_written_late_for_somebody_who_was_forgotten_is_said_out_loud(
    rivals: Rivals, deauthorize: Meta
) -> None:
    life = rivals.life
    rivals.begin()
    rivals.renewal.run(PUBLISHING)
    life.clock.advance(61)
    assert deauthorize.tell(rivals.connection_id).status == 200
    rivals.renewal.run()
    assert rivals.renewal.result == "taken"
    assert life.kept.record(rivals.connection_id) is None
    life.clock.advance(16 * HOUR)
    run = life.run()
    assert run.metrics("OrphanParameters") == [1]
    (line,) = run.logs("parameters without a record")
    assert (line["level"], line["connection_id"]) == ("ERROR", rivals.connection_id)
