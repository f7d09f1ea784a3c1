"""The functions as deployed, on moto, with the Facebook simulator over HTTP."""

import io
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from moto import mock_aws

from facebook_simulator.server import FacebookServer
from tests.support import account, command_line, stack
from tests.support.browser import Browser, Console
from tests.support.clock import SharedClock
from tests.support.events import Context
from tests.support.facebook import Facebook
from tests.support.interleaving import Wire
from tests.support.meta import Meta
from tests.support.stored import Earlier, Stored
from tests.support.world import World

if TYPE_CHECKING:
    from tests.support.clients import Clients


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """Make the one session of all tests: making one takes as long as a whole login."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        account.forget_the_developer(monkeypatch)
        return boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=stack.REGION)


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
def extending(facebook: Facebook) -> None:
    """Make Facebook extend a person's long-lived token, which the simulator does not by default."""
    facebook.control("settings", {"renewal": "extend"})


@pytest.fixture
def scopes_in_both_lists(facebook: Facebook) -> None:
    """Make the debugger list the WhatsApp scopes in `scopes`, too, so that a test can change granular_scopes."""
    facebook.control("settings", {"whatsapp_scopes": "both"})


@pytest.fixture
def businesses_name_accounts(facebook: Facebook) -> None:
    """Make the debugger name the accounts of system users, which the simulator does not by default."""
    facebook.control("settings", {"system_user_target_ids": "listed"})


@pytest.fixture
def aws(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """Give the test an account of its own."""
    account.use(session, monkeypatch)
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
    parameters = {"GraphUrl": simulator.url, "DialogUrl": simulator.url, "SdkUrl": simulator.url} | (
        marker.kwargs if marker else {}
    )
    account.set_environment(stack.environment(parameters), monkeypatch)
    return aws


@pytest.fixture
def context() -> Context:
    return Context()


class _Stdout(io.TextIOBase):
    """Whatever stdout is now: the logger outlives the test it was made in."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)


@pytest.fixture
def load(deployed: boto3.Session, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., ModuleType]]:
    """Import an entry file as a new execution environment does, with these variables besides its own."""
    loaded: list[ModuleType] = []

    def load(name: str, **variables: str) -> ModuleType:
        module = account.load(deployed, name, **variables)
        loaded.append(module)
        if hasattr(module, "logger"):
            module.logger.registered_handler.setStream(_Stdout())
        return module

    yield load
    for module in loaded:
        sys.modules.pop(module.__name__, None)


@pytest.fixture
def clients(deployed: boto3.Session) -> Callable[[str], list[Any]]:
    """Give the clients of AWS that an entry file has made."""
    made = cast("Clients", deployed.client)
    return made.of


@pytest.fixture
def authorize(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("authorize")


@pytest.fixture
def callback(load: Callable[[str], ModuleType]) -> ModuleType:
    return load("callback")


@pytest.fixture
def console(capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(capsys)


@pytest.fixture
def new_browser(
    authorize: ModuleType, callback: ModuleType, facebook: Facebook, console: Console, context: Context
) -> Callable[[], Browser]:
    return lambda: Browser(authorize=authorize, callback=callback, facebook=facebook, console=console, context=context)


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    return new_browser()


@pytest.fixture
def stored(deployed: boto3.Session) -> Stored:
    return Stored(deployed)


@pytest.fixture
def earlier(new_browser: Callable[[], Browser], facebook: Facebook, stored: Stored) -> Earlier:
    """Connect Maria, the person whom the simulator takes for whoever logs in."""
    assert new_browser().finish().title == "You are connected"
    facebook.control("requests", method="DELETE")
    return Earlier(stored)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """List the pauses that are made between attempts, and make none."""
    return account.record_pauses(monkeypatch)


@pytest.fixture
def clock(simulator: FacebookServer, facebook: Facebook) -> Iterator[SharedClock]:
    with SharedClock() as shared:
        simulator.state.clock = shared
        yield shared


@pytest.fixture
def world(
    *,
    deployed: boto3.Session,
    clock: SharedClock,
    load: Callable[[str], ModuleType],
    facebook: Facebook,
    simulator: FacebookServer,
    console: Console,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    return World(
        deployed,
        load=load,
        facebook=facebook,
        state=simulator.state,
        clock=clock,
        console=console,
    )


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(monkeypatch)


@pytest.fixture
def cli(world: World, simulator: FacebookServer, deployed: boto3.Session) -> Iterator[command_line.CommandLine]:
    """Run the command line; what it shows by accident is found here."""
    cli = command_line.CommandLine(command_line.deployment(deployed, world))
    yield cli
    assert stack.APP_SECRET not in cli.everything
    for token in simulator.state.every_token():
        assert token.value not in cli.everything


@pytest.fixture
def new_meta(world: World) -> Callable[[str], Meta]:
    return world.meta


@pytest.fixture
def deauthorize(world: World) -> Meta:
    return world.meta("deauthorize")


@pytest.fixture
def data_deletion(world: World) -> Meta:
    return world.meta("data-deletion")


@pytest.fixture(params=["deauthorize", "data-deletion"])
def meta(world: World, request: pytest.FixtureRequest) -> Meta:
    """Meet each of the two webhooks."""
    return world.meta(request.param)
