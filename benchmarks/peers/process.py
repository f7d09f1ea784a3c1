"""The processes that subjects run in, each in its own environment."""

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv/peers/bin/python"
GRANT = ROOT / "benchmarks/subjects/grant"


@dataclass(frozen=True, slots=True)
class Program:
    """How to run one subject."""

    name: str
    is_node: bool = False

    def worker(self, store: str) -> list[str]:
        if self.is_node:
            return ["node", str(GRANT / "worker.mjs"), store]
        return [str(PYTHON), "-m", "benchmarks.subjects.worker", self.name, store]

    def start(self, store: str, entry: str = "") -> list[str]:
        if self.is_node:
            return ["node", str(GRANT / "start.mjs"), store]
        name = f"{self.name}.{entry}" if entry else self.name
        return [str(PYTHON), "-m", "benchmarks.subjects.start", name, store]


class Worker:
    """A process that keeps one subject and does what it is asked. Use as a context manager."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._log = log

    def __enter__(self) -> Self:
        self._read()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def ask(self, work: str, number: int) -> dict[str, Any]:
        """Have something done so many times."""
        if self._process.stdin is None:
            raise RuntimeError("the worker takes no requests")
        print(json.dumps({"do": work, "number": number}), file=self._process.stdin, flush=True)
        return self._read()

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"a subject has ended:\n{self._log.read_text()[-2000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def run_once(command: list[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """Run a command to its end; return the milliseconds that passed, and those of CPU."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=dict(environment), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} has failed")
    return elapsed * 1000, (usage.ru_utime + usage.ru_stime) * 1000
