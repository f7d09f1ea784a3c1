"""`make run` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.place import ROOT

ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("META_", "LOGIN_CONFIG_ID"))
} | {"CONNECT_PORT": "0", "FACEBOOK_PORT": "0", "EMULATOR_PORT": "0", "START_API_PORT": "0"}


class Run:
    """`python -m local` in a process of its own."""

    def __init__(self, directory: Path, environ: dict[str, str]) -> None:
        self.directory = directory
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "--directory", directory],
            cwd=ROOT,
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
