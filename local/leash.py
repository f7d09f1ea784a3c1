"""Run a module of this checkout for as long as the parent lives: `python leash.py MODULE ARGUMENT ...`.

Standard input is a pipe that the parent holds.

However the parent ends, even killed, the pipe closes, and the whole process group goes.
"""

import os
import runpy
import signal
import sys
import threading
from pathlib import Path


def _follow_parent() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_follow_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    checkout = Path(__file__).resolve().parents[1]
    # The emulator refuses web pages of other sites by the simulator's rule.
    sys.path += [str(checkout), str(checkout / "simulator")]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
