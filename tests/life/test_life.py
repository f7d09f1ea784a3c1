"""A few connections live through four months on moto: the same world as `python -m tests.life`, another seed."""

import importlib
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from local.facebook.server import FacebookServer
from tests.support import stack
from tests.life import report
from tests.life.account import Told
from tests.life.findings import EXPIRED, Findings
from tests.life.functions import Context
from tests.life.life import live


class MotoAccount:
    """Has no streams that call functions, so AnnounceFunction runs here as well."""

    def __init__(self) -> None:
        self._session = boto3.Session()
        stack.deploy(self._session)
        self._announce = importlib.import_module("announce")
        self._announce._bus.meta.events.register("before-call", self._put_events)
        self._told: list[Told] = []
        # Its endpoint for streams cannot be reached under this name of a host.
        table = dynamodb_backends[stack.ACCOUNT][stack.REGION].get_table(stack.CONNECTIONS)
        assert table.stream_shard
        self._shard = table.stream_shard
        self._next = self._shard.starting_sequence_number

    @property
    def prefix(self) -> str:
        return stack.PREFIX

    @property
    def connection_table(self) -> str:
        return stack.CONNECTIONS

    def client(self, service: str) -> Any:
        return self._session.client(service)  # type: ignore[call-overload]

    def changes(self) -> Iterator[dict[str, Any]]:
        records = self._shard.get(self._next, sys.maxsize)
        self._next += len(records)
        assert self._announce.handler({"Records": records}, Context(60_000)) == {"batchItemFailures": []}
        yield from records

    def receive(self, *, seconds: int) -> Iterator[Told]:  # noqa: ARG002 - nothing is under way
        told, self._told = self._told, []
        yield from told

    def _put_events(self, params: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]]:
        for entry in json.loads(params["body"])["Entries"]:
            self._told.append(Told(entry["DetailType"], json.loads(entry["Detail"])))
        return AWSResponse("", 200, HTTPHeaders(), None), {"FailedEntryCount": 0, "Entries": []}


@pytest.fixture
def facebook() -> Iterator[FacebookServer]:
    with FacebookServer(redirect_uris=(stack.REDIRECT_URI,)) as server:
        yield server


@pytest.fixture
def account(facebook: FacebookServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[MotoAccount]:
    """Give the test an account of its own, with nothing of the developer's, and the stack in it."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "POWERTOOLS_", "BOTO_"))]:
        monkeypatch.delenv(name)
    credentials = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    regions = {"AWS_REGION": stack.REGION, "AWS_DEFAULT_REGION": stack.REGION}
    urls = {"GraphUrl": facebook.url, "DialogUrl": facebook.url, "PublicBaseUrl": f"https://{stack.HOST}"}
    for name, value in (credentials | files | regions | stack.environment(urls)).items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        yield MotoAccount()
    sys.modules.pop("announce", None)


def test_no_token_dies_that_could_be_extended_and_every_other_death_is_announced(
    account: MotoAccount, facebook: FacebookServer
) -> None:
    with live(account=account, server=facebook, connections=7, days=120, seed=511, idles=True) as life:
        for _ in life.run():
            pass
        findings = Findings(life)
    assert findings.failures == []
    counted = report.numbers(findings)
    happened = {"Connected", "Reconnected", "Renewed", "Expiring", "Expired", "Revoked", "Deleted"}
    assert happened <= counted["events"].keys()
    assert EXPIRED in counted["read_dead"]
    assert "Of these could have been prevented: 0." in report.text(counted)
