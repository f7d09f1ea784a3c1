"""Connections that live for months in a moment."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from types import ModuleType
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

from local.facebook.state import State
from local.facebook.world import Account, Business, Person, Phone
from tests.integration import stack
from tests.integration.browser import Console
from tests.integration.clock import DAY, HOUR, SharedClock
from tests.integration.facebook import Facebook
from tests.integration.kept import Kept
from tests.integration.outage import watch
from tests.integration.schema import validate
from whatsapp_connect.links import Link
from whatsapp_connect.model import AccessToken

SIXTY_DAYS = 5_183_944
"""What Facebook calls sixty days."""
MARIA = "122100000000000001"
JONAS = "122100000000000002"


@dataclass(frozen=True, slots=True)
class Context:
    milliseconds: int = 900_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@dataclass(frozen=True, slots=True)
class Run:
    """A run of renew: how many checks ended how, and what was printed."""

    outcomes: dict[str, int]
    failed: bool
    printed: list[dict[str, Any]]

    def logs(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.printed if line.get("message") == message]

    def metrics(self, name: str, dimension: str | None = None) -> Any:
        """Return the values of a metric: one, or for each value of a dimension."""
        lines = [line for line in self.printed if "_aws" in line and name in line]
        if dimension:
            return {line[dimension]: line[name][0] for line in lines}
        return [line[name][0] for line in lines]


@dataclass(frozen=True, slots=True)
class Told:
    """An event on the bus."""

    type: str
    detail: dict[str, Any]


class Stream:
    """ConnectionTable's stream and the function that it is brought to, as Lambda does it: again until it succeeds."""

    def __init__(self, session: boto3.Session, announce: ModuleType) -> None:
        # Not the account's own endpoint, which moto does not know.
        self._client = session.client(
            "dynamodbstreams", endpoint_url=f"https://streams.dynamodb.{stack.REGION}.amazonaws.com"
        )
        (stream,) = self._client.list_streams(TableName=stack.CONNECTIONS)["Streams"]
        arn = stream["StreamArn"]
        (shard,) = self._client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
        self._iterator = self._client.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        self._waiting: list[Any] = []
        self._announce = announce
        self._bus: list[Told] = []
        self._offered: list[Told] = []
        watch(announce._bus, "PutEvents", self._offer)
        announce._bus.meta.events.register("after-call.eventbridge.PutEvents", self._take)

    def bring(self) -> list[Told]:
        """Bring every change; return the events that came of them, which are as published."""
        self.bring_once()
        assert not self._waiting
        return self.told()

    def bring_once(self) -> int:
        """Bring every change as far as it goes, and return how many are left."""
        while (answer := self._client.get_records(ShardIterator=self._iterator))["Records"]:
            self._iterator = answer["NextShardIterator"]
            self._waiting += answer["Records"]
        while self._waiting:
            batch = self._waiting[:10]
            failures = self._announce.handler({"Records": batch}, Context())["batchItemFailures"]
            failed = {failure["itemIdentifier"] for failure in failures}
            done = next(
                (n for n, one in enumerate(batch) if one["dynamodb"]["SequenceNumber"] in failed), len(batch)
            )
            del self._waiting[:done]
            if failed:
                break
        return len(self._waiting)

    def told(self) -> list[Told]:
        """Return the events since this was last asked."""
        told, self._bus = self._bus, []
        return told

    def _offer(self, params: dict[str, Any], **_: object) -> None:
        entries = json.loads(params["body"])["Entries"]
        self._offered = [Told(entry["DetailType"], json.loads(entry["Detail"])) for entry in entries]
        for entry, told in zip(entries, self._offered, strict=True):
            assert entry["Source"] == "whatsapp-connect"
            validate(told.type, told.detail)

    def _take(self, http_response: AWSResponse, **_: object) -> None:
        if http_response.status_code == 200:
            self._bus += self._offered


def people(number: int) -> tuple[Person, ...]:
    """Make people, each with a business, an account and a phone number."""
    return tuple(
        Person(
            f"person{n}",
            f"1222{n:011}",
            f"Person {n}",
            (
                Business(
                    f"2001{n:011}",
                    f"Business {n}",
                    f"1229{n:011}",
                    (
                        Account(
                            f"3001{n:011}", f"Shop {n}", (Phone(f"4001{n:011}", "+1 202-555-0100", "Shop"),)
                        ),
                    ),
                ),
            ),
        )
        for n in range(number)
    )


