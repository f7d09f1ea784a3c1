"""`make run` as a developer meets it: what it prints, and what is left when it ends."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from local.place import ROOT
from tests.support.local_run import Run, connect

pytestmark = pytest.mark.emulator


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Start `make run`, with these variables."""
    runs: list[Run] = []

    def start(**environ: str) -> Run:
        runs.append(Run(tmp_path / f"run-{len(runs)}", environ))
        return runs[-1]

    yield start
    for run in runs:
        run.process.kill()
        run.process.communicate()


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
    ],
)
def test_mistake_is_reported_in_one_sentence(start: Callable[..., Run], environ: dict[str, str], sentence: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        run = start(**{name: value.replace("{busy}", port) for name, value in environ.items()})
        _, said = run.process.communicate(timeout=120)
    assert run.process.returncode == 1
    assert re.fullmatch(sentence.replace("{busy}", port) + ".*\n", said)


def test_make_reports_missing_python(tmp_path: Path) -> None:
    """Where commands by that name exist, but are another Python or a shim that fails."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("bash", "make"):
        (commands / name).symlink_to(shutil.which(name) or name)
    for name in ("python3.13", "python3", "python"):
        (commands / name).write_text("#!/bin/sh\nexit 127\n")
        (commands / name).chmod(0o755)
    run = subprocess.run(
        [commands / "make", "run"],
        check=False,
        cwd=tmp_path,
        env={"PATH": str(commands)},
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0
    assert "Python 3.13 is needed and was not found: " in run.stderr
    assert "Traceback" not in run.stderr
