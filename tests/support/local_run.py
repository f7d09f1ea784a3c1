"""`make run` and `make start-api` in processes of their own."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from local import container
from local.place import ROOT, STATE
from tests.support.facebook import Facebook

LOCK = STATE / "docker.lock"

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("META_", "LOGIN_CONFIG_ID"))
} | {"CONNECT_PORT": "0", "FACEBOOK_PORT": "0", "EMULATOR_PORT": "0", "START_API_PORT": "0"}


class Run:
    """`python -m local` in a process of its own."""

    def __init__(self, directory: Path, environ: dict[str, str], *, checkout: Path = ROOT) -> None:
        self.directory = directory
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "--directory", directory],
            cwd=checkout,
            env=ENVIRONMENT | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def read_until(self, pattern: str) -> re.Match[str]:
        """Read its output as far as a line that holds `pattern`."""
        assert self.process.stdout
        for line in self.process.stdout:
            if found := re.search(pattern, line):
                return found
        assert self.process.stderr
        pytest.fail(f"{pattern} was never printed: {self.process.stderr.read()}")

    @property
    def emulator(self) -> int:
        """Return the process group of the emulator and the functions it runs."""
        (file,) = (self.directory / "emulator").glob("*.pid")
        return int(file.read_text())

    def end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=30)


def connect(link: str) -> Facebook:
    """Log in at the simulator that a connect link leads to, and return it."""
    with requests.Session() as browser:
        dialog = browser.get(link, allow_redirects=False, timeout=60).headers["Location"]
        facebook = Facebook(dialog.partition("/v26.0/")[0])
        assert browser.get(facebook.log_in(dialog), timeout=60).status_code == 200
    return facebook


class StartApi(NamedTuple):
    url: str
    pid: int


@contextmanager
def start_api(directory: Path, log: Path) -> Iterator[StartApi]:
    """Serve the functions of a stack from Docker. Tests that run at the same time wait: they look at every container."""
    command = [sys.executable, "-m", "local", "--directory", str(directory), "start-api"]
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock, log.open("w") as output:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = containers()
        with subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT) as server:
            try:
                deadline = time.monotonic() + 60
                while "Running on" not in log.read_text():
                    assert server.poll() is None, log.read_text()
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.2)
                yield StartApi(container.start_api_url(directory), server.pid)
            finally:
                server.terminate()
        assert containers() <= before


def containers() -> set[str]:
    """Return the ids of the containers that run."""
    listed = subprocess.run(["docker", "ps", "--quiet"], check=True, capture_output=True, text=True)
    return set(listed.stdout.split())
