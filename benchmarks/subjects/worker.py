"""A process with one subject: `python -m benchmarks.subjects.worker SUBJECT own|shared`.

Reads one JSON request a line, answers each with one line. What the subject prints goes nowhere.
"""

import importlib
import json
import os
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, TextIO

from benchmarks.subjects.subject import Login, Subject


class _Clocks:
    """Milliseconds that passed, and milliseconds of CPU, of each piece of work."""

    def __init__(self) -> None:
        self.elapsed: list[float] = []
        self.cpu: list[float] = []

    def time[T](self, work: Callable[[], T]) -> T:
        cpu, began = time.process_time_ns(), time.perf_counter_ns()
        result = work()
        self.elapsed.append((time.perf_counter_ns() - began) / 1e6)
        self.cpu.append((time.process_time_ns() - cpu) / 1e6)
        return result

    def result(self) -> dict[str, list[float]]:
        return {"elapsed": self.elapsed, "cpu": self.cpu}


def log_in(subject: Subject, number: int) -> dict[str, Any]:
    """Log in so many times, one after the other."""
    authorize, callback = _Clocks(), _Clocks()
    operations: dict[str, Counter[str]] = {"authorize": Counter(), "callback": Counter()}
    for _ in range(number):
        subject.operations.clear()
        login = authorize.time(subject.authorize)
        operations["authorize"] += subject.operations
        subject.operations.clear()
        if not callback.time(partial(subject.callback, login, f"code-{uuid.uuid4()}")):
            raise RuntimeError("a login failed")
        operations["callback"] += subject.operations
    return {"authorize": authorize.result(), "callback": callback.result(), "operations": operations}


def log_in_twice(subject: Subject, number: int) -> dict[str, Any]:
    """Have the callback of each login arrive twice at once; return the codes, and how many of the two ended well."""
    codes: list[str] = []
    ended_well: list[int] = []
    barrier = Barrier(2)

    def come_back(login: Login, code: str) -> bool:
        barrier.wait()
        return subject.callback(login, code)

    with ThreadPoolExecutor(2) as threads:
        for _ in range(number):
            login, code = subject.authorize(), f"code-{uuid.uuid4()}"
            both = [threads.submit(come_back, login, code) for _ in range(2)]
            codes.append(code)
            ended_well.append(sum(one.exception() is None and one.result() for one in both))
    return {"codes": codes, "ended_well": ended_well}


def serve(subject: Subject, requests: TextIO, answers: TextIO) -> None:
    work = {"log_in": log_in, "log_in_twice": log_in_twice}
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in requests:
        request = json.loads(line)
        print(json.dumps(work[request["do"]](subject, request["number"])), file=answers, flush=True)


def main() -> None:
    name, store = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    subject: Subject = importlib.import_module(f"benchmarks.subjects.{name}").make(shared=store == "shared")
    serve(subject, sys.stdin, answers)


if __name__ == "__main__":
    main()
