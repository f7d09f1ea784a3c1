"""Callbacks that arrive at the same moment: on the emulator, which serves them from threads as they come.

DynamoDB writes a transaction at a time. moto leaves a gap between looking and writing; the emulator serves one call after
the other, so what two callers see of each other is what they would on AWS. ROUNDS says how often.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.config import Config

from facebook_simulator.server import FacebookServer
from local.emulator import CREDENTIALS, Emulator
from local.port import claim
from tests.support import stack
from tests.support.account import forget_the_developer, give_functions, set_environment
from tests.support.browser import Browser, Console, Reply
from tests.support.clients import Clients
from tests.support.facebook import Facebook
from tests.support.people import MARIA
from tests.support.stored import Stored

AT_ONCE = 200
ROUNDS = int(os.environ.get("ROUNDS", "3"))

Together = Callable[[list[dict[str, Any]]], list[Reply]]


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    directory = tmp_path_factory.mktemp("emulator")
    with Emulator(port=claim(0, variable="EMULATOR_PORT"), directory=directory) as emulator:
        emulator.wait()
        yield emulator


@pytest.fixture(scope="module")
def key(emulator: Emulator) -> str:
    """Return the ARN of a key."""
    arn: str = emulator.session.client("kms", endpoint_url=emulator.url).create_key()["KeyMetadata"]["Arn"]
    return arn


@pytest.fixture(scope="module")
def tables(emulator: Emulator, key: str) -> boto3.Session:
    """Deploy the tables and the app secret, without the rest of the stack."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        forget_the_developer(monkeypatch)
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
        stack.deploy(emulator.session, key_id=key)
    return emulator.session


@pytest.fixture
def deployed(
    emulator: Emulator,
    tables: boto3.Session,
    key: str,
    simulator: FacebookServer,
    monkeypatch: pytest.MonkeyPatch,
) -> boto3.Session:
    """Give the functions the emulator instead of moto."""
    forget_the_developer(monkeypatch)
    urls = {"GraphUrl": simulator.url, "DialogUrl": simulator.url, "AwsEndpointUrl": emulator.url}
    region = {"AWS_DEFAULT_REGION": CREDENTIALS["AWS_REGION"]}
    set_environment(CREDENTIALS | region | stack.environment(urls) | {"TOKEN_KEY_ID": key}, monkeypatch)
    # The emulator takes one connection after the other; two hundred can keep it busy for longer than AWS ever is.
    patient, make = Config(connect_timeout=60, read_timeout=60), tables.client
    clients = Clients(lambda service, **asked: make(service, **asked | {"config": patient}))
    monkeypatch.setattr(tables, "client", clients)
    give_functions(tables, monkeypatch)
    return tables


@pytest.fixture
def together(callback: ModuleType, browser: Browser) -> Together:
    """Open callbacks at once, each on a thread of its own."""

    def together(events: list[dict[str, Any]]) -> list[Reply]:
        barrier = Barrier(len(events))

        def come_back(event: dict[str, Any]) -> Reply:
            barrier.wait(timeout=60)
            return Reply(callback.handler(event, browser.context), [])

        with ThreadPoolExecutor(len(events)) as threads:
            return list(threads.map(come_back, events))

    return together


@pytest.mark.parametrize("_", range(ROUNDS))
def test_one_callback_many_times_at_once_is_one_exchange_and_one_token(
    *, browser: Browser, facebook: Facebook, stored: Stored, console: Console, together: Together, _: int
) -> None:
    stored.delete(MARIA)
    query = browser.log_in()
    titles = [reply.title for reply in together([browser.callback_event(query) for _ in range(AT_ONCE)])]
    assert set(titles) <= {"You are connected", "Almost there"}
    assert "You are connected" in titles
    assert facebook.exchanges == 1
    endings = [line for line in console.read() if "LoginEnded" in line]
    assert [line["reason"] for line in endings] == ["connected"]
    (record,) = stored.records()
    assert [event["type"] for event in record["history"]] == ["Connected"]
    assert record["published"]["version"] == stored.version(MARIA) == 1


@pytest.mark.parametrize("_", range(ROUNDS))
def test_logins_of_one_person_at_once_leave_one_token_and_its_record(
    *, browser: Browser, facebook: Facebook, stored: Stored, console: Console, together: Together, _: int
) -> None:
    """A login that meets a later one gives way, so not each of them has written; nobody is turned away."""
    stored.delete(MARIA)
    events = [browser.callback_event(browser.log_in()) for _ in range(4)]
    titles = [reply.title for reply in together([event for event in events for _ in range(AT_ONCE // 4)])]
    assert set(titles) <= {"You are connected", "Almost there"}
    assert facebook.exchanges == len(events)
    endings = [line["reason"] for line in console.read() if "LoginEnded" in line]
    assert endings == ["connected"] * len(events)
    (record,) = stored.records()
    written = [event["type"] for event in record["history"]]
    assert written == ["Connected", *["Reconnected"] * (len(written) - 1)]
    assert 1 <= len(written) <= len(events)
    # Of the tokens put at once any may be last: then the record says that publishing is due.
    assert record["publish_at"]
