"""What the functions emit in each trouble, and the rows they write: run as deployed, on moto, beside the simulator."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws

from facebook_simulator.account_update import pack
from facebook_simulator.server import FacebookServer
from tests.support import account, stack
from tests.support.browser import Console, event_json
from tests.support.clock import HOUR, MINUTE, SharedClock
from tests.support.events import Context
from tests.support.facebook import Facebook
from tests.support.outage import Outage
from tests.support.world import ENTRIES, World
from tests.template.cloudwatch import Metric
from whatsapp_connect.token_rules import GRAPH_VERSION_ENDS

Values = tuple[tuple[Metric, float], ...]


class Emitted(NamedTuple):
    metrics: Mapping[str, Values]
    """What each kind of event makes a function emit."""
    rows: Mapping[str, list[dict[str, Any]]]
    """The rows of each table, by its logical ID."""
    longest_call: Mapping[str, float]
    """The seconds that one call to AWS takes at most, with every attempt, by entry file."""


class _Printed(Console):
    """What was printed to `text`. What the browser and others take away is kept for `take`."""

    def __init__(self, text: io.StringIO) -> None:
        self._text = text
        self._lines: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        printed = [json.loads(line) for line in self._text.getvalue().splitlines()]
        self._text.seek(0)
        self._text.truncate()
        self._lines += printed
        return printed

    def take(self) -> list[dict[str, Any]]:
        """Return everything since this was last called."""
        self.read()
        lines, self._lines = self._lines, []
        return lines


@cache
def emitted(service: str, namespace: str) -> Emitted:
    """Run every trouble with these two of Powertools' settings, which name the metrics."""
    with _world(service, namespace) as (world, printed):
        metrics = {}
        for trouble in TROUBLES:
            printed.take()
            trouble(world)
            metrics[trouble.__name__] = tuple(_metrics(printed.take()))
        longest = {entry: max(_call_times(world.clients(entry)), default=0.0) for entry in ENTRIES}
        return Emitted(metrics, _rows(world), longest)


@contextmanager
def _world(service: str, namespace: str) -> Iterator[tuple[World, _Printed]]:
    text = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        FacebookServer(
            app_id=stack.APP_ID, app_secret=stack.APP_SECRET, redirect_uris=(stack.REDIRECT_URI,)
        ) as simulator,
        mock_aws(),
        redirect_stdout(text),
        SharedClock() as clock,
    ):
        session = boto3.Session(region_name=stack.REGION)
        account.use(session, monkeypatch)
        account.record_pauses(monkeypatch)
        settings = stack.environment({"GraphUrl": simulator.url, "DialogUrl": simulator.url})
        settings |= {"POWERTOOLS_SERVICE_NAME": service, "POWERTOOLS_METRICS_NAMESPACE": namespace}
        account.set_environment(settings, monkeypatch)
        stack.deploy(session)
        simulator.state.reset()
        simulator.state.clock = clock
        printed = _Printed(text)
        world = World(
            session,
            load=partial(account.load, session),
            facebook=Facebook(simulator.url),
            state=simulator.state,
            clock=clock,
            console=printed,
        )
        yield world, printed


def _rows(world: World) -> dict[str, list[dict[str, Any]]]:
    tables = {
        "StateTable": stack.STATES,
        "LinkTable": stack.LINKS,
        "ConnectionTable": stack.CONNECTIONS,
        "DeletionTable": stack.DELETIONS,
        "BrakeTable": stack.BRAKE,
        "AccountTable": stack.ACCOUNTS,
    }
    client = stack.operator(world.session, "dynamodb")
    return {name: client.scan(TableName=table)["Items"] for name, table in tables.items()}


def _call_times(clients: list[Any]) -> Iterator[float]:
    for client in clients:
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


@contextmanager
def _refusing(world: World, entry: str, operation: str, code: str) -> Iterator[None]:
    """Have AWS refuse what a function asks for meanwhile."""
    outage = Outage(world.clients(entry), operation, code)
    yield
    outage.end()


def connected(world: World) -> None:
    world.log_in()
    world.settle()


def declined(world: World) -> None:
    world.browser().finish(cancel=True)


def unexpected(world: World) -> None:
    query = (browser := world.browser()).log_in()
    with _refusing(world, "callback", "UpdateItem", "AccessDeniedException"):
        browser.come_back(query)


def token_not_stored(world: World) -> None:
    query = (browser := world.browser()).log_in()
    with _refusing(world, "callback", "Encrypt", "ThrottlingException"):
        browser.come_back(query)


def state_foreign(world: World) -> None:
    query = (browser := world.browser()).log_in()
    browser.cookies = dict.fromkeys(browser.cookies, "guess")
    browser.come_back(query)


def cookie_missing(world: World) -> None:
    query = (browser := world.browser()).log_in()
    browser.cookies = {}
    browser.come_back(query)


def facebook_unavailable(world: World) -> None:
    world.facebook.fail_exchange("server_error")
    world.browser().finish()


def facebook_throttled(world: World) -> None:
    world.facebook.fail_exchange("throttled_app")
    world.browser().finish()


def code_rejected(world: World) -> None:
    state = (browser := world.browser()).log_in().partition("state=")[2].partition("&")[0]
    browser.come_back(f"code=made-up&state={state}")


def link_unknown(world: World) -> None:
    world.browser().connect(link="made-up")


