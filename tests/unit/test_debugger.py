"""`breakpoint()` in a function, under `make run DEBUG=1`."""

import os
import pty
import subprocess
import sys

from local import debugger

FUNCTION = """
def handler(number):
    breakpoint()
    return number + 1

print(handler(1))
"""


def test_breakpoint_opens_pdb_in_the_given_terminal_and_leaves_standard_output_alone() -> None:
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
