"""Open pdb in the terminal of `make run DEBUG=1` when a function calls `breakpoint()`."""

import os
import pdb  # noqa: T100  this module opens the debugger
import sys
from pathlib import Path

TERMINAL_VARIABLE = "DEBUG_TERMINAL"
# Lambda's longest timeout. A function can stop at a breakpoint for this long.
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
    """Stop in the caller, with pdb on the terminal, because the emulator uses the function's stdin and stdout."""
    terminal = Path(os.environ[TERMINAL_VARIABLE])
    # Both files stay open, because pdb uses them after this returns.
    reader, writer = terminal.open(), terminal.open("w")
    debugger = pdb.Pdb(stdin=reader, stdout=writer, nosigint=True)
    print(f"\n{os.environ.get('AWS_LAMBDA_FUNCTION_NAME', 'A function')} has stopped.", file=writer)
    debugger.set_trace(sys._getframe().f_back)  # noqa: SLF001  pdb.set_trace() does the same
