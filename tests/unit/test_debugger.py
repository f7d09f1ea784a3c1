"""`breakpoint()` in a function, under `make run DEBUG=1`."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from local import debugger
from local.error import LocalError
from local.options import Options

FUNCTION = """
def handler(number):
    breakpoint()
    return number + 1

print(handler(1))
"""


def test_breakpoint_opens_pdb_in_the_given_terminal_only() -> None:
    typist, terminal = pty.openpty()
    os.write(typist, b"p 'number', number\nnumber = 41\ncontinue\n")
    ended = subprocess.run(
        [sys.executable, "-c", FUNCTION],
        env=debugger.variables(os.ttyname(terminal)) | {"AWS_LAMBDA_FUNCTION_NAME": "Callback"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout == "42\n"
    shown = os.read(typist, 65536).decode()
    assert "Callback" in shown
    assert "('number', 1)" in shown


def test_debugging_without_a_terminal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(LocalError, match="terminal"):
            Options.from_environ({"DEBUG": "1"}, tmp_path)
        assert not Options.from_environ({}, tmp_path).debug_terminal
