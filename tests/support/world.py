"""The whole stack on moto, beside the Facebook simulator, with one clock: a world that stands still between steps."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, Any

import boto3

from facebook_simulator.state import State
from tests.support import stack
from tests.support.browser import Browser, Console, Reply
from tests.support.clock import DAY, SharedClock
from tests.support.events import MAX_ROUNDS, Bus, Context, Queue, SentEvent, Stream
from tests.support.facebook import Facebook
from tests.support.meta import Meta
from tests.support.people import MARIA, people
from tests.support.stored import Stored
from whatsapp_connect import record_changes
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.link_request import LinkRequest
from whatsapp_connect.links import LinkStore
from whatsapp_connect.model import AccessToken, ConnectionRecord

if TYPE_CHECKING:
    from whatsapp_connect.login import LoginFlow

ENTRIES = (
    "authorize",
    "callback",
    "create_link",
    "publish",
    "check",
    "schedule",
    "deauthorize",
    "delete_data",
    "fallback",
)
FIVE_MINUTES = 300


@dataclass(frozen=True, slots=True)
class Run:
    """What was printed while time passed."""

    printed: list[dict[str, Any]]

    @property
    def outcomes(self) -> dict[str, int]:
        """How many checks ended how."""
        found: dict[str, int] = {}
        for line in self.printed:
            if "_aws" in line and "Checks" in line:
                found[line["outcome"]] = found.get(line["outcome"], 0) + int(line["Checks"][0])
        return found

    def logs(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.printed if line.get("message") == message]

    def metrics(self, name: str) -> list[float]:
        return [line[name][0] for line in self.printed if "_aws" in line and name in line]


class World:
    def __init__(
        self,
        session: boto3.Session,
        *,
        load: Callable[[str], ModuleType],
        facebook: Facebook,
        state: State,
        clock: SharedClock,
        console: Console,
    ) -> None:
        self.session = session
        self._load = load
        self.functions = {entry: load(entry) for entry in ENTRIES}
        self.facebook = facebook
        self.state = state
        self.clock = clock
        self.console = console
        self.stored = Stored(session)
        self.stream = Stream(session, self.functions)
        self.bus = Bus(session)
        self.due_queue = Queue(session, stack.DUE_QUEUE, self.functions)
        self.check_queue = Queue(session, stack.CHECK_QUEUE, self.functions)
        self.clients: Callable[[str], list[Any]] = session.client.of  # type: ignore[attr-defined]
        """The clients of AWS that an entry file has made."""
        dynamodb = stack.operator(session, "dynamodb")
        self.connections = ConnectionStore(client=dynamodb, table=stack.CONNECTIONS)
        self.links = LinkStore(client=dynamodb, table=stack.LINKS)

    def restart(self, *entries: str) -> None:
        """Start functions again, as Lambda does after a deployment: they read their settings and remember nothing."""
        self.functions |= {entry: self._load(entry) for entry in entries}

    # People

    def browser(self) -> Browser:
        """Open a browser that has never been here."""
        return Browser(
            authorize=self.functions["authorize"],
            callback=self.functions["callback"],
            facebook=self.facebook,
            console=self.console,
            context=Context(),
        )

    def connect(self, person: str = "maria", *, connection_id: str = "", **token: Any) -> str:
        """Store a token as an operator does who brings one, and publish it; return the connection's id.

        `token` says what the simulator's token is like, as /_control/tokens takes it: sixty days if nothing else.
        """
        issued = self.facebook.control("tokens", {"person": person, **token})
        flow: LoginFlow = self.functions["callback"].flow
        deadline = monotonic() + 20
        verified = flow.verify(AccessToken(issued["access_token"], expires_in=None), deadline=deadline)
        connection_id = connection_id or verified.info.user_id
        flow.store(connection_id, verified, any_user=False, deadline=deadline)
        self.settle()
        self.facebook.control("requests", method="DELETE")
        return connection_id

    def change_accounts(self, connection_id: str = MARIA, **changes: Any) -> None:
        """Change all accounts of a record, and publish that."""
        record = self.record(connection_id)
        accounts = tuple(replace(account, **changes) for account in record.accounts)
        after = record_changes.unpublished(replace(record, accounts=accounts), now=self.clock.now())
        self.connections.write(record, after)
        self.settle()

    def log_in(
        self,
        person: str = "maria",
        *,
        connection_id: str = "",
        any_user: bool = False,
        waba_ids: Iterable[str] = (),
        **choice: Any,
    ) -> Reply:
        """Connect a person in a browser, by a link for a connection id of its own; return the page.

        What the stream does afterwards is left to settle().
        """
        link = self.link(connection_id, any_user=any_user, waba_ids=waba_ids) if connection_id else ""
        browser = self.browser()
        return browser.come_back(browser.log_in(link=link, person=person, **choice))

    def link(
        self,
        connection_id: str,
        *,
        uses: int = 1,
        any_user: bool = False,
        lifetime: int = DAY,
        waba_ids: Iterable[str] = (),
        **more: Any,
    ) -> str:
        """Make a link for a connection id that is not the person's own."""
        request = LinkRequest(
            connection_id, lifetime_s=lifetime, uses=uses, any_user=any_user, accounts=tuple(waba_ids), **more
        )
        return self.links.create(request).value

    def populate(self, number: int) -> list[str]:
        """Have these many people live here, and connect each; return the connections' ids."""
        self.state.populate(people(number))
        return [self.connect(person.key) for person in self.state.people]

    def meta(self, kind: str) -> Meta:
        """Return Meta as it calls one of the two webhooks: deauthorize or data-deletion."""
        function = self.functions[{"deauthorize": "deauthorize", "data-deletion": "delete_data"}[kind]]
        return Meta(kind=kind, function=function, clock=self.clock, console=self.console, context=Context())

    # Time

    def settle(self) -> None:
        """Bring what waits in the stream and in the queues, until nothing does. Paused queues are not brought."""
        queues = [self.check_queue, self.due_queue] if self.functions["check"].settings.checking else []
        for _ in range(MAX_ROUNDS):
            if not self.stream.bring() + sum(queue.bring() for queue in queues):
                self.bus.collect()
                return
        raise AssertionError("It never comes to rest.")

    def schedule(self) -> Run:
        """Run the schedule once, now, and everything that comes of it."""
        return self.during(lambda: self.functions["schedule"].handler({"version": "1.0"}, Context(240_000)))

    def ask_for_check(self, connection_id: str = MARIA) -> Run:
        """Have a connection checked because somebody asks for it."""
        return self.during(lambda: self.report(connection_id))

    def publish(self, connection_id: str = MARIA) -> None:
        """Bring an old change of a connection to publish."""
        change = {"dynamodb": {"Keys": {"connection_id": {"S": connection_id}}}}
        self.functions["publish"].handler({"Records": [change]}, Context(120_000))

    def check(self, connection_id: str = MARIA) -> None:
        """Bring a message that somebody has just asked for a check to check, past the queue."""
        message = {
            "body": json.dumps({"connection_id": connection_id}),
            "attributes": {"SentTimestamp": str(int(self.clock.time() * 1000))},
            "eventSourceARN": stack.CHECK_QUEUE_ARN,
        }
        self.check_queue.deliver([message])

    def report(self, connection_id: str = MARIA) -> None:
        """Ask for a check of a connection, which is left to settle()."""
        self.check_queue.send(json.dumps({"connection_id": connection_id}))

    def during(self, work: Callable[[], object]) -> Run:
        """Do something and everything that comes of it."""
        self.console.read()
        work()
        self.settle()
        return Run(self.console.read())

    def after(self, *, days: float = 0, seconds: int = 0) -> Run:
        """Let time pass at once, then run the schedule once."""
        self.clock.advance(int(days * DAY) + seconds)
        return self.schedule()

    def days(self, days: int, *, step: int = DAY) -> Iterator[Run]:
        """Let days pass, with a run of the schedule after each step."""
        for _ in range(days * DAY // step):
            yield self.after(seconds=step)

    # What is there

    def record(self, connection_id: str = MARIA) -> ConnectionRecord:
        record = self.connections.load(connection_id)
        assert record
        return record

    def token(self, connection_id: str = MARIA) -> str:
        """Return the token that readers get."""
        token = self.stored.token(connection_id)
        assert token
        return token

    def metadata(self, connection_id: str = MARIA) -> dict[str, Any]:
        text = self.stored.parameters()[f"{stack.PREFIX}/connections/{connection_id}/metadata"]
        metadata: dict[str, Any] = json.loads(text)
        return metadata

    def sent_events(self) -> list[SentEvent]:
        """Return the events since this was last asked."""
        return self.bus.sent_events()

    def sent_types(self, *, set_up: bool = False) -> list[str]:
        """Return the types of the events since this was last asked. Onboarded, which follows every login, only if `set_up`."""
        return [event.type for event in self.sent_events() if set_up or event.type != "Onboarded"]

    def expires_in(self, connection_id: str = MARIA) -> int:
        """Return the seconds that the token readers get has left, by Facebook's own account; 0 for ever."""
        token = self.state.token(self.token(connection_id))
        assert token
        return token.expires_at and token.expires_at - self.clock.now()

    def assert_consistent(self) -> None:
        """Check that records, parameters, accounts and tokens agree, and that nothing waits to be published."""
        parameters = self.stored.parameters()
        base = f"{stack.PREFIX}/connections/"
        wanted: set[str] = set()
        accounts: set[tuple[str, str]] = set()
        for record in self.connections.all():
            assert record.publish_at is None, record.connection_id
            assert record.status != "forgotten", record.connection_id
            assert record.former_waba_ids == (), record.connection_id
            accounts |= {(account.id, record.connection_id) for account in record.accounts}
            name = f"{base}{record.connection_id}/metadata"
            wanted.add(name)
            metadata = json.loads(parameters[name])
            assert metadata["status"] == record.status
            assert metadata["status_reason"] == record.status_reason
            if record.token is None:
                continue
            name = f"{base}{record.connection_id}/access-token"
            wanted.add(name)
            token = self.state.token(parameters[name])
            assert token
            assert token.identity.user_id == record.user_id
            assert token.expires_at == record.token_expires_at
            assert metadata["token_version"] == self.stored.version(record.connection_id)
            assert record.next_check_at <= self.clock.time() + DAY
        assert parameters.keys() == wanted
        assert self.stored.accounts() == accounts
