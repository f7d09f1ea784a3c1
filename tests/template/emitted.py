"""What the functions emit in each trouble, and the rows they write: run as deployed, on moto, beside the simulator."""

import importlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws

from local.facebook.server import FacebookServer
from tests.support import stack
from tests.support.browser import Browser, Console
from tests.support.clock import DAY, HOUR, SharedClock
from tests.support.facebook import Facebook
from tests.integration.life import people
from tests.support.meta import Meta
from tests.support.outage import Outage
from tests.template.cloudwatch import Metric
from whatsapp_connect.lifecycle import GRAPH_VERSIONS_END

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": stack.REGION,
    "AWS_DEFAULT_REGION": stack.REGION,
}
Values = tuple[tuple[Metric, float], ...]


class Emitted(NamedTuple):
    metrics: Mapping[str, Values]
    """What each kind of event makes a function emit."""
    rows: Mapping[str, list[dict[str, Any]]]
    """The rows of each table, by its logical ID."""
    longest_call: Mapping[str, float]
    """The seconds that one call to AWS takes at most, with every attempt, by entry file."""


@dataclass(frozen=True, slots=True)
class _Context:
    milliseconds: int

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


class _Console(Console):
    """What was printed to `text` since the last look."""

    def __init__(self, text: io.StringIO) -> None:
        self._text = text

    def read(self) -> list[dict[str, Any]]:
        printed = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return [json.loads(line) for line in printed.splitlines()]


@cache
def emitted(service: str, namespace: str) -> Emitted:
    """Run every trouble with these two of Powertools' settings, which name the metrics."""
    with _world(service, namespace) as world:
        metrics = {}
        for trouble in TROUBLES:
            world.console.read()
            trouble(world)
            metrics[trouble.__name__] = tuple(_metrics(world.console.read()))
        entries = ("authorize", "callback", "renew", "announce", "deauthorize", "delete_data")
        longest = {entry: max(_call_times(world.load(entry))) for entry in entries}
        return Emitted(metrics, world.rows(), longest)


@dataclass(slots=True)
class _World:
    session: boto3.Session
    simulator: FacebookServer
    facebook: Facebook
    console: _Console
    clock: SharedClock
    monkeypatch: pytest.MonkeyPatch

    def load(self, name: str, **environment: str) -> ModuleType:
        """Import an entry file as a new execution environment does."""
        sys.modules.pop(name, None)
        with pytest.MonkeyPatch.context() as patch:
            for variable, value in (stack.own_environment(name) | environment).items():
                patch.setenv(variable, value)
            module = importlib.import_module(name)
        sys.modules.pop(name)
        self.clock.wind(module, self.monkeypatch)
        return module

    def browser(self, callback: ModuleType | None = None) -> Browser:
        return Browser(
            authorize=self.load("authorize"),
            callback=callback or self.load("callback"),
            facebook=self.facebook,
            console=_Console(io.StringIO()),  # what is printed is not the browser's to take away
            context=_Context(28_000),
        )

    def meta(self, kind: str) -> Meta:
        function = self.load({"deauthorize": "deauthorize", "data-deletion": "delete_data"}[kind])
        console = _Console(io.StringIO())
        return Meta(kind=kind, function=function, clock=self.clock, console=console, context=_Context(28_000))

    def run(self, *, hours: int = 24, **environment: str) -> None:
        """Let time pass, then have the hourly run take place."""
        self.clock.advance(hours * HOUR)
        renew = self.load("renew", **environment)
        with suppress(RuntimeError):  # the run counts as failed, as it should
            renew.handler({}, _Context(900_000))

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        tables = {"StateTable": stack.STATES, "LinkTable": stack.LINKS, "ConnectionTable": stack.CONNECTIONS}
        client = self.session.client("dynamodb")
        return {name: client.scan(TableName=table)["Items"] for name, table in tables.items()}


@contextmanager
def _world(service: str, namespace: str) -> Iterator[_World]:
    text = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        FacebookServer(
            app_id=stack.APP_ID, app_secret=stack.APP_SECRET, redirect_uris=(stack.REDIRECT_URI,)
        ) as simulator,
        mock_aws(),
        redirect_stdout(text),
    ):
        for name in [name for name in os.environ if name.startswith(("AWS_", "POWERTOOLS_", "BOTO_"))]:
            monkeypatch.delenv(name)
        settings = stack.environment({"GraphUrl": simulator.url, "DialogUrl": simulator.url})
        settings |= {"POWERTOOLS_SERVICE_NAME": service, "POWERTOOLS_METRICS_NAMESPACE": namespace}
        for name, value in (CREDENTIALS | settings).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
        for module in ("graph", "vault", "connections"):
            monkeypatch.setattr(f"whatsapp_connect.{module}.sleep", lambda _: None)
        session = boto3.Session()
        monkeypatch.setattr(boto3, "Session", lambda: session)
        stack.deploy(session)
        clock = SharedClock()
        simulator.state.clock = clock
        yield _World(session, simulator, Facebook(simulator.url), _Console(text), clock, monkeypatch)


