"""What `breakpoint()` in a function does under `make run DEBUG=1`: pdb in the terminal of `make run`."""

import os
import pdb  # noqa: T100  it is what this module is for
import sys
from pathlib import Path

TERMINAL_VARIABLE = "DEBUG_TERMINAL"
# The longest that Lambda lets a function run: how long a function can stop at a breakpoint.
TIMEOUT_S = 900

_CHECKOUT = Path(__file__).resolve().parents[1]


def variables(terminal: str) -> dict[str, str]:
    """Return the environment with which `breakpoint()` in a function opens pdb in a terminal, given its path."""
    return {
        "PYTHONPATH": str(_CHECKOUT),
        "PYTHONBREAKPOINT": f"{stop.__module__}.{stop.__name__}",
        TERMINAL_VARIABLE: terminal,
    }


def stop() -> None:
    """Stop in the caller. A function's own standard input and output belong to the emulator."""
    terminal = Path(os.environ[TERMINAL_VARIABLE])
    # pdb closes neither: the function can stop more than once, and goes on after this returns.
    reader, writer = terminal.open(), terminal.open("w")
    debugger = pdb.Pdb(stdin=reader, stdout=writer, nosigint=True)
    print(f"\n{os.environ.get('AWS_LAMBDA_FUNCTION_NAME', 'A function')} has stopped.", file=writer)
    debugger.set_trace(sys._getframe().f_back)  # noqa: SLF001  as pdb.set_trace() itself
