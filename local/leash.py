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
    sys.path.append(str(Path(__file__).resolve().parents[1]))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