def _call_times(module: ModuleType) -> Iterator[float]:
    for found in vars(module).values():
        client = getattr(found, "_client", found)
        if isinstance(client, BaseClient):
            config: Any = client.meta.config
            attempts: int = config.retries["total_max_attempts"]
            yield (config.connect_timeout + config.read_timeout) * attempts


def _metrics(printed: list[dict[str, Any]]) -> Iterator[tuple[Metric, float]]:
    for line in printed:
        for about in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for keys in about["Dimensions"]:
                dimensions = frozenset((key, line[key]) for key in keys)
                for metric in about["Metrics"]:
                    values = line[metric["Name"]]
                    for value in values if isinstance(values, list) else [values]:
                        yield Metric(about["Namespace"], metric["Name"], dimensions), value


def connected(world: _World) -> None:
    world.browser().finish()


def declined(world: _World) -> None:
    world.browser().finish(cancel=True)


def unexpected(world: _World) -> None:
    callback = world.load("callback")
    query = (browser := world.browser(callback)).log_in()
    Outage(callback._dynamodb, "UpdateItem", "AccessDeniedException")
    browser.come_back(query)


def token_not_kept(world: _World) -> None:
    callback = world.load("callback")
    query = (browser := world.browser(callback)).log_in()
    Outage(callback.vault._client, "PutParameter", "ThrottlingException", times=1)
    browser.come_back(query)


def state_foreign(world: _World) -> None:
    query = (browser := world.browser()).log_in()
    browser.cookies = dict.fromkeys(browser.cookies, "guess")
    browser.come_back(query)


def cookie_missing(world: _World) -> None:
    query = (browser := world.browser()).log_in()
    browser.cookies = {}
    browser.come_back(query)


def facebook_unavailable(world: _World) -> None:
    world.facebook.fail_exchange("server_error")
    world.browser().finish()


def facebook_throttled(world: _World) -> None:
    world.facebook.fail_exchange("throttled_app")
    world.browser().finish()


def code_rejected(world: _World) -> None:
    state = (browser := world.browser()).log_in().partition("state=")[2].partition("&")[0]
    browser.come_back(f"code=made-up&state={state}")


def link_unknown(world: _World) -> None:
    world.browser().connect(link="made-up")


def run(world: _World) -> None:
    """Find nothing wrong: a token is checked, and it is not the hour of the sweep."""
    world.run()


def run_with_sweep(world: _World) -> None:
    """Go on from noon, when the clock starts, to four in the morning."""
    world.run(hours=16)


def run_with_orphan(world: _World) -> None:
    client = world.session.client("ssm")
    name = f"{stack.PREFIX}/connections/stray/access-token"
    client.put_parameter(Name=name, Value="x", Type="SecureString", KeyId=stack.KEY)
    world.run()
    client.delete_parameter(Name=name)


def run_without_facebook(world: _World) -> None:
    world.simulator.state.populate(people(6))
    for person in world.simulator.state.people:
        world.browser().finish(person=person.key)
    world.facebook.fail("debug_token", "server_error", times=None)
    world.run()
    world.facebook.control("faults", method="DELETE")


def _run_with_graph_version_that_ends(world: _World, days: int) -> None:
    end = datetime.fromtimestamp(world.clock.now(), UTC) + timedelta(days=days + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(GRAPH_VERSIONS_END, "v25.0", end.date().isoformat())
        world.run(GRAPH_VERSION="v25.0")


def run_with_91_days_left(world: _World) -> None:
    _run_with_graph_version_that_ends(world, 91)


def run_with_90_days_left(world: _World) -> None:
    """Have the version end at midnight of the ninetieth day."""
    _run_with_graph_version_that_ends(world, 90)


def run_with_unserved_graph_version(world: _World) -> None:
    world.run(GRAPH_VERSION="v19.0")


def forgotten(world: _World) -> None:
    for kind in ("deauthorize", "data-deletion"):
        world.meta(kind).tell("122100000000000009")


def deauthorize_signature_wrong(world: _World) -> None:
    world.meta("deauthorize").tell("1", secret="f" * 32)


def deletion_signature_wrong(world: _World) -> None:
    world.meta("data-deletion").tell("1", secret="f" * 32)


def deauthorize_failed(world: _World) -> None:
    meta = world.meta("deauthorize")
    Outage(meta.function.connections._client, "Query", "InternalServerError")
    meta.tell("1")


def deletion_failed(world: _World) -> None:
    meta = world.meta("data-deletion")
    Outage(meta.function.connections._client, "Query", "InternalServerError")
    meta.tell("1")


def link_made(world: _World) -> None:
    world.load("callback").links.create("tenant", lifetime=DAY, uses=1, new_user=False)


TROUBLES: tuple[Callable[[_World], None], ...] = (
    connected,
    declined,
    unexpected,
    token_not_kept,
    state_foreign,
    cookie_missing,
    facebook_unavailable,
    facebook_throttled,
    code_rejected,
    link_unknown,
    link_made,
    run,
    run_with_sweep,
    run_with_orphan,
    run_without_facebook,
    run_with_91_days_left,
    run_with_90_days_left,
    run_with_unserved_graph_version,
    forgotten,
    deauthorize_signature_wrong,
    deauthorize_failed,
    deletion_signature_wrong,
    deletion_failed,
)
"""In this order: time passes."""
