"""Log many people in at once, on the emulator, while calls to Facebook and AWS fail."""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import repeat
from random import Random
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.config import Config

from experiments.load.aws import TroubledAws
from experiments.load.facebook import Faults
from experiments.load.memory import Memory
from experiments.load.person import Login, Person
from facebook_simulator.world import Account, Business, Phone
from facebook_simulator.world import Person as Inhabitant
from local.stack import Stack
from whatsapp_connect.connections import ConnectionStore

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2.type_defs import RouteSettingsTypeDef

QUIET_S = 30.0
"""If nothing was published for this long, nothing more will be before the schedule runs."""
QUIET_WITH_SCHEDULE_S = 330.0
"""If nothing was published for this long, which includes a run of the schedule, nothing more will be."""

FUNCTIONS = ("AuthorizeFunction", "CallbackFunction", "PublishFunction")


@dataclass(frozen=True, slots=True)
class Plan:
    logins: int
    concurrency: int
    faults: float
    """Share of the calls to Facebook, and of those to AWS, that fail."""
    seed: int
    impatient: float = 0.05
    """Share of people whose browser opens the callback twice at the same time."""
    quotas: bool = False
    """True if the stack was started with AWS's default quotas."""
    route_rate: float | None = None
    """With quotas, requests a second for each route; the burst is twice that. None for the template's values."""
    warm_up: int = 0
    """Number of logins before the measured ones."""


@dataclass(slots=True)
class Done:
    """A login, and the outcome that the stack stored."""

    login: Login
    reason: str
    """The reason in the state's row; "" if the state was not used or has no outcome."""
    ended_at: float = 0.0


@dataclass(slots=True)
class Load:
    """A stack under load. run() yields the logins when they end."""

    plan: Plan
    stack: Stack
    aws: TroubledAws
    facebook: Faults
    memory: Memory
    done: list[Done] = field(default_factory=list)
    seconds: float = 0.0
    published_s: float = 0.0
    """The time from the first login until everything was published, or until waiting ended."""
    published_late: int = 0
    """Connections whose publishing was postponed and not waited for."""
    _began: float = 0.0

    def run(self) -> Iterator[Done]:
        self._warm_up()
        self._began = monotonic()
        random = Random(self.plan.seed)
        waiting = [(key, random.random() < self.plan.impatient) for key in map(_key, range(self.plan.logins))]
        waiting.reverse()
        with ThreadPoolExecutor(self.plan.concurrency) as people:
            under_way: set[Future[Done]] = set()
            while waiting or under_way:
                while waiting and len(under_way) < self.plan.concurrency:
                    under_way.add(people.submit(self._log_in, *waiting.pop()))
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for one in ended:
                    done = replace(one.result(), ended_at=monotonic() - self._began)
                    self.done.append(done)
                    yield done
        self.seconds = monotonic() - self._began

    def settle(self) -> None:
        """Stop the faults, and wait until everything is published. With quotas this needs runs of the schedule."""
        self.aws.share = self.facebook.share = 0.0
        late = self._wait_for_publishing(QUIET_WITH_SCHEDULE_S if self.plan.quotas else QUIET_S)
        self.published_s = monotonic() - self._began
        for connection_id in late:
            self.connections.ask_for_publishing(connection_id)
        self.published_late = len(late)
        self._wait_for_publishing(QUIET_S)

    @property
    def connections(self) -> ConnectionStore:
        return ConnectionStore(client=self.client("dynamodb"), table=self.stack.resources["ConnectionTable"])

    def client(self, service: str) -> Any:
        # The quotas apply to this client too, so it retries for long.
        patient = Config(read_timeout=900, retries={"mode": "standard", "total_max_attempts": 20})
        return self.stack.session.client(service, endpoint_url=self.stack.endpoint_url, config=patient)  # type: ignore[call-overload]

    def _warm_up(self) -> None:
        """Start the functions' processes with logins that are not measured, because they share this machine's CPU."""
        keys = map(_key, range(self.plan.logins, self.plan.logins + self.plan.warm_up))
        with ThreadPoolExecutor(max(1, self.plan.warm_up)) as people:
            list(people.map(self._log_in, keys, repeat(False)))
        self._wait_for_publishing(QUIET_S)

    def _log_in(self, key: str, impatient: bool) -> Done:  # noqa: FBT001 - passed to a thread
        login = Person(
            key, base_url=self.stack.base_url, facebook_url=self.stack.facebook_url, impatient=impatient
        ).log_in()
        return Done(login, self._reason(login) if login.state else "")

    def _reason(self, login: Login) -> str:
        row = self.client("dynamodb").get_item(
            TableName=self.stack.resources["StateTable"],
            Key={"state_hash": {"S": sha256(login.state.encode()).hexdigest()}},
            ConsistentRead=True,
        )
        outcome: dict[str, Any] = row.get("Item", {}).get("outcome", {}).get("M", {})
        reason: str = outcome.get("reason", {}).get("S", "")
        return reason

    def _wait_for_publishing(self, quiet_s: float) -> set[str]:
        """Wait until everything is published or nothing has changed for `quiet_s`. Return the unpublished connections."""
        left, since = self._unpublished(), monotonic()
        while left and monotonic() - since < quiet_s:
            sleep(1)
            if (now := self._unpublished()) != left:
                left, since = now, monotonic()
        return left

    def _unpublished(self) -> set[str]:
        return {one.connection_id for one in self.connections.all() if one.publish_at is not None}


