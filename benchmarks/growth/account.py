"""The stack on moto, with as many connections as asked for, and what the functions use of it metered."""

import importlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
from boto3.dynamodb.types import TypeDeserializer
from moto import mock_aws
from moto.dynamodb.models.dynamo_type import DynamoType

from benchmarks.growth.index import DueIndex
from benchmarks.growth.meter import Meter
from benchmarks.subjects.provider import Provider, token_of, user_id_of
from benchmarks.subjects.subject import cookies_of, gateway_event
from tests.integration import stack

HOUR = 3600
CHECK_INTERVAL = round(0.95 * 86400)
"""Seconds between two checks of a connection, on average."""

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


class _Context:
    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@dataclass(frozen=True, slots=True)
class Account:
    meter: Meter
    functions: Mapping[str, ModuleType]
    _ssm: Any

    @property
    def renew(self) -> ModuleType:
        return self.functions["renew"]

    def log_in(self, user_id: str) -> None:
        """Have somebody log in, from the connect link to the page that says so."""
        response = self.functions["authorize"].handler(gateway_event("/connect"), _Context())
        query = {
            "code": f"code-{user_id}",
            "state": parse_qs(urlsplit(response["headers"]["Location"]).query)["state"][0],
        }
        sent = gateway_event("/callback", query, cookies_of(response["cookies"]))
        response = self.functions["callback"].handler(sent, _Context())
        if response["statusCode"] != 200:
            raise RuntimeError(f"a login failed: {response['body']}")

    def populate(self, number: int, *, pattern: str) -> None:
        """Write so many connections, each as the one named is, to be checked at any time within a day."""
        table, now = self.meter.table(stack.CONNECTIONS), int(time())
        item = self._record(pattern)
        table.stream_shard, stream = None, table.stream_shard  # nobody reads it
        for one in range(number):
            # Straight into the table: a hundred thousand requests would take longer than everything else.
            table.put_item(
                _of(item, user_id_of(one), next_check_at=now - HOUR + one * CHECK_INTERVAL // number)
            )
        table.stream_shard = stream

    def make_due(self, user_id: str, *, pattern: str, is_old: bool) -> None:
        """Write a connection that is due, with its parameters; an old token wants to be extended."""
        item = _of(self._record(pattern), user_id, next_check_at=0)
        self.meter.table(stack.CONNECTIONS).put_item(item)
        record = {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
        metadata = importlib.import_module("whatsapp_connect.events").metadata(record)
        token = token_of(user_id) + ("-old" if is_old else "")
        for name, value, kind in (
            ("access-token", token, "SecureString"),
            ("metadata", json.dumps(metadata), "String"),
        ):
            self._ssm.put_parameter(
                Name=f"{stack.PREFIX}/connections/{user_id}/{name}", Value=value, Type=kind
            )

    def remove(self, user_ids: Iterable[str]) -> None:
        """Delete connections."""
        table = self.meter.table(stack.CONNECTIONS)
        for user_id in user_ids:
            table.delete_item(DynamoType({"S": user_id}), None)

    def hour(self) -> int:
        """Return the hour of the day that it is for RenewFunction."""
        return datetime.fromtimestamp(self.renew.now(), UTC).hour

    def _record(self, connection_id: str) -> dict[str, Any]:
        table = self.meter.table(stack.CONNECTIONS)
        attributes: dict[str, Any] = table.get_item(DynamoType({"S": connection_id})).to_json()["Attributes"]
        return attributes


def _of(pattern: Mapping[str, Any], user_id: str, *, next_check_at: int) -> dict[str, Any]:
    return {
        **pattern,
        "connection_id": {"S": user_id},
        "user_id": {"S": user_id},
        "parameter_name": {"S": f"{stack.PREFIX}/connections/{user_id}/access-token"},
        "next_check_at": {"N": str(next_check_at)},
    }


@contextmanager
def account(provider: Provider) -> Iterator[Account]:
    """Give an account of its own, with the functions loaded in it."""
    environment = stack.environment({"GraphUrl": provider.url, "DialogUrl": provider.url})
    environment |= _CREDENTIALS | {"AWS_REGION": stack.REGION, "AWS_DEFAULT_REGION": stack.REGION}
    environment |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    kept = dict(os.environ)
    os.environ |= environment
    sys.path.insert(0, str(stack.ROOT / "functions"))
    try:
        with mock_aws():
            session = boto3.Session()
            stack.deploy(session)
            meter = Meter(account=stack.ACCOUNT, region=stack.REGION)
            functions = {name: _load(name) for name in ("authorize", "callback", "renew")}
            for function in functions.values():
                function.logger.setLevel("CRITICAL")
                owners = [getattr(function, name, None) for name in ("states", "connections", "vault")]
                clients = {id(owner._client): owner._client for owner in owners if owner}  # noqa: SLF001
                for client in clients.values():
                    meter.watch(client)
            meter.stand_ins["Query"] = DueIndex(meter.table(stack.CONNECTIONS)).query
            # A second between two tokens published is for Parameter Store, not for a benchmark.
            functions["renew"].sleep = lambda _seconds: None  # type: ignore[attr-defined]
            with meter.measuring():
                yield Account(meter, functions, session.client("ssm"))
    finally:
        sys.path.remove(str(stack.ROOT / "functions"))
        os.environ.clear()
        os.environ |= kept


def _load(name: str) -> ModuleType:
    sys.modules.pop(name, None)
    return importlib.import_module(name)
