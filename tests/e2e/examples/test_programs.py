"""Recipes that are programs: run as they are, in copies outside the checkout, with a message at the other end."""

import importlib.util
import json
import os
import subprocess
import venv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from facebook_simulator.account_update import AccountUpdate
from facebook_simulator.model import App
from facebook_simulator.server import APP_ID, APP_SECRET
from tests.e2e.examples.service import (
    ACCOUNT,
    CONNECTION,
    OTHER_PHONE,
    PHONE,
    TWO_NUMBERS,
    Service,
    copy_of,
    reader_environment,
    steps,
)
from tests.support.docs import ROOT, blocks, run_blocks
from tests.support.pywa_transport import ToSimulator
from whatsapp_connect_reader import PhoneNumberRequired, ReconnectRequired, TokenReader

pytestmark = pytest.mark.emulator

TO = "12025550123"
STRANGER = "122100000000000099"
CONNECTION_IN_PAGES = "122100000000000001"


def run(command: list[str | Path], environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=120
    )


def check_sent(service: Service, message_id: str, text: str) -> None:
    message = service.message(message_id)
    assert (message["phone_number_id"], message["user_id"]) == (PHONE, CONNECTION)
    assert (message["to"], message["text"]["body"]) == (TO, text)


def check_sends_from_named_number(service: Service, command: list[str | Path], folder: Path) -> None:
    """Check that a program sends from the number that is named. Without a name it must not guess, and says why."""
    environment = service.environment
    with service.metadata(phone_numbers=TWO_NUMBERS):
        unnamed = run([*command, CONNECTION, TO, "Hello"], environment, folder)
        assert (unnamed.returncode, unnamed.stdout) == (1, "")
        assert f"{OTHER_PHONE}, {PHONE}" in unnamed.stderr
        named = run([*command, CONNECTION, TO, "Named"], environment | {"PHONE_NUMBER_ID": PHONE}, folder)
        assert named.returncode == 0, named.stderr
        check_sent(service, named.stdout.strip(), "Named")
    with service.metadata(phone_numbers=[]):
        without = run([*command, CONNECTION, TO, "Hello"], environment, folder)
        assert (without.returncode, without.stdout) == (1, "")
        assert "no phone number" in without.stderr


def follow(service: Service, recipe: str, folder: Path, environ: Mapping[str, str]) -> None:
    """Follow the steps of a recipe that sends a message, and check that it is sent."""
    examples = ("eu-west-1", CONNECTION_IN_PAGES)
    instead = {example: service.fill_in(example) for example in examples}
    printed = run_blocks(steps(recipe), folder=folder, environ=environ, instead=instead)
    check_sent(service, printed.split()[-1], "Hello")


@pytest.fixture(scope="module")
def shell_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of("shell", tmp_path_factory.mktemp("shell"))


@pytest.mark.shell
def test_steps_of_shell(service: Service, shell_folder: Path) -> None:
    follow(service, "shell", shell_folder, service.environment)


@pytest.mark.shell
def test_shell_sends_from_named_number(service: Service, shell_folder: Path, tmp_path: Path) -> None:
    check_sends_from_named_number(service, [shell_folder / "send.sh"], tmp_path)


@pytest.mark.shell
def test_shell(service: Service, shell_folder: Path, tmp_path: Path) -> None:
    script = shell_folder / "send.sh"
    sent = run([script, CONNECTION, TO, "It's \"6 o'clock\""], service.environment, tmp_path)
    assert (sent.returncode, sent.stderr) == (0, "")
    check_sent(service, sent.stdout.strip(), "It's \"6 o'clock\"")

    refused = run([script, STRANGER, TO, "Hello"], service.environment, tmp_path)
    assert refused.returncode != 0
    assert "AccessDenied" in refused.stderr