def link_made(world: World) -> None:
    world.link("tenant")


def run(world: World) -> None:
    """Find nothing to do."""
    world.after(seconds=5 * MINUTE)


def checked(world: World) -> None:
    world.clock.advance(5 * MINUTE)
    world.ask_for_check()


def run_without_facebook(world: World) -> None:
    world.facebook.fail("debug_token", "server_error", times=None)
    world.after(seconds=5 * MINUTE)
    world.facebook.control("faults", method="DELETE")


def _run_overdue(world: World, seconds: int) -> None:
    world.after(seconds=world.record().next_check_at + seconds - world.clock.now())


def run_with_check_due_for_two_hours(world: World) -> None:
    _run_overdue(world, 2 * HOUR)


def run_with_check_due_for_almost_two_hours(world: World) -> None:
    _run_overdue(world, 2 * HOUR - 1)


def _run_unpublished(world: World, seconds: int) -> None:
    world.log_in()
    publish_at = world.record().publish_at
    assert publish_at
    world.after(seconds=publish_at + seconds - world.clock.now())


def run_with_nothing_published_for_a_quarter_of_an_hour(world: World) -> None:
    _run_unpublished(world, 15 * MINUTE)


def run_with_nothing_published_for_almost_a_quarter_of_an_hour(world: World) -> None:
    _run_unpublished(world, 15 * MINUTE - 1)


def check_crashed(world: World) -> None:
    world.clock.advance(5 * MINUTE)
    with _refusing(world, "check", "GetItem", "AccessDeniedException"):
        world.ask_for_check()


def message_not_understood(world: World) -> None:
    world.check_queue.send("check, please")
    world.settle()


def braked(world: World) -> None:
    """Have Facebook call every token invalid, and not say why."""
    world.populate(5)
    world.facebook.control("debug-token", {"invalid": {}})
    world.after(days=1)
    world.after(seconds=HOUR)
    world.facebook.control("debug-token", {})


def _run_of_version(world: World, version: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(world.functions, "schedule", account.load(world.session, "schedule", GRAPH_VERSION=version))
        world.after(seconds=5 * MINUTE)


def _run_of_version_that_ends(world: World, *, days: float) -> None:
    """Have the version end so many days after the run."""
    end = datetime.fromtimestamp(world.clock.now() + 5 * MINUTE, UTC) + timedelta(days=days)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(GRAPH_VERSION_ENDS, "v25.0", end.replace(tzinfo=None).isoformat())
        _run_of_version(world, "v25.0")


def run_with_90_days_left(world: World) -> None:
    _run_of_version_that_ends(world, days=90)


def run_with_less_than_90_days_left(world: World) -> None:
    _run_of_version_that_ends(world, days=89.9)


def run_with_unserved_graph_version(world: World) -> None:
    _run_of_version(world, "v19.0")


def forgotten(world: World) -> None:
    for kind in ("deauthorize", "data-deletion"):
        world.meta(kind).tell("122100000000000009")


def deauthorize_signature_wrong(world: World) -> None:
    world.meta("deauthorize").tell("1", secret="f" * 32)


def deletion_signature_wrong(world: World) -> None:
    world.meta("data-deletion").tell("1", secret="f" * 32)


def deauthorize_failed(world: World) -> None:
    with _refusing(world, "deauthorize", "Query", "InternalServerError"):
        world.meta("deauthorize").tell("1")


def deletion_failed(world: World) -> None:
    with _refusing(world, "delete_data", "Query", "InternalServerError"):
        world.meta("data-deletion").tell("1")


def _send_webhook(world: World, secret: str, **variables: str) -> None:
    function = account.load(world.session, "whatsapp_webhook", **variables)
    parcel = pack("good", {"object": "whatsapp_business_account", "entry": []}, secret)
    sent = event_json("whatsapp-webhook", method="POST") | {"body": parcel.body.decode()}
    sent["headers"] |= {name.lower(): value for name, value in parcel.headers}
    function.handler(sent, Context())


def webhook_signature_wrong(world: World) -> None:
    _send_webhook(world, "f" * 32)


def webhook_failed(world: World) -> None:
    """Have the app secret missing."""
    _send_webhook(world, "f" * 32, PARAMETER_PREFIX="/elsewhere")


def login_left_to_publish(world: World) -> None:
    """Leave a row that is not published."""
    world.log_in("person1")


TROUBLES: tuple[Callable[[World], None], ...] = (
    connected,
    declined,
    unexpected,
    token_not_stored,
    state_foreign,
    cookie_missing,
    facebook_unavailable,
    facebook_throttled,
    code_rejected,
    link_unknown,
    link_made,
    run,
    checked,
    run_without_facebook,
    run_with_check_due_for_two_hours,
    run_with_check_due_for_almost_two_hours,
    run_with_nothing_published_for_a_quarter_of_an_hour,
    run_with_nothing_published_for_almost_a_quarter_of_an_hour,
    check_crashed,
    message_not_understood,
    run_with_90_days_left,
    run_with_less_than_90_days_left,
    run_with_unserved_graph_version,
    forgotten,
    deauthorize_signature_wrong,
    deauthorize_failed,
    deletion_signature_wrong,
    deletion_failed,
    webhook_signature_wrong,
    webhook_failed,
    braked,
    login_left_to_publish,
)
"""In this order: time passes."""
