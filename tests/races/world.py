"""One connection that two people share, everybody who writes to it, and what must be true of it at every moment."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal

import pytest

from local.facebook.model import Token
from local.facebook.variant import pack
from tests.support import stack
from tests.support.browser import Browser, Console, event_json
from tests.support.clock import DAY, HOUR, START
from tests.support.interleaving import EVERY_CALL, on_each_call
from tests.integration.life import JONAS, MARIA, Context, Life
from tests.support.meta import Meta
from tests.races.worker import Killed, Worker
from whatsapp_connect.model import LAST_MOMENT, AccessToken, Inspection

PEOPLE = {"maria": MARIA, "jonas": JONAS}
ACCOUNTS = {"maria": "300000000000001", "jonas": "300000000000004"}
SHOP = "shop"
"""The connection, named by a link that anybody may use who is sent it."""
Webhook = Literal["deauthorize", "data-deletion"]

_GATEWAY = 28
_RUN = 900
_LIVING = frozenset({"active", "expiring"})


@dataclass(slots=True)
class Login:
    """A login that is to come back, for the first time or again."""

    user_id: str
    event: dict[str, Any]
    ended: bool = False
    """Whether the person was told that they are connected."""


@dataclass(slots=True)
class History:
    """What happened to the connection so far."""

    exchanges: Counter[str] = field(default_factory=Counter)
    inspected: dict[str, Inspection] = field(default_factory=dict)
    """What Facebook's debugger said of tokens it called valid, by token."""
    origins: dict[str, str] = field(default_factory=dict)
    """The code that each token came of, however often it was extended since."""
    published: list[str] = field(default_factory=list)
    """The codes whose tokens logins have published, in order."""
    told: dict[str, Login] = field(default_factory=dict)
    """Logins that were told they are connected, by code."""
    forgotten: bool = False
    """Whether a webhook came at any time since the last login began."""
    was_late: bool = False
    """Whether somebody wrote long after looking at the lease: then the next checks put it right."""
    was_killed: bool = False


