"""Callbacks that arrive at the same moment."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from types import ModuleType
from typing import Any

import boto3
import pytest

from tests.integration import stack
from tests.integration.browser import Browser, Console, Reply, event_json
from tests.integration.facebook import Facebook
from tests.integration.kept import Kept

MARIA = "122100000000000001"
Together = Callable[..., list[Reply]]


@pytest.fixture
def together(callback: ModuleType, monkeypatch: pytest.MonkeyPatch, browser: Browser) -> Together:
    """Open callbacks at once, in one browser."""
    # DynamoDB and Parameter Store write an item at a time; moto leaves a gap between looking and writing.
    for client, operation in ((callback._dynamodb, "update_item"), (callback.vault._client, "put_parameter")):
        monkeypatch.setattr(client, operation, one_at_a_time(getattr(client, operation)))

    def together(*queries: str) -> list[Reply]:
        barrier = Barrier(len(queries))

        def come_back(query: str) -> Reply:
            sent = event_json("callback", query=query, cookies=browser.cookies)
            barrier.wait(timeout=10)
            return Reply(callback.handler(sent, browser.context), [])

        with ThreadPoolExecutor(len(queries)) as threads:
            return list(threads.map(come_back, queries))

    return together


def one_at_a_time(call: Callable[..., Any]) -> Callable[..., Any]:
    lock = Lock()

    def locked(**arguments: Any) -> Any:
        with lock:
            return call(**arguments)

    return locked


@pytest.mark.parametrize("_", range(3))
def test_one_callback_many_times_at_once_is_one_exchange(
    browser: Browser, facebook: Facebook, kept: Kept, console: Console, *, together: Together, _: int
) -> None:
    query = browser.log_in()
    replies = together(*[query] * 8)
    titles = [reply.title for reply in replies]
    assert set(titles) <= {"You're connected", "Almost there"}
    assert "You're connected" in titles
    assert facebook.exchanges == 1
    endings = [line for line in console.read() if "LoginEnded" in line]
    assert [line["reason"] for line in endings] == ["connected"]
    (record,) = kept.records()
    assert (record["token_version"], record["generation"]) == (1, 1)


def test_two_logins_of_one_person_at_once_leave_one_token_and_its_record(
    browser: Browser, facebook: Facebook, together: Together, deployed: boto3.Session, kept: Kept
) -> None:
    replies = together(browser.log_in(), browser.log_in())
    assert [reply.title for reply in replies] == ["You're connected"] * 2
    assert facebook.exchanges == 2
    (record,) = kept.records()
    name = f"{stack.PREFIX}/connections/{MARIA}/access-token"
    stored = deployed.client("ssm").get_parameter(Name=name)["Parameter"]
    assert (record["token_version"], record["generation"]) == (2, 2)
    assert stored["Version"] == 2
    assert json.dumps(record, default=str).count("lease") == 0