class Life:
    """The stack, Facebook, and time."""

    def __init__(
        self,
        *,
        renew: ModuleType,
        callback: ModuleType,
        stream: Stream,
        facebook: Facebook,
        state: State,
        clock: SharedClock,
        kept: Kept,
        console: Console,
    ) -> None:
        self.renew = renew
        self.callback = callback
        self.stream = stream
        self.facebook = facebook
        self.state = state
        self.clock = clock
        self.kept = kept
        self._console = console
        self._event = json.loads((stack.ROOT / "events" / "renew.json").read_text())

    def connect(self, person: str = "maria", *, connection_id: str = "", **token: Any) -> str:
        """Keep a token, of sixty days if nothing else is said, as a login does; return the connection's id."""
        issued = self.facebook.control("tokens", {"person": person, **token})
        access_token = AccessToken(value=issued["access_token"], expires_in=None)
        secret = self.callback.vault.app_secret()
        inspection = self.callback.graph.inspect(access_token, app_secret=secret, deadline=monotonic() + 10)
        connection_id = connection_id or inspection.user_id
        link = None if connection_id == inspection.user_id else self.link(connection_id)
        self.callback.keep_token(link, access_token, inspection, secret, deadline=monotonic() + 20)
        return connection_id

    def link(self, connection_id: str) -> Link:
        """Make a link for a connection id that is not the person's own."""
        links = self.callback.links
        made: Link = links.load(links.create(connection_id, lifetime=DAY, uses=1, new_user=False))
        return made

    def populate(self, number: int) -> list[str]:
        """Let these many people live here, and connect each; return the connections' ids."""
        self.state.populate(people(number))
        return [self.connect(person.key) for person in self.state.people]

    def run(self, *, milliseconds: int = 900_000) -> Run:
        """Run renew once, now."""
        self._console.read()
        failed = False
        try:
            self.renew.handler(self._event, Context(milliseconds))
        except RuntimeError:
            failed = True
        printed = self._console.read()
        (line,) = [line for line in printed if line.get("message") == "run ended"]
        return Run(line["outcomes"], failed, printed)

    def days(self, days: int, *, step: int = DAY) -> Iterator[Run]:
        """Let days pass, with a run after each step."""
        for _ in range(days * DAY // step):
            self.clock.advance(step)
            yield self.run()

    def before_each_check(self, action: Callable[[], None]) -> None:
        """Have `action` called whenever renew begins to look at a connection's token."""

        def look(params: dict[str, Any], **_: object) -> None:
            if b'/access-token"' in params["body"]:
                action()

        watch(self.renew.vault._client, "GetParameter", look)

    def next_hour(self) -> Run:
        self.clock.advance(HOUR)
        return self.run()

    def next_day(self) -> Run:
        self.clock.advance(DAY)
        return self.run()

    def token(self, connection_id: str = MARIA) -> str:
        """Return the token that readers get."""
        token = self.kept.token(connection_id)
        assert token
        return token

    def version(self, connection_id: str = MARIA) -> int:
        return self.kept.version(connection_id)

    def record(self, connection_id: str = MARIA) -> dict[str, Any]:
        record = self.kept.record(connection_id)
        assert record
        return record

    def metadata(self, connection_id: str = MARIA) -> dict[str, Any]:
        text = self.kept.parameters()[f"{stack.PREFIX}/connections/{connection_id}/metadata"]
        metadata: dict[str, Any] = json.loads(text)
        return metadata

    def events(self) -> list[str]:
        """Bring the changes of the records; return the types of the events that came of them."""
        return [told.type for told in self.stream.bring()]

    def expires_in(self, connection_id: str = MARIA) -> int:
        """Return the seconds that the token readers get has left, by Facebook's own account; 0 for ever."""
        token = self.state.token(self.token(connection_id))
        assert token
        return token.expires_at and token.expires_at - self.clock.now()

    def assert_healthy(self) -> list[Told]:
        """Check that every token is watched, and that record, metadata and token tell the same.

        Returns the events that had not been brought yet.
        """
        told = self.stream.bring()
        parameters = self.kept.parameters()
        records = {record["connection_id"]: record for record in self.kept.records()}
        base = f"{stack.PREFIX}/connections/"
        for name, value in parameters.items():
            connection_id, _, kind = name.removeprefix(base).partition("/")
            record = records[connection_id]
            assert not record.keys() & {"lease_until", "lease_owner"}
            if kind == "metadata":
                metadata = json.loads(value)
                assert metadata["token_version"] == record["token_version"]
                assert metadata["status"] == record["status"]
            else:
                token = self.state.token(value)
                assert token
                assert record["due"] == "due"
                assert record["status"] in {"active", "expiring"}
                assert record["next_check_at"] <= self.clock.time() + DAY
                assert record["token_version"] == self.version(connection_id)
                assert record["token_expires_at"] == token.expires_at
                assert record["user_id"] == token.identity.user_id
                assert f"{base}{connection_id}/metadata" in parameters
        for connection_id, record in records.items():
            if record["status"] in {"active", "expiring"}:
                assert f"{base}{connection_id}/access-token" in parameters
        return told
