"""`make run` as a developer meets it: what it prints, and what is left when it ends."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from local.place import ROOT
from tests.support.local_run import ENVIRONMENT, Run, connect

pytestmark = pytest.mark.emulator


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start `make run`, with these variables."""
    runs: list[Run] = []

    def start(directory: Path | None = None, **environ: str) -> Run:
        runs.append(Run(directory or tmp_path / f"run-{len(runs)}", environ))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
        run.process.communicate()


class Printed(NamedTuple):
    """A running `make run` in another checkout, at the place where nobody names a folder, and what it printed."""

    run: Run
    checkout: Path
    link: str
    developer_page: str
    exports: str
    commands: list[str]

    def execute(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run the exports and a command as in another terminal."""
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE", "MFLAGS"))}
        return subprocess.run(
            ["bash", "-euc", f"{self.exports}\n{command}"],
            check=False,
            cwd=self.checkout,
            env=environ,
            capture_output=True,
            text=True,
            timeout=180,
        )


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Printed]:
    """Start a stack in a copy of this checkout that uses the same environments."""
    checkout = tmp_path_factory.mktemp("printed") / "checkout"
    left_out = shutil.ignore_patterns(".*", "node_modules", "tests", "__pycache__")
    shutil.copytree(ROOT, checkout, ignore=left_out)
    (checkout / ".venv").symlink_to(ROOT / ".venv")
    run = Run(checkout / ".local", {}, checkout=checkout)
    link = run.read_until(r"http://localhost:\d+/connect")[0]
    developer_page = run.read_until(r"^  Developer page  (http://127.0.0.1:\d+)")[1]
    exports, *commands = commands_for_another_terminal(run)
    yield Printed(run, checkout, link, developer_page, exports, commands)
    run.process.terminate()
    run.process.communicate()


def commands_for_another_terminal(run: Run) -> list[str]:
    """Return the commands that `make run` prints. The first line exports variables for the others."""
    run.read_until("^Commands for another terminal")
    assert run.process.stdout
    lines = []
    for line in run.process.stdout:
        if not line.startswith("  "):
            break
        lines.append(line)
    return "".join(lines).replace("\\\n", "").splitlines()


def is_gone(group: int) -> bool:
    """Tell whether nothing is left of a process group within a few seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_it_prints_a_link_then_a_line_for_each_connection_and_ends_clean(start: Callable[..., Run]) -> None:
    run = start()
    link = run.read_until(r"http://localhost:\d+/connect")[0]
    emulator = run.emulator
    run.read_until("Waiting for people to connect")
    connect(link)
    line = run.read_until("^Connected: ").string
    assert re.fullmatch(
        r"Connected: 122100000000000001 \(\+1 [\d-]+, \+1 [\d-]+\), token in "
        r"/whatsapp-connect/connections/122100000000000001/access-token until \d+ \w+ \d{4} \d\d:\d\d UTC\n",
        line,
    )
    run.read_until("^Onboarded: .* was set up")  # the check after the login; nothing is under way then
    assert run.end(signal.SIGINT) == 0
    assert is_gone(emulator)
    assert not list(run.directory.glob("*.json"))
    assert run.process.stderr
    assert not run.process.stderr.read()


def test_printed_commands_work_as_printed(printed: Printed) -> None:
    list_connections, create_link, read_tokens, _ = printed.commands
    assert requests.get(printed.developer_page, timeout=10).ok
    connect(printed.link)
    printed.run.read_until("^Connected: ")
    for command, result in (
        (list_connections, "122100000000000001"),
        (create_link, f"{printed.link}/"),
        (read_tokens, "/connections/122100000000000001/access-token\tEAA"),
    ):
        ended = printed.execute(command)
        assert ended.returncode == 0, ended.stderr
        assert result in ended.stdout


@pytest.mark.docker
def test_printed_command_for_docker_works_as_printed(printed: Printed) -> None:
    ended = printed.execute(printed.commands[-1])
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1])["statusCode"] == 200


def test_second_run_in_a_folder_harms_nothing_until_the_first_is_killed(start: Callable[..., Run]) -> None:
    first = start()
    link = first.read_until(r"http://localhost:\d+/connect")[0]
    first.read_until("Waiting for people to connect")
    files = {file: file.read_bytes() for file in first.directory.glob("*.json")}
    second = start(first.directory)
    _, said = second.process.communicate(timeout=60)
    assert second.process.returncode == 1
    (sentence,) = said.splitlines()
    for part in (link, "make run DIRECTORY=", f"kill {first.process.pid}"):
        assert part in sentence
    assert {file: file.read_bytes() for file in first.directory.glob("*.json")} == files
    connect(link)
    first.read_until("^Connected: ")

    emulator = first.emulator
    first.end(signal.SIGKILL)
    assert is_gone(emulator)
    assert list(first.directory.glob("*.json"))
    third = start(first.directory)
    third.read_until("^Building ")
    assert not list(first.directory.glob("*.json"))


