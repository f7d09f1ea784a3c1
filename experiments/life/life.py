"""Run the experiment: people, Facebook and AWS follow the script, and the schedule runs every hour."""

import heapq
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.dynamodb.models.table import Table

from experiments.life import script
from experiments.life.facebook import CONFIG_ID, Habits
from experiments.life.ledger import Ledger
from experiments.life.script import Character, Trouble
from facebook_simulator.death import Reason
from tests.support.clock import DAY, HOUR
from tests.support.world import Run, World

_KILLS: dict[script.Deed, Reason] = {
    "change password": "password_changed",
    "log out everywhere": "logged_out",
    "be checked by Facebook": "checkpoint",
    "revoke system user": "revoked",
}
_PEOPLE_ACT_ON = frozenset({"Expiring", "Expired", "Revoked", "ScopesReduced", "DataAccessEnded"})
_MOST_ATTEMPTS = 12
_THROTTLING = 0.2
"""The share of calls that AWS refuses while it is in trouble."""
_NO_CHECK = frozenset({"dropped", "later", "compared"})
_TO_BE_REPEATED = frozenset({"failed", "postponed", "unavailable", "doubtful", "braked"})


@dataclass(frozen=True, slots=True)
class Happening:
    """A lifecycle event, with the time at which it was published."""

    at: float
    connection_id: str
    type: str
    detail: Mapping[str, Any]