@contextmanager
def trouble(stack: Stack, plan: Plan) -> Iterator[Load]:
    """Make calls from a stack to AWS and Facebook fail, until the context ends."""
    assert stack.facebook
    state = stack.facebook.state
    people, quiet = state.people, state.faults
    faults = Faults(plan.faults, plan.seed)
    emulator_port = urlsplit(stack.endpoint_url).port or 0
    aws = TroubledAws(target=emulator_port, share=plan.faults, seed=plan.seed)
    names = {name: stack.resources[name] for name in FUNCTIONS}
    interval = min(5.0, max(0.5, plan.logins / 500))
    with aws, Memory(names, folder=stack.directory / "emulator", interval=interval) as memory:
        try:
            _reroute(stack, aws.url)
            if plan.route_rate:
                _throttle(stack, plan.route_rate)
            state.populate((*people, *(_inhabitant(number) for number in range(plan.logins + plan.warm_up))))
            state.faults = faults
            yield Load(plan, stack, aws, faults, memory)
        finally:
            state.faults = quiet
            state.populate(people)
            _reroute(stack, stack.endpoint_url)


def _reroute(stack: Stack, url: str) -> None:
    """Change the functions' AWS endpoint, which restarts them."""
    functions = stack.session.client("lambda", endpoint_url=stack.endpoint_url)
    for name in FUNCTIONS:
        physical = stack.resources[name]
        environment = functions.get_function_configuration(FunctionName=physical)["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=physical, Environment={"Variables": environment | {"AWS_ENDPOINT_URL": url}}
        )


def _throttle(stack: Stack, rate: float) -> None:
    """Set the throttles of a login's routes to a rate that this machine can serve."""
    throttle: RouteSettingsTypeDef = {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": int(2 * rate)}
    stack.session.client("apigatewayv2", endpoint_url=stack.endpoint_url).update_stage(
        ApiId=stack.resources["Api"],
        StageName="$default",
        RouteSettings={"GET /connect": throttle, "GET /callback": throttle},
    )


def user_id(key: str) -> str:
    return f"1222{int(key):011}"


def _key(number: int) -> str:
    return str(number)


def _inhabitant(number: int) -> Inhabitant:
    account = Account(f"3001{number:011}", f"Shop {number}", (Phone(f"4001{number:011}", "+1 202-555-0100", "Shop"),))
    business = Business(f"2001{number:011}", f"Business {number}", f"1229{number:011}", (account,))
    key = _key(number)
    return Inhabitant(key, user_id(key), f"Person {number}", (business,))