@pytest.mark.docker
def test_invoke_is_refused_while_the_stack_is_starting(start: Callable[..., Run]) -> None:
    run = start()
    run.read_until("^Building ")
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "local", "--directory", str(run.directory)),
            *("invoke", "AuthorizeFunction", "--event", "events/authorize.json"),
        ],
        check=False,
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "still starting" in ended.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_interrupted_run_leaves_no_process(start: Callable[..., Run], how: signal.Signals) -> None:
    run = start()
    run.read_until("Deploying")
    emulator = run.emulator
    os.killpg(emulator, 0)
    run.end(how)
    assert is_gone(emulator)


def test_with_a_meta_app_it_leads_to_the_real_facebook(start: Callable[..., Run]) -> None:
    run = start(META_APP_ID="987654321", META_APP_SECRET="0f" * 16)
    link = run.read_until(r"http://localhost:\d+/connect")[0]
    assert "your Meta app" in run.read_until("Facebook  ").string
    answer = requests.get(link, allow_redirects=False, timeout=60)
    assert answer.headers["Location"].startswith("https://www.facebook.com/v26.0/dialog/oauth?client_id=987654321&")
    assert run.end(signal.SIGINT) == 0


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"META_APP_ID": "987654321"}, "Set both META_APP_ID and META_APP_SECRET "),
        (
            {"META_APP_ID": "987654321", "META_APP_SECRET": "0f" * 15},
            "META_APP_SECRET is not an app secret\\. ",
        ),
        (
            {"META_APP_ID": "12", "META_APP_SECRET": "0f" * 16},
            "sam deploy failed: .* is the number shown as App ID ",
        ),
        ({"CONNECT_PORT": "ninety"}, "CONNECT_PORT is 'ninety', which is not a port."),
        ({"EMULATOR_PORT": "{busy}"}, "Port {busy} is in use\\. .* EMULATOR_PORT=<port>."),
        ({"FACEBOOK_PORT": "{busy}"}, "Port {busy} is in use\\. .* FACEBOOK_PORT=<port>."),
        ({"CONNECT_PORT": "{busy}"}, "Port {busy} is in use\\. .* CONNECT_PORT=<port>."),
        (
            {"CONNECT_PORT": "{busy}", "EMULATOR_PORT": "{busy}"},
            "Ports {busy}, {busy} are in use\\. .* CONNECT_PORT=0 EMULATOR_PORT=0.",
        ),
    ],
)
def test_mistake_is_reported_in_one_sentence(start: Callable[..., Run], environ: dict[str, str], sentence: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        run = start(**{name: value.replace("{busy}", port) for name, value in environ.items()})
        _, said = run.process.communicate(timeout=120)
    assert run.process.returncode == 1
    assert re.fullmatch(sentence.replace("{busy}", port) + ".*\n", said)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Return a new checkout, as far as the Makefile installs it."""
    for name in ("pyproject.toml", "simulator/pyproject.toml", "functions/whatsapp_connect/version.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def make(checkout: Path, target: str, *, python: str) -> subprocess.CompletedProcess[str]:
    """Run make with this shell script in place of every Python."""
    commands = checkout / "bin"
    commands.mkdir(exist_ok=True)
    for name in ("python3.13", "python3", "python"):
        (commands / name).write_text(python)
        (commands / name).chmod(0o755)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", target],
        check=False,
        cwd=checkout,
        env=environ | {"PATH": f"{commands}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )


# `python -m venv --clear FOLDER` makes a folder with a Python in which pip ends with {code}.
MAKES_ENVIRONMENTS = """#!/bin/sh
if [ "$2" = venv ]; then
    mkdir -p "$4/bin"
    printf '#!/bin/sh\nexit {code}\n' > "$4/bin/python"
    chmod +x "$4/bin/python"
fi
"""


def test_first_make_shows_what_it_installs_and_a_later_one_does_not(fresh: Path) -> None:
    first = make(fresh, "dev", python=MAKES_ENVIRONMENTS.format(code=0))
    assert first.returncode == 0, first.stderr
    announcement, *progress = first.stderr.splitlines()
    assert "minutes" in announcement
    assert len(progress) == 3
    assert progress[-1].endswith("(3 of 3)")
    again = make(fresh, "dev", python=MAKES_ENVIRONMENTS.format(code=0))
    assert (again.stdout, again.stderr) == (first.stdout, "")


def test_failed_installation_is_reported_with_the_next_step(fresh: Path) -> None:
    failed = make(fresh, "check-style", python=MAKES_ENVIRONMENTS.format(code=1))
    assert failed.returncode != 0
    assert "Could not install .venv/dev: " in failed.stderr
    assert not (fresh / ".venv/dev/.installed").exists()


def test_make_reports_missing_python(fresh: Path) -> None:
    """Where commands by that name exist, but are another Python or a shim that fails."""
    failed = make(fresh, "run", python="#!/bin/sh\nexit 127\n")
    assert failed.returncode != 0
    assert "Python 3.13 is needed and was not found: " in failed.stderr
    assert not (fresh / ".venv").exists()