class Life:
    """One run of the experiment. Its attributes hold what happened."""

    def __init__(
        self, world: World, *, connections: int, days: int, seed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.world = world
        self.seed = seed
        self.days = days
        self.start = world.clock.now()
        self.end = self.start + days * DAY
        drawn = (script.character(seed, number) for number in range(connections))
        self.characters = {one.connection_id: one for one in drawn}
        self.troubles = script.troubles(seed, start=self.start, end=self.end)
        self.facebook = Habits(world, self.characters, monkeypatch)
        self.ledger = Ledger(self.facebook, world.clock, monkeypatch)
        self.happenings: list[Happening] = []
        self.deeds: Counter[str] = Counter()
        self.logins: dict[str, list[float]] = {}
        """The times of each connection's logins."""
        self.forgotten: dict[str, float] = {}
        """When people removed the app, for those whose deauthorize request was accepted."""
        self.failed_logins: Counter[str] = Counter()
        self.runs: list[Counter[str]] = []
        """The number of checks by outcome, for each run of the schedule."""
        self.checks: Counter[str] = Counter()
        """The number of checks that called Facebook, by connection."""
        self.retries: Counter[str] = Counter()
        self.bad_runs = 0
        self.throttled = 0
        self.logged: Counter[str] = Counter()
        self._throttling = 0.0
        self._chance_of_throttling = Random("throttling")
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._about_to_log_in: set[str] = set()
        self._dice: Counter[int] = Counter()
        self._troubles_now: set[Trouble] = set()
        # moto copies the tables before each transaction, to restore them if it is cancelled. Here none is cancelled,
        # because people log in one after the other, so the copy is left out.
        monkeypatch.setattr(Table, "__deepcopy__", lambda table, _: table, raising=False)
        for client in {id(client): client for client in _clients(world)}.values():
            client.meta.events.register("before-call", self._throttle)
            client.meta.events.register("after-call.dynamodb.TransactWriteItems", _require_not_cancelled)
        self._write_agenda()

    def run(self) -> Iterator[int]:
        """Run hour by hour, and yield the number of each finished day."""
        for hour in range(self.days * 24):
            tick = self.start + (hour + 1) * HOUR
            while self._agenda and self._agenda[0][0] <= tick:
                moment, _, deed = heapq.heappop(self._agenda)
                self._move_to(moment)
                deed()
                self._settle()
            self._move_to(tick)
            self.ledger.observe()
            if self._has_work():
                self._schedule()
            self._hear()
            if hour % 24 == 23:
                self.facebook.forget_requests()
                yield (hour + 1) // 24
        for _ in range(4):  # for work that was postponed by up to an hour
            self.world.clock.advance(HOUR)
            self._schedule()
            self._hear()
        self.ledger.observe()

    def in_trouble(self, begins: float, ends: float, *, what: str = "") -> bool:
        """Return whether Facebook or AWS, or the one named, was down in between."""
        return any(one.begins <= ends and begins <= one.ends for one in self.troubles if what in {"", one.what})

    def _move_to(self, moment: float) -> None:
        self.world.clock.advance(max(0, int(moment) - self.world.clock.now()))

    def _has_work(self) -> bool:
        connections = self.world.connections
        return connections.oldest_due_at() is not None or connections.oldest_unpublished_at() is not None

    def _schedule(self) -> None:
        try:
            run = self.world.schedule()
        except Exception:  # noqa: BLE001  on Lambda this run would fail as well, and the next one would start
            self.bad_runs += 1
            self._settle()
            return
        self.runs.append(Counter(run.outcomes))
        self._note(run)

    def _settle(self) -> None:
        self._note(self.world.during(lambda: None))

    def _note(self, run: Run) -> None:
        for line in run.printed:
            if "reason" in line and line.get("level") in {"WARNING", "ERROR"}:
                self.logged[f"{line['message']}: {line['reason']}"] += 1
            if line.get("message") == "check crashed":
                self.retries[line["connection_id"]] += 1
        for line in run.logs("checked"):
            self.checks[line["connection_id"]] += line["outcome"] not in _NO_CHECK
            self.retries[line["connection_id"]] += line["outcome"] in _TO_BE_REPEATED

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
        """Begin a trouble, or end it if it has begun. Several can be active at a time."""
        self._troubles_now ^= {trouble}
        self.facebook.recover()
        self._throttling = 0.0
        for one in self._troubles_now:
            if one.what == "facebook":
                self.facebook.fail(one.fault)
            else:
                self._throttling = _THROTTLING

    def _throttle(self, **_: object) -> tuple[AWSResponse, Mapping[str, Any]] | None:
        """Refuse a call as the SDK does after its last retry."""
        if not self._throttling or self._chance_of_throttling.random() >= self._throttling:
            return None
        self.throttled += 1
        error = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
        return AWSResponse("", 400, HTTPHeaders(), None), error

    def _chance(self, who: Character) -> Random:
        """Return the random numbers for a person's next decision. They do not depend on other people."""
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
            else self.facebook.revoke_permission(who, "whatsapp_business_messaging")
            if deed == "take permission back"
            else self.facebook.kill(who, _KILLS[deed])
        )
        self.deeds[deed] += done

    def _log_in(self, who: Character, query: str, attempt: int = 1) -> None:
        self._about_to_log_in.discard(who.connection_id)
        self.ledger.observe([who.connection_id])
        if self._connect(who, query):
            self.deeds["log in"] += 1
            self.logins.setdefault(who.connection_id, []).append(self.world.clock.now())
            return
        self.deeds["fail to log in"] += 1
        self.failed_logins[who.connection_id] += 1
        again = self.world.clock.now() + self._chance(who).uniform(0.1, 12) * HOUR
        if attempt < _MOST_ATTEMPTS and again < self.end - script.QUIET_END_S:
            self._about_to_log_in.add(who.connection_id)
            self._at(again, partial(self._log_in, who, query, attempt + 1))

    def _connect(self, who: Character, query: str) -> bool:
        """Log in, a second time if a permission was missing, and return whether the person is connected."""
        authorize = self.world.functions["authorize"]
        config_id = CONFIG_ID if who.is_system_user else ""
        authorize.settings = replace(authorize.settings, login_config_id=config_id)  # type: ignore[attr-defined]
        for connect in (query, "auth_type=rerequest"):
            browser = self.world.browser()
            away = browser.connect(connect)
            if away.status != 302:
                return False
            page = browser.come_back(self.facebook.log_in(who, away.location))
            if page.status != 403:
                return page.status == 200
        return False

    def _remove_app(self, who: Character) -> bool:
        chance = self._chance(who)
        removed_at = self.world.clock.now()
        if not self.facebook.kill(who, "app_removed"):
            return False
        prompt, late = chance.uniform(5, 120), chance.uniform(2 * HOUR, 2 * DAY)
        delays = {"prompt": [prompt], "late": [late], "twice": [prompt, late], "lost": []}[who.delivery]
        for delay in delays:
            self._at(removed_at + delay, partial(self._deliver, who, removed_at))
        if chance.random() < 0.4:
            self._log_in_later(who, "", chance.uniform(HOUR, 10 * DAY))
        return True

    def _deliver(self, who: Character, removed_at: int, attempt: int = 1) -> None:
        if self.world.meta("deauthorize").tell(who.connection_id, issued_at=removed_at).status == 200:
            self.forgotten[who.connection_id] = removed_at
        elif attempt < _MOST_ATTEMPTS:
            self._at(self.world.clock.now() + HOUR, partial(self._deliver, who, removed_at, attempt + 1))

    def _hear(self) -> None:
        for told in self.world.sent_events():
            happening = Happening(self.world.clock.now(), told.detail["connection_id"], told.type, told.detail)
            self.happenings.append(happening)
            self._react(happening)

    def _react(self, happening: Happening) -> None:
        """Let the person act on an event after some time, depending on their diligence."""
        who = self.characters[happening.connection_id]
        chance = self._chance(who)
        if happening.type in _PEOPLE_ACT_ON and chance.random() < who.diligence:
            query = happening.detail["reconnect_url"].partition("?")[2]
            self._log_in_later(who, query, 2 * HOUR + chance.expovariate(1 / (30 * HOUR)))

    def _log_in_later(self, who: Character, query: str, delay: float) -> None:
        moment = self.world.clock.now() + max(60.0, delay)
        if who.connection_id in self._about_to_log_in or moment > self.end - script.QUIET_END_S:
            return
        self._about_to_log_in.add(who.connection_id)
        self._at(moment, partial(self._log_in, who, query))


def _clients(world: World) -> Iterator[Any]:
    """Yield the AWS clients of the functions."""
    for module in world.functions.values():
        flow = getattr(module, "flow", None)
        for owner in [*vars(module).values(), *(vars(flow).values() if flow else ())]:
            client = getattr(owner, "_client", None)
            if client is not None and hasattr(client, "meta"):
                yield client


def _require_not_cancelled(parsed: Mapping[str, Any], **_: object) -> None:
    code = parsed.get("Error", {}).get("Code")
    if code == "TransactionCanceledException":
        raise RuntimeError("a transaction was cancelled, which moto cannot undo here")


def contradictions(happenings: list[Happening], world: World) -> list[str]:
    """Return the connections whose last event has another status than their metadata parameter."""
    last = {one.connection_id: one for one in happenings}
    parameters = world.stored.parameters()
    texts = {name.split("/")[-2]: text for name, text in parameters.items() if name.endswith("/metadata")}
    found: list[str] = []
    for connection_id, happening in last.items():
        status = json.loads(texts[connection_id])["status"] if connection_id in texts else "forgotten"
        if happening.detail["status"] != status:
            found.append(f"{connection_id}: the last event says {happening.detail['status']}, the metadata {status}")
    return found
