"""What a login calls, and over how many connections: each call is a wait for a person, and each connection a few."""

import importlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from urllib.parse import urlencode, urlsplit

import pytest

from benchmarks.aws_stand_in import AwsStandIn
from facebook_simulator.server import FacebookServer
from tests.support import stack
from tests.support.browser import event_json, state_of
from tests.support.events import Context
from tests.support.facebook import Facebook


@dataclass(frozen=True, slots=True)
class World:
    """The functions, with the SDK's own HTTP beneath them; moto would take its place."""

    authorize: ModuleType
    callback: ModuleType
    facebook: Facebook
    aws: AwsStandIn

    def log_in(self) -> None:
        started = self.authorize.handler(event_json("authorize"), Context())
        back = self.facebook.log_in(started["headers"]["Location"])
        cookies = dict(cookie.partition(";")[0].split("=", 1) for cookie in started["cookies"])
        ended = self.callback.handler(event_json("callback", query=urlsplit(back).query, cookies=cookies), Context())
        assert "connected" in ended["body"]

    def sign_up(self) -> Counter[str]:
        """Finish a login with a code of Facebook's SDK. Return what AWS was asked for before that."""
        started = self.authorize.handler(event_json("authorize"), Context())
        form = {
            "state": state_of(started["headers"]["Location"]),
            "code": self.facebook.control("codes", {"redirect_uri": ""})["code"],
        }
        cookies = dict(cookie.partition(";")[0].split("=", 1) for cookie in started["cookies"])
        headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
        event = event_json("callback", method="POST", cookies=cookies, headers=headers)
        before = Counter(self.aws.calls)
        ended = self.callback.handler(event | {"body": urlencode(form)}, Context())
        assert "connected" in ended["body"]
        return before

    def facebook_connections(self) -> set[int]:
        entries = self.facebook.control("requests", method="GET")["requests"]
        return {entry["connection"] for entry in entries if entry["endpoint"] in GRAPH}


GRAPH = {"oauth/access_token", "debug_token", "phone_numbers"}
PROVIDER = {
    "oauth/access_token": 2,
    "oauth/access_token:authorization_code": 1,
    "oauth/access_token:fb_exchange_token": 1,
    "debug_token": 1,
    "phone_numbers": 1,
}
MOST_AWS_CALLS = 8
REMEMBERED = Counter({"GetParameter": 1, "GetItem": 2})
"""What the first login of an execution environment reads besides: the app secret, and in either function whether logins are
paused."""
STORES = Counter(
    {"PutItem": 1, "UpdateItem": 2, "GetItem": 1, "Encrypt": 1, "TransactWriteItems": 1, "PutParameter": 1}
)


@pytest.fixture
def world(simulator: FacebookServer, facebook: Facebook, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with AwsStandIn(app_secret=stack.APP_SECRET).serving() as aws:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        about = {"GraphUrl": simulator.url, "DialogUrl": simulator.url}
        about["AwsEndpointUrl"] = f"http://127.0.0.1:{aws.port}"
        for name, value in stack.environment(about).items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        monkeypatch.setattr("whatsapp_connect.login_switch.REMEMBERED_S", 3_600)  # on a slow machine, too
        monkeypatch.setenv("AWS_REGION", stack.REGION)
        monkeypatch.setenv("AWS_DEFAULT_REGION", stack.REGION)
        for name in ("authorize", "callback"):
            sys.modules.pop(name, None)
        modules = {name: importlib.import_module(name) for name in ("authorize", "callback")}
        yield World(**modules, facebook=facebook, aws=aws)
        for name in modules:
            sys.modules.pop(name, None)


def test_warm_logins_open_no_connection(world: World) -> None:
    world.log_in()
    assert (
        world.aws.connections == 5
    )  # DynamoDB from either function; KMS and Parameter Store, with two clients, from the second
    for _ in range(2):
        world.log_in()
    assert world.aws.connections == 5
    assert len(world.facebook_connections()) == 1


def test_login_makes_exactly_these_calls(world: World) -> None:
    world.log_in()
    assert world.facebook.counts() | PROVIDER == world.facebook.counts()
    assert world.aws.calls == STORES + REMEMBERED
    assert sum(STORES.values()) <= MOST_AWS_CALLS
    world.log_in()
    assert world.aws.calls == STORES + STORES + REMEMBERED
    before_the_token = [
        entry["endpoint"]
        for entry in world.facebook.control("requests", method="GET")["requests"]
        if entry["endpoint"] in GRAPH - {"phone_numbers"}
    ]
    assert len(before_the_token) == 2 * 3


def test_code_of_the_sdk_waits_for_the_state_and_the_secret_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lives 30 seconds, some of which the person's browser has used."""
    at_the_exchange: list[Counter[str]] = []
    call = world.callback.graph.call

    def note(*arguments: object, **more: object) -> object:
        at_the_exchange.append(Counter(world.aws.calls))
        return call(*arguments, **more)

    monkeypatch.setattr(world.callback.graph, "call", note)
    for secret in (1, 0):
        before = world.sign_up()
        assert at_the_exchange[0] - before == Counter({"UpdateItem": 1, "GetParameter": secret, "GetItem": secret})
        at_the_exchange.clear()
    assert world.facebook.graph_calls()[0] == "oauth/access_token:authorization_code"