@pytest.mark.shell
def test_shell_when_facebook_refuses(service: Service, shell_folder: Path, tmp_path: Path) -> None:
    service.expect_check()
    for code, status, end in ((190, 401, 3), (0, 401, 3), (131030, 400, 1)):
        service.site.facebook.control(
            "faults",
            {"endpoint": "messages", "fault": "graph_error", "code": code, "status": status},
        )
        refused = run([shell_folder / "send.sh", CONNECTION, TO, "Hello"], service.environment, tmp_path)
        assert (refused.returncode, refused.stdout) == (end, "")
        assert service.token() not in refused.stderr
    service.wait_for_check()


@pytest.fixture(scope="module")
def node_folder(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the recipe after the steps of its page: with what its list locks, and a message sent."""
    folder = copy_of("node", tmp_path_factory.mktemp("node"))
    follow(service, "node", folder, {"HOME": str(Path.home())} | npm_settings() | service.environment)
    return folder


def npm_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.lower().startswith(("npm_", "http", "no_proxy"))}


@pytest.mark.node
def test_node(service: Service, node_folder: Path) -> None:
    sent = run(["node", "send.mjs", CONNECTION, TO, "Hello from Node"], service.environment, node_folder)
    assert sent.returncode == 0, sent.stderr
    check_sent(service, sent.stdout.strip(), "Hello from Node")

    refused = run(["node", "send.mjs", STRANGER, TO, "Hello"], service.environment, node_folder)
    assert refused.returncode == 1
    assert "AccessDenied" in refused.stderr


@pytest.mark.node
def test_node_sends_from_named_number(service: Service, node_folder: Path) -> None:
    check_sends_from_named_number(service, ["node", "send.mjs"], node_folder)


@pytest.mark.node
@pytest.mark.parametrize("code", [190, 0])
def test_node_when_facebook_refuses(service: Service, node_folder: Path, code: int) -> None:
    fault = {"endpoint": "messages", "fault": "graph_error", "code": code, "status": 401}
    service.site.facebook.control("faults", fault)
    lost = run(["node", "send.mjs", CONNECTION, TO, "Hello"], service.environment, node_folder)
    assert lost.returncode == 3
    assert lost.stderr.strip().endswith("active (token-refused)")


@pytest.mark.node
def test_node_reads_a_replaced_token_again(
    service: Service, node_folder: Path, replace_token: Callable[[], None]
) -> None:
    """Between its two calls of `call`, the program waits for the token to be replaced."""
    (node_folder / "twice.mjs").write_text(
        """
        import { once } from "node:events";
        import { call } from "./connection.mjs";
        const tokens = [];
        const me = async ({ token }) => {
          tokens.push(token);
          const headers = { authorization: `Bearer ${token}` };
          return (await fetch(`${process.env.GRAPH_URL}/v26.0/me`, { headers })).json();
        };
        const [prefix, id] = [process.env.PARAMETER_PREFIX, process.argv[2]];
        await call(prefix, id, me);
        console.log("ready");
        await once(process.stdin, "data");
        const { id: user } = await call(prefix, id, me);
        console.log(JSON.stringify({ user, calls: tokens.length, different: new Set(tokens).size }));
        process.exit(0);
        """
    )
    with subprocess.Popen(
        ["node", "twice.mjs", CONNECTION],
        cwd=node_folder,
        env=service.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin
        assert program.stdout
        assert program.stdout.readline() == "ready\n"
        replace_token()
        program.stdin.write("go\n")
        program.stdin.flush()
        assert json.loads(program.stdout.readline()) == {"user": CONNECTION, "calls": 3, "different": 2}


@pytest.fixture(scope="module")
def pywa_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of("pywa", tmp_path_factory.mktemp("pywa"), wheel)


@pytest.fixture(scope="module")
def webhook_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of("webhook", tmp_path_factory.mktemp("webhook"), wheel)


TO_SIMULATOR = f"""
try:
    import httpx
except ModuleNotFoundError:  # pip has not installed it yet
    pass
else:
    import os, sys
    from functools import partialmethod
    sys.path.append({str(ROOT / "tests/support")!r})
    from pywa_transport import ToSimulator
    httpx.Client.__init__ = partialmethod(httpx.Client.__init__, transport=ToSimulator(os.environ["GRAPH_URL"]))
"""
"""Python runs this when it starts. It changes the Graph API's host, and nothing else."""


def test_steps_of_pywa(service: Service, pywa_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(TO_SIMULATOR)
    environ = reader_environment(tmp_path / "versions.txt", service.environment) | {"PYTHONPATH": str(tmp_path)}
    follow(service, "pywa", pywa_folder, environ)


def test_steps_of_webhook(service: Service, webhook_folder: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    environ = reader_environment(tmp_path / "versions.txt", service.environment)
    environ["PATH"] = f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{environ['PATH']}"
    run_blocks(steps("webhook"), folder=webhook_folder, environ=environ)


def load(path: Path) -> ModuleType:
    """Import a recipe."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)
    return recipe


def reader_of(service: Service) -> TokenReader:
    return TokenReader(
        service.prefix,
        client=service.session.client("ssm", endpoint_url=service.site.stack.endpoint_url),
        check_queue_url=service.site.outputs["CheckQueueUrl"],
        sqs_client=service.session.client("sqs", endpoint_url=service.site.stack.endpoint_url),
    )


@pytest.fixture
def pywa_recipe(service: Service, pywa_folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    recipe = load(pywa_folder / "send.py")
    client = partial(httpx.Client, transport=ToSimulator(service.site.facebook.url))
    monkeypatch.setattr(httpx, "Client", client)
    return recipe


def test_pywa(service: Service, pywa_recipe: ModuleType, replace_token: Callable[[], None]) -> None:
    reader = reader_of(service)
    check_sent(service, pywa_recipe.send(reader, CONNECTION, TO, "Hello from pywa"), "Hello from pywa")
    replace_token()
    check_sent(service, pywa_recipe.send(reader, CONNECTION, TO, "And again"), "And again")

    with service.metadata(phone_numbers=TWO_NUMBERS):
        reader.forget(CONNECTION)
        with pytest.raises(PhoneNumberRequired):
            pywa_recipe.send(reader, CONNECTION, TO, "Hello")
        check_sent(service, pywa_recipe.send(reader, CONNECTION, TO, "Named", phone_number_id=PHONE), "Named")

    for code in (190, 0):
        reader.forget(CONNECTION)
        fault = {"endpoint": "messages", "fault": "graph_error", "code": code, "status": 401}
        service.site.facebook.control("faults", fault)
        service.expect_check()
        with pytest.raises(ReconnectRequired) as lost:
            pywa_recipe.send(reader, CONNECTION, TO, "Hello")
        assert lost.value.status_reason == "token-refused"
        if code == 190:  # the reader reports a connection once a minute
            service.wait_for_check()


@pytest.mark.parametrize("event", ["PARTNER_REMOVED", "ACCOUNT_RESTRICTION"])  # one names the account, one does not
def test_webhook(service: Service, webhook_folder: Path, event: str) -> None:
    recipe = load(webhook_folder / "account_update.py")
    reader = reader_of(service)
    app = App(APP_ID, APP_SECRET)
    service.expect_check()
    webhook = AccountUpdate(event, app, ACCOUNT, "200000000000001", 0).payload()
    assert recipe.check_accounts(reader, webhook, [CONNECTION]) == [CONNECTION]
    service.wait_for_check()
    stranger = AccountUpdate(event, app, "300000000000077", "200000000000001", 0).payload()
    assert recipe.check_accounts(reader, stranger, [CONNECTION]) == []
    message = {"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": [{"field": "messages"}]}]}
    assert recipe.check_accounts(reader, message, [CONNECTION]) == []


def test_lines_in_the_page_of_webhook(service: Service, webhook_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(webhook_folder)
    (block,) = blocks("examples/webhook/README.md", "python")
    names: dict[str, Any] = {
        "CHECK_QUEUE_URL": service.site.outputs["CheckQueueUrl"],
        "ids_of_your_connections": lambda: [CONNECTION],
    }
    exec(block.text, names)
    service.expect_check()
    names["receive"](AccountUpdate("PARTNER_REMOVED", App(APP_ID, APP_SECRET), ACCOUNT, "200000000000001", 0).payload())
    service.wait_for_check()