class World:
    """Make one for all examples, and begin each with `reset`."""

    def __init__(
        self,
        *,
        life: Life,
        metas: dict[Webhook, Meta],
        authorize: ModuleType,
        new_browser: Callable[[], Browser],
        console: Console,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self.life = life
        self._console = console
        self._metas = metas
        self._new_browser = new_browser
        self.workers: list[Worker] = []
        self.logins: list[Login] = []
        self.history = History()
        self._link = ""
        modules = [life.renew, life.callback, *(meta.function for meta in metas.values())]
        life.clock.wind(authorize, monkeypatch)
        for module in modules:
            monkeypatch.setattr(module, "monotonic", life.clock.time)
            monkeypatch.setattr(module.vault, "_clock", life.clock.time)
            on_each_call(module, self._call, monkeypatch)
        for module in (life.callback, authorize):
            monkeypatch.setattr(module.links, "_clock", life.clock.time)
        for name in ("graph", "connections"):
            monkeypatch.setattr(f"whatsapp_connect.{name}.monotonic", life.clock.time)
        monkeypatch.setattr("whatsapp_connect.connections.sleep", self._wait)
        for module in (life.renew, life.callback):
            monkeypatch.setattr(module.graph, "inspect", self._inspecting(module.graph.inspect))
        monkeypatch.setattr(life.callback.vault, "put_token", self._publishing(life.callback.vault.put_token))
        state = life.state
        monkeypatch.setattr(state, "redeem", self._redeeming(state.redeem))
        monkeypatch.setattr(state, "extend", self._extending(state.extend))
        self._functions = modules

    def reset(self) -> None:
        """Begin again with nobody connected."""
        life = self.life
        self.workers.clear()
        self.logins.clear()
        life.kept.delete(SHOP)
        life.stream.bring()
        life.state.reset()
        life.state.clock = life.clock
        life.clock.offset = START
        for function in self._functions:
            function.vault.forget_app_secret()
            function.vault.app_secret()
        for name in PEOPLE:
            life.facebook.control("tokens", {"person": name})  # so that Facebook knows them
        self._link = life.callback.links.create(SHOP, lifetime=2000 * DAY, uses=10_000, new_user=True)
        self.history = History()
        self._read_output()

    # What can happen

    def log_in(self, person: str) -> None:
        """Let a person come as far as the callback, which begins."""
        browser = self._new_browser()
        query = browser.log_in(link=self._link, person=person, wabas=[ACCOUNTS[person]])
        self.history.forgotten = False
        self.logins.append(Login(PEOPLE[person], browser.callback_event(query)))
        self.come_back(self.logins[-1])

    def come_back(self, login: Login) -> None:
        """Open the callback of a login, perhaps not for the first time."""
        event = login.event | {"requestContext": event_json("callback")["requestContext"]}

        def work() -> None:
            page = self.life.callback.handler(event, Context(_GATEWAY * 1000)).get("body", "")
            if "You're connected" in page:
                (code,) = [code for code in self.history.exchanges if code in login.event["rawQueryString"]]
                self.history.told[code] = login

        self._begin(f"login of {login.user_id}", work, _GATEWAY)

    def check(self, *, asked_for: bool) -> None:
        """Let the hourly run begin, perhaps because an operator asked for it."""
        if asked_for:
            self.life.renew.connections.make_due(SHOP)
        self._begin("renewal", lambda: self.life.renew.check_due(deadline=float("inf")), _RUN)

    def notify(self, webhook: Webhook, person: str, *, seconds_ago: int) -> None:
        """Let Meta say that a person removed the app, or wants their data deleted."""
        user_id = PEOPLE[person]
        issued_at = self.life.clock.now() - seconds_ago
        record = self.life.kept.record(SHOP) or {}
        is_theirs = record.get("user_id") == user_id
        to_forget = _age(record) if is_theirs and max(_age(record)) <= issued_at else None
        self.history.forgotten = True
        meta = self._metas[webhook]
        said = {"algorithm": "HMAC-SHA256", "issued_at": issued_at, "user_id": user_id}
        event = meta.event(pack("good", said, stack.APP_SECRET))

        def work() -> None:
            answer = meta.function.handler(event, Context(_GATEWAY * 1000))
            if answer["statusCode"] == 200 and to_forget is not None:
                left = self.life.kept.record(SHOP)
                assert not left or left["user_id"] != user_id or _age(left) != to_forget

        self._begin(f"{webhook} of {user_id}", work, _GATEWAY)

    def lose_token(self, person: str) -> None:
        """Let every token of a person die at Facebook."""
        for identity in self.life.state.identities():
            if identity.user_id == PEOPLE[person]:
                self.life.state.kill_all(identity, "password_changed")

    def go_on(self, which: int, calls: int) -> None:
        """Let one of those at work, counted round and round, make so many calls; check what must be true then."""
        if self.workers:
            worker = self.workers[which % len(self.workers)]
            worker.run(calls)
            self._look_after(worker)

    def kill(self, which: int, calls: int) -> None:
        """Kill one of those at work before one of its calls, unless it comes to its end first."""
        worker = self.workers[which % len(self.workers)]
        worker.run(calls)
        if not worker.finished:
            worker.kill()
        self._look_after(worker)

    def settle(self) -> None:
        """Let everybody come to an end, the leases too, and the next runs do their work."""
        for _ in range(200):
            for which in range(len(self.workers)):
                self.go_on(which, EVERY_CALL)
            if not self.workers:
                break
            self.life.clock.advance(1)
        assert not self.workers
        self._check_now()
        for _ in range(2):
            self.life.clock.advance(HOUR)
            self.life.stream.bring()
            self.life.renew.check_due(deadline=float("inf"))

    # What must be true

    def _check_now(self) -> None:
        """Check what is true at every moment, whoever is stopped wherever."""
        history = self.history
        assert all(number == 1 for number in history.exchanges.values()), "a code was exchanged twice"
        if history.was_late:
            return
        record = self.life.kept.record(SHOP)
        value = self.life.kept.token(SHOP)
        if value is not None:
            assert record, "a token that no record knows"
            assert record["due"] == "due", "a token that is not watched"
            assert record["next_check_at"] <= self.life.clock.time() + DAY
            assert value in history.inspected, "a token that was not proven"
            self._check_order(value)
            if self._is_at_rest(record):
                assert history.inspected[value].user_id == record["user_id"], "somebody else's token"
                assert record["token_version"] == self.life.version(SHOP)
        if record and record["status"] in _LIVING:
            described = self._stored(int(record["token_version"]))
            if described:
                assert described.expires_at == record["token_expires_at"]
                assert described.identity.user_id == record["user_id"]

    def check_in_the_end(self) -> None:
        """Check that all is well once everybody has come to an end and the next runs are over."""
        life, history = self.life, self.history
        assert all(number == 1 for number in history.exchanges.values()), "a code was exchanged twice"
        value, record = life.kept.token(SHOP), life.kept.record(SHOP)
        if value is not None and record is None:
            assert history.was_late, "a token that no record knows"
            return  # the daily look says it: tests/integration/test_one_writer.py
        life.assert_healthy()
        if value is not None:
            self._check_order(value)
        elif not history.forgotten and not history.was_late and self._last_is_alive():
            pytest.fail("somebody who is connected lost the token")

    def _check_order(self, value: str) -> None:
        """Check that a token, or what it was extended from, is not older than the last login that ended well."""
        published, origin = self.history.published, self.history.origins[value]
        ended = [number for number, code in enumerate(published) if code in self.history.told]
        assert origin in published[max(ended, default=0) :], "an older token was put over a newer login's"

    def _is_at_rest(self, record: dict[str, Any]) -> bool:
        return not self.workers and not self.history.was_killed and "lease_until" not in record

    def _last_is_alive(self) -> bool:
        """Say whether a token of the last login that ended well is still good at Facebook."""
        ended = [code for code in self.history.published if code in self.history.told]
        values = [value for value, code in self.history.origins.items() if ended and code == ended[-1]]
        tokens = [token for value in values if (token := self.life.state.token(value))]
        return any(
            token.value in self.history.inspected and self.life.state.fault_of(token) is None
            for token in tokens
        )

    def _stored(self, version: int) -> Token | None:
        value = self.life.kept.token(SHOP, version)
        return self.life.state.token(value) if value else None

    # Behind the scenes

    def _begin(self, name: str, work: Callable[[], object], timeout: int) -> None:
        self.workers.append(Worker(name, work, clock=self.life.clock, timeout=timeout))

    def _look_after(self, worker: Worker) -> None:
        self.history.was_late |= worker.was_late
        if worker.finished:
            self.workers.remove(worker)
            if isinstance(worker.result, Killed):
                self.history.was_killed = True
            elif isinstance(worker.result, BaseException):
                raise worker.result
        for line in self._read_output():
            assert line.get("reason") != "unexpected", line
        self._check_now()

    def _read_output(self) -> list[dict[str, Any]]:
        return self._console.read()

    def _call(self, name: str) -> None:
        for worker in self.workers:
            worker.before_call(name)

    def _wait(self, seconds: float) -> None:
        for worker in self.workers:
            worker.wait(seconds)

    def _inspecting(self, inspect: Callable[..., Inspection]) -> Callable[..., Inspection]:
        def inspecting(token: AccessToken, **arguments: Any) -> Inspection:
            inspection = inspect(token, **arguments)
            if inspection.is_valid:
                self.history.inspected[token.value] = inspection
            return inspection

        return inspecting

    def _publishing(self, put_token: Callable[..., int]) -> Callable[..., int]:
        def publishing(connection_id: str, token: AccessToken) -> int:
            version = put_token(connection_id, token)
            self.history.published.append(self.history.origins[token.value])
            return version

        return publishing

    def _redeeming(self, redeem: Callable[..., Token]) -> Callable[..., Token]:
        def redeeming(app: Any, value: str, redirect_uri: str) -> Token:
            self.history.exchanges[value] += 1
            token = redeem(app, value, redirect_uri)
            self.history.origins[token.value] = value
            return token

        return redeeming

    def _extending(self, extend: Callable[..., Token]) -> Callable[..., Token]:
        def extending(token: Token, **arguments: Any) -> Token:
            extended = extend(token, **arguments)
            if token.value in self.history.origins:
                self.history.origins[extended.value] = self.history.origins[token.value]
            return extended

        return extending


def _age(record: dict[str, Any]) -> tuple[int, int]:
    """Return when a connection was made and its token issued; a login may be cut off between the two."""
    return int(record.get("connected_at", LAST_MOMENT)), int(record.get("issued_at", LAST_MOMENT))
