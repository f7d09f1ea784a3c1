"""Run the functions on moto with any number of connections, and measure what they use of AWS."""

import importlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import time
from types import ModuleType
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import boto3
import requests
from moto import mock_aws
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from benchmarks.growth.index import Indexes
from benchmarks.growth.meter import Meter
from benchmarks.login import event
from facebook_simulator.server import FacebookServer
from facebook_simulator.world import Account as WhatsAppAccount
from facebook_simulator.world import Business, Person, Phone
from tests.support import stack
from whatsapp_connect import aws
from whatsapp_connect.check_connection import Request

CHECK_INTERVAL_S = round(0.95 * 86400)
"""The average time between two checks of a connection."""
SCHEDULE_INTERVAL_S = 300
"""The time between two runs of the schedule."""

_FUNCTIONS = stack.ROOT / "functions"
_OLD_TOKEN_S = 20 * 86400
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@dataclass(frozen=True, slots=True)
class _Context:
    milliseconds: int = 28_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@dataclass(frozen=True, slots=True)
class Account:
    meter: Meter
    functions: Mapping[str, ModuleType]
    facebook: FacebookServer

    def log_in(self, user_id: str) -> None:
        """Log a person in, from the connect link to the last page."""
        response = self.functions["authorize"].handler(event("authorize"), _Context())
        with self.meter.apart():
            location = self._control("login", url=response["headers"]["Location"], person=user_id)["location"]
        cookies = [cookie.partition(";")[0] for cookie in response["cookies"]]
        sent = event("callback", urlsplit(location).query, cookies)
        response = self.functions["callback"].handler(sent, _Context())
        if response["statusCode"] != 200:
            raise RuntimeError(f"a login failed: {response['body']}")

    def publish(self, user_id: str) -> None:
        """Call publish for a connection, as the stream does after a login."""
        change = {"dynamodb": {"Keys": {"connection_id": {"S": user_id}}}}
        self.functions["publish"].handler({"Records": [change]}, _Context(120_000))
        if "publish_at" in self._record(user_id):
            raise RuntimeError("publishing failed")

    def check(self, user_id: str, *, expected: str) -> None:
        """Check a connection that is due."""
        request = Request(user_id, sent_at=time(), asked=False)
        if (outcome := self.functions["check"].flow.check(request)) != expected:
            raise RuntimeError(f"a check ended as {outcome}")

    def schedule(self) -> None:
        """Run the schedule."""
        self.functions["schedule"].handler({}, _Context())

    def populate(self, number: int, *, pattern: str) -> None:
        """Write `number` records like that of the connection `pattern`, with checks spread over a day."""
        table, now = self.meter.table(stack.CONNECTIONS), int(time())
        item = self._record(pattern)
        table.stream_shard, stream = None, table.stream_shard  # nothing reads the stream here
        for one in range(number):
            # Straight into the table: so many requests would take longer than everything else.
            next_check_at = now - SCHEDULE_INTERVAL_S + one * CHECK_INTERVAL_S // number
            table.put_item(_of(item, user_id_of(one), next_check_at))
        table.stream_shard = stream

    def make_due(self, user_id: str, *, is_old: bool) -> None:
        """Make a connection due. With `is_old`, its token is old enough to be extended."""
        item = self._record(user_id) | {"next_check_at": {"N": "1"}}
        if is_old:
            self._control("tokens/age", user_id=user_id, expires_in=_OLD_TOKEN_S)
            item["token_expires_at"] = {"N": str(int(time()) + _OLD_TOKEN_S)}
        self.meter.table(stack.CONNECTIONS).put_item(item)

    def remove(self, user_ids: Iterable[str]) -> None:
        """Delete connections."""
        table = self.meter.table(stack.CONNECTIONS)
        for user_id in user_ids:
            table.delete_item(DynamoType({"S": user_id}), None)

    def _control(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.facebook.url}/_control/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def _record(self, connection_id: str) -> dict[str, Any]:
        table = self.meter.table(stack.CONNECTIONS)
        attributes: dict[str, Any] = table.get_item(DynamoType({"S": connection_id})).to_json()["Attributes"]
        return attributes


def _of(pattern: Mapping[str, Any], user_id: str, next_check_at: int) -> dict[str, Any]:
    return {
        **pattern,
        "connection_id": {"S": user_id},
        "user_id": {"S": user_id},
        "next_check_at": {"N": str(next_check_at)},
    }


def user_id_of(number: int) -> str:
    """Return the user ID of person `number`."""
    return f"1222{number:011}"


def person(number: int) -> Person:
    """Return person `number`, with one WhatsApp account and one phone number."""
    user_id = user_id_of(number)
    phone = Phone(f"4{number:014}", "+1 202-555-0100", "Example")
    whatsapp = WhatsAppAccount(f"3{number:014}", "Example", (phone,))
    return Person(
        user_id,
        user_id,
        "Maria Example",
        (Business(f"2{number:014}", "Example", f"5{number:014}", (whatsapp,)),),
    )


@contextmanager
def account(facebook: FacebookServer) -> Iterator[Account]:
    """Make an empty AWS account on moto, and load the functions in it."""
    environment = stack.environment({"GraphUrl": facebook.url, "DialogUrl": facebook.url})
    environment |= stack.own_environment("publish")
    environment |= _CREDENTIALS | {"AWS_REGION": stack.REGION, "AWS_DEFAULT_REGION": stack.REGION}
    environment |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    # The pace of writes is for Parameter Store, not for a benchmark.
    environment |= {"PARAMETER_WRITES_PER_SECOND": "1e9"}
    kept = dict(os.environ)
    os.environ |= environment
    try:
        # Before each transaction moto copies the tables, which it would need if one were refused.
        with mock_aws(), patch.object(Table, "__deepcopy__", lambda table, _: table, create=True):
            session = boto3.Session()
            stack.deploy(session)
            meter = Meter(account=stack.ACCOUNT, region=stack.REGION)
            names = ("authorize", "callback", "publish", "check", "schedule")
            functions = {name: _load(name, meter) for name in names}
            for function in functions.values():
                function.logger.setLevel("CRITICAL")
            meter.stand_ins["Query"] = Indexes(meter.table(stack.CONNECTIONS)).query
            with meter.measuring():
                yield Account(meter, functions, facebook)
    finally:
        os.environ.clear()
        os.environ |= kept


def _load(name: str, meter: Meter) -> ModuleType:
    """Import an entry file. The meter watches the clients that it makes."""
    if str(_FUNCTIONS) not in sys.path:
        sys.path.insert(0, str(_FUNCTIONS))
    sys.modules.pop(name, None)
    make = aws.Clients.make

    def watched(clients: aws.Clients, service: str, patience: aws.Patience) -> Any:
        made = make(clients, service, patience)
        meter.watch(made)
        return made

    with patch.object(aws.Clients, "make", watched):
        return importlib.import_module(name)
