"""Run a module of this checkout until the parent process ends: `python run_with_parent.py MODULE ARGUMENT ...`.

Standard input is a pipe from the parent. It closes when the parent ends or is killed. Then this kills its whole
process group.
"""

import os
import runpy
import signal
import sys
import threading
from pathlib import Path


def _kill_group_with_parent() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_kill_group_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    checkout = Path(__file__).resolve().parents[1]
    # The emulator uses the simulator's code to refuse requests from web pages of other sites.
    sys.path += [str(checkout), str(checkout / "simulator")]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
