"""The functions as deployed, on moto, with the Facebook simulator over HTTP."""

import importlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import boto3
import pytest
from moto import mock_aws

from local.facebook.server import FacebookServer

pytest.register_assert_rewrite(
    "tests.integration.browser",
    "tests.integration.facebook",
    "tests.integration.life",
    "tests.integration.meta",
)

from tests.integration import command_line, stack  # noqa: E402
from tests.integration.browser import Browser, Console  # noqa: E402
from tests.integration.clock import SharedClock  # noqa: E402
from tests.integration.facebook import Facebook  # noqa: E402
from tests.integration.kept import Earlier, Kept  # noqa: E402
from tests.integration.life import Life, Stream  # noqa: E402
from tests.integration.meta import Meta  # noqa: E402
from tests.integration.strict import make_strict  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "parameters(**values): stack parameters other than the defaults")


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """Make the one session of all tests: making one takes as long as a whole login."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        forget_the_developer(monkeypatch)
        return boto3.Session(
            aws_access_key_id="testing", aws_secret_access_key="testing", region_name=stack.REGION
        )


def forget_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take everything out of the environment that is about somebody's own AWS account."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "POWERTOOLS_", "BOTO_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)


@pytest.fixture(scope="session")
def simulator() -> Iterator[FacebookServer]:
    with FacebookServer(
        app_id=stack.APP_ID, app_secret=stack.APP_SECRET, redirect_uris=(stack.REDIRECT_URI,)
    ) as server:
        yield server


@pytest.fixture
def facebook(simulator: FacebookServer) -> Facebook:
    simulator.state.reset()
    return Facebook(simulator.url)


@pytest.fixture
def aws(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """Give the test an account of its own."""
    forget_the_developer(monkeypatch)
    monkeypatch.setattr(session, "client", cache(session.client))  # hooks on a client end with the test
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_REGION", stack.REGION),
        ("AWS_DEFAULT_REGION", stack.REGION),
    ):
        monkeypatch.setenv(name, value)
    make = boto3.Session
    monkeypatch.setattr(boto3, "Session", lambda **asked: make(**asked) if any(asked.values()) else session)
    make_strict(monkeypatch)
    with mock_aws():
        yield session


@pytest.fixture
def deployed(
    aws: boto3.Session,
    simulator: FacebookServer,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> boto3.Session:
    """Deploy the stack, with the parameters that the test's marker names."""
    stack.deploy(aws)
    marker = request.node.get_closest_marker("parameters")
    parameters = {"GraphUrl": simulator.url, "DialogUrl": simulator.url} | (marker.kwargs if marker else {})
    for name, value in stack.environment(parameters).items():
        monkeypatch.setenv(name, value)
    return aws


@dataclass(frozen=True, slots=True)
class Context:
    """As much of Lambda's context as the functions look at."""

    milliseconds: int = 28_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.fixture
def context() -> Context:
    return Context()


class _Stdout(io.TextIOBase):
    """Whatever stdout is now: the logger outlives the test it was made in."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)


@pytest.fixture
def load(
    deployed: boto3.Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], ModuleType]]:
    """Import an entry file as a new execution environment does."""
    loaded: list[ModuleType] = []

    def load(name: str) -> ModuleType:
        sys.modules.pop(name, None)
        with monkeypatch.context() as patch:
            for variable, value in stack.own_environment(name).items():
                patch.setenv(variable, value)
            module = importlib.import_module(name)
        loaded.append(module)
        if hasattr(module, "logger"):
            module.logger.registered_handler.setStream(_Stdout())
        return module

    yield load
    for module in loaded:
        sys.modules.pop(module.__name__, None)
        if hasattr(module, "graph"):
            module.graph._session.close()


@pytest.fixture
def authorize(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("authorize")


@pytest.fixture
def callback(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("callback")


@pytest.fixture
def announce(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("announce")


@pytest.fixture
def renew(load: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load renew; it does not wait between two tokens."""
    module = load("renew")
    monkeypatch.setattr(module, "sleep", lambda _: None)
    return module


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(capsys)


@pytest.fixture
def new_browser(
    authorize: ModuleType, callback: ModuleType, facebook: Facebook, console: Console, context: Context
) -> Callable[[], Browser]:
    return lambda: Browser(
        authorize=authorize, callback=callback, facebook=facebook, console=console, context=context
    )


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    return new_browser()


@pytest.fixture
def kept(deployed: boto3.Session) -> Kept:
    return Kept(deployed)


@pytest.fixture
def cli(
    deployed: boto3.Session, load: Callable[[str], ModuleType], simulator: FacebookServer
) -> Iterator[command_line.CommandLine]:
    """Run the command line; what it shows by accident is found here."""
    deployment = command_line.deployment(deployed)
    vars(deployment)["functions"] = command_line.Invoker(load, Context(900_000))
    cli = command_line.CommandLine(deployment)
    yield cli
    deployment.facebook._session.close()
    assert stack.APP_SECRET not in cli.everything
    for token in simulator.state.every_token():
        assert token.value not in cli.everything


@pytest.fixture
def earlier(new_browser: Callable[[], Browser], facebook: Facebook, kept: Kept) -> Earlier:
    """Connect Maria, the person whom the simulator takes for whoever logs in."""
    assert new_browser().finish().title == "You're connected"
    facebook.control("requests", method="DELETE")
    return Earlier(kept)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """List the pauses that are made between attempts, and make none."""
    made: list[float] = []
    for module in ("graph", "vault", "connections"):
        monkeypatch.setattr(f"whatsapp_connect.{module}.sleep", made.append)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    return made


@pytest.fixture
def clock(simulator: FacebookServer, facebook: Facebook) -> SharedClock:
    shared = SharedClock()
    simulator.state.clock = shared
    return shared


@pytest.fixture
def stream(deployed: boto3.Session, announce: ModuleType) -> Stream:
    return Stream(deployed, announce)


@pytest.fixture
def life(
    *,
    renew: ModuleType,
    callback: ModuleType,
    stream: Stream,
    facebook: Facebook,
    simulator: FacebookServer,
    clock: SharedClock,
    kept: Kept,
    console: Console,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> Life:
    for module in (renew, callback):
        clock.wind(module, monkeypatch)
    return Life(
        renew=renew,
        callback=callback,
        stream=stream,
        facebook=facebook,
        state=simulator.state,
        clock=clock,
        kept=kept,
        console=console,
    )


@pytest.fixture
def new_meta(
    load: Callable[[str], ModuleType],
    clock: SharedClock,
    console: Console,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], Meta]:
    def new_meta(kind: str) -> Meta:
        function = load({"deauthorize": "deauthorize", "data-deletion": "delete_data"}[kind])
        clock.wind(function, monkeypatch)
        return Meta(kind=kind, function=function, clock=clock, console=console, context=context)

    return new_meta


@pytest.fixture
def deauthorize(new_meta: Callable[[str], Meta]) -> Meta:
    return new_meta("deauthorize")


@pytest.fixture
def data_deletion(new_meta: Callable[[str], Meta]) -> Meta:
    return new_meta("data-deletion")


@pytest.fixture(params=["deauthorize", "data-deletion"])
def meta(new_meta: Callable[[str], Meta], request: pytest.FixtureRequest) -> Meta:
    """Meet each of the two webhooks."""
    return new_meta(request.param)
