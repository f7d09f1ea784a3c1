"""Days in the life of connections: people, Facebook and AWS do what the script says, and the functions run by the hour."""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from time import time

import pytest

from local.facebook.death import Reason
from local.facebook.server import FacebookServer
from tests.life import script
from tests.life.account import AwsAccount
from tests.life.clock import DAY, HOUR, SharedClock
from tests.life.facebook import Facebook
from tests.life.functions import Functions
from tests.life.ledger import Ledger
from tests.life.script import Character, Trouble
from tests.life.stream import Happening, Stream

_KILLS: dict[script.Deed, Reason] = {
    "change password": "password_changed",
    "log out everywhere": "logged_out",
    "be checked by Facebook": "checkpoint",
    "revoke system user": "revoked",
}
_PEOPLE_ACT_ON = frozenset({"Expiring", "Expired", "Revoked", "ScopesReduced"})
_MOST_ATTEMPTS = 12
_THROTTLING = 0.2
"""How likely AWS is to refuse a call while it is in trouble."""

COUNT_EVERY = 10 * 24
"""Hours between two runs that also count all connections and look for orphans."""


class Life:
    """One world: use `live` to make it. Everything it did and saw is in its attributes."""

    def __init__(
        self,
        *,
        account: AwsAccount,
        server: FacebookServer,
        connections: int,
        days: int,
        seed: int,
        idles: bool,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.account = account
        self.seed = seed
        self.days = days
        self.idles = idles
        self.start = (time() // DAY + 1) * DAY
        self.end = self.start + days * DAY
        self.clock = SharedClock(self.start)
        self.characters = {
            one.connection_id: one
            for one in (script.character(seed, number) for number in range(connections))
        }
        self.troubles: list[Trouble] = script.troubles(seed, start=self.start, end=self.end)
        self.facebook = Facebook(server, self.characters, self.clock, monkeypatch)
        self.functions = Functions(self.facebook, self.clock, monkeypatch)
        self.ledger = Ledger(self.facebook, self.clock, monkeypatch)
        self.stream = Stream(account, self.clock)
        monkeypatch.setattr(self.functions.renew, "check", self.ledger.watch(self.functions.renew.check))
        self.deeds: Counter[str] = Counter()
        self.logins: dict[str, list[float]] = {}
        """When each connection was made, and made again."""
        self.forgotten: dict[str, float] = {}
        """When those were removed whom a function was told to forget."""
        self.failed_logins: Counter[str] = Counter()
        self.bad_runs = 0
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._about_to_log_in: set[str] = set()
        self._dice: Counter[int] = Counter()
        self._troubles_now: set[Trouble] = set()
        self._write_agenda()

    def run(self) -> Iterator[float]:
        """Live, hour by hour; yield the hours that are over."""
        for hour in range(self.days * 24):
            tick = self.start + (hour + 1) * HOUR
            while self._agenda and self._agenda[0][0] <= tick:
                moment, _, deed = heapq.heappop(self._agenda)
                self.clock.move_to(moment)
                deed()
            self.clock.move_to(tick)
            self.ledger.observe()
            self.ledger.begin_run()
            counts = hour % COUNT_EVERY == 3  # the hour of the sweep
            if counts or not self.idles or self._is_anything_due():
                self.bad_runs += not self.functions.run_renew(count=counts)
            self.stream.read()
            self._hear(patience=HOUR)
            if hour % 24 == 0:
                self.facebook.forget_requests()
            yield hour + 1
        self._hear(patience=0)
        self.ledger.observe()

    def _is_anything_due(self) -> bool:
        return min(self.stream.next_checks.values(), default=self.end) <= self.clock.time()

    def close(self) -> None:
        self.functions.close()
        self.facebook.close()

    def in_trouble(self, begins: float, ends: float) -> bool:
        """Say whether Facebook or AWS was down in between."""
        return any(one.begins <= ends and begins <= one.ends for one in self.troubles)

    def _write_agenda(self) -> None:
        for who in self.characters.values():
            for moment, deed in script.deeds(self.seed, who, start=self.start, end=self.end):
                self._at(moment, partial(self._do, who, deed))
        for trouble in self.troubles:
            for moment in (trouble.begins, trouble.ends):
                self._at(moment, partial(self._begin_or_end, trouble))

    def _at(self, moment: float, deed: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._order), deed))

    def _begin_or_end(self, trouble: Trouble) -> None:
        """Let a trouble begin, or end if it had begun. There may be several at a time."""
        self._troubles_now ^= {trouble}
        self.facebook.recover()
        self.functions.throttling = 0.0
        for one in self._troubles_now:
            if one.what == "facebook":
                self.facebook.fail(one.fault)
            else:
                self.functions.throttling = _THROTTLING

    def _chance(self, who: Character) -> Random:
        """Return dice for the next time that something is up to somebody, whatever happens to others."""
        self._dice[who.number] += 1
        return Random(f"{self.seed}/{who.number}/{self._dice[who.number]}")

    def _do(self, who: Character, deed: script.Deed) -> None:
        if deed == "connect":
            self._log_in(who, "")
            return
        if who.connection_id not in self.ledger.open:
            return
        done = (
            self._remove_app(who)
            if deed == "remove app"
            else self.facebook.take_permission(who, "whatsapp_business_messaging")
            if deed == "take permission back"
            else self.facebook.kill(who, _KILLS[deed])
        )
        self.deeds[deed] += done

    def _log_in(self, who: Character, query: str, attempt: int = 1) -> None:
        self._about_to_log_in.discard(who.connection_id)
        self.ledger.observe([who.connection_id])
        if self.functions.connect(who, query):
            self.deeds["log in"] += 1
            self.logins.setdefault(who.connection_id, []).append(self.clock.time())
        else:
            self.deeds["fail to log in"] += 1
            self.failed_logins[who.connection_id] += 1
            again = self.clock.time() + self._chance(who).uniform(0.1, 12) * HOUR
            if attempt < _MOST_ATTEMPTS and again < self.end - script.LAST_DEED:
                self._about_to_log_in.add(who.connection_id)
                self._at(again, partial(self._log_in, who, query, attempt + 1))
        self.stream.read()

    def _remove_app(self, who: Character) -> bool:
        chance = self._chance(who)
        removed_at = self.clock.time()
        if not self.facebook.kill(who, "app_removed"):
            return False
        prompt, late = chance.uniform(5, 120), chance.uniform(2 * HOUR, 2 * DAY)
        delays = {"prompt": [prompt], "late": [late], "twice": [prompt, late], "lost": []}[who.delivery]
        for delay in delays:
            self._at(removed_at + delay, partial(self._deliver, who, removed_at))
        if chance.random() < 0.4:
            self._log_in_later(who, "", chance.uniform(HOUR, 10 * DAY))
        return True

    def _deliver(self, who: Character, removed_at: float, attempt: int = 1) -> None:
        taken = self.functions.tell_deauthorized(self.facebook.signed_request(who, issued_at=removed_at))
        if taken:
            self.forgotten[who.connection_id] = removed_at
        elif attempt < _MOST_ATTEMPTS:
            self._at(self.clock.time() + HOUR, partial(self._deliver, who, removed_at, attempt + 1))
        self.stream.read()

    def _hear(self, *, patience: float) -> None:
        for happening in self.stream.receive(patience=patience):
            self._react(happening)

    def _react(self, happening: Happening) -> None:
        """Let somebody act on an event, after a while, or not."""
        who = self.characters[happening.connection_id]
        chance = self._chance(who)
        if happening.type in _PEOPLE_ACT_ON and chance.random() < who.diligence:
            query = happening.detail["connect_url"].partition("?")[2]
            delay = 2 * HOUR + chance.expovariate(1 / (30 * HOUR))
            self._log_in_later(who, query, happening.at + delay - self.clock.time())

    def _log_in_later(self, who: Character, query: str, delay: float) -> None:
        moment = self.clock.time() + max(60.0, delay)
        if who.connection_id in self._about_to_log_in or moment > self.end - script.LAST_DEED:
            return
        self._about_to_log_in.add(who.connection_id)
        self._at(moment, partial(self._log_in, who, query))


@contextmanager
def live(
    *,
    account: AwsAccount,
    server: FacebookServer,
    connections: int,
    days: int,
    seed: int,
    idles: bool = False,
) -> Iterator[Life]:
    """Make a world in the environment of the stack, and undo it.

    One that idles leaves out the hourly runs that have nothing to do.
    """
    state = Random(seed)
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("random.uniform", state.uniform)
        life = Life(
            account=account,
            server=server,
            connections=connections,
            days=days,
            seed=seed,
            idles=idles,
            monkeypatch=monkeypatch,
        )
        try:
            yield life
        finally:
            life.close()
