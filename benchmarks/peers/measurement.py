"""Every subject does the same login, in turns, in one run."""

import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

from benchmarks.peers.process import GRANT, PYTHON, ROOT, Program, Worker, run_once
from benchmarks.peers.store import shared_store
from benchmarks.subjects.provider import Provider

LATENCIES = (0, 20, 200)
"""Milliseconds that the provider takes for each answer."""
_LOGINS = {0: (60, 5), 20: (25, 4), 200: (8, 2)}
"""Rounds, and logins of each subject in a round, by latency."""
_PAIRS = (10, 10)
_PAIR_LATENCY = 20
_STARTS = 21
_WARM_UP = 10


@dataclass(frozen=True, slots=True)
class Subject:
    """A line of the comparison. `long_lived` is what the provider gives for a code, see Provider."""

    name: str
    program: Program
    long_lived: bool = True


SUBJECTS = (
    Subject("WhatsApp Connect", Program("functions"), long_lived=False),
    Subject("WhatsApp Connect, equal work", Program("functions")),
    Subject("slack-bolt", Program("slack")),
    Subject("social-auth-core", Program("social")),
    Subject("django-allauth", Program("allauth")),
    Subject("Authlib", Program("authlib")),
    Subject("grant", Program("grant", is_node=True)),
)


def run() -> dict[str, Any]:
    """Compare all subjects, with stores of their own and with one for all."""
    prepare()
    with Provider() as provider, shared_store() as store, ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(dir=_memory()))
        environment = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        environment |= store | {"PROVIDER_URL": provider.url, "SUBJECT_DIRECTORY": directory}
        subjects = [subject for subject in SUBJECTS if not subject.program.is_node or shutil.which("node")]
        return {
            "stores": {
                kind: _compare(kind, subjects, provider, environment, Path(directory)) for kind in ("own", "shared")
            },
            "start": _starts(subjects, environment),
            "versions": _versions(),
        }


def prepare() -> None:
    """Install what is compared."""
    subprocess.run(["make", ".venv/peers/.installed"], cwd=ROOT, check=True)
    if shutil.which("npm") and not (GRANT / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=GRANT, check=True)


def _memory() -> str | None:
    """Return where a database in a file waits for no disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def _compare(
    store: str, subjects: list[Subject], provider: Provider, environment: Mapping[str, str], directory: Path
) -> dict[str, Any]:
    with ExitStack() as stack:
        workers = {
            program: stack.enter_context(
                Worker(program.worker(store), environment, directory / f"{program.name}-{store}.log")
            )
            for program in dict.fromkeys(subject.program for subject in subjects)
        }
        figures: dict[str, Any] = {subject.name: {"latency": {}} for subject in subjects}
        for latency in (None, *LATENCIES):  # the first is to warm up
            rounds, number = _LOGINS[latency] if latency is not None else (1, _WARM_UP)
            provider.latency = (latency or 0) / 1000
            gathered: dict[str, _Gathered] = defaultdict(_Gathered)
            for turn in range(rounds):
                for subject in _from(subjects, turn):
                    provider.long_lived = subject.long_lived
                    provider.calls.clear()
                    answer = workers[subject.program].ask("log_in", number)
                    gathered[subject.name].add(answer, number, Counter(provider.calls))
            if latency is not None:
                for name, figure in gathered.items():
                    figures[name]["latency"][str(latency)] = figure.summary()
        provider.latency = _PAIR_LATENCY / 1000
        pairs: dict[str, list[tuple[int, int]]] = defaultdict(list)
        rounds, number = _PAIRS
        for turn in range(rounds):
            for subject in _from(subjects, turn):
                provider.long_lived = subject.long_lived
                answer = workers[subject.program].ask("log_in_twice", number)
                sent = [provider.codes[code] for code in answer["codes"]]
                pairs[subject.name] += zip(sent, answer["ended_well"], strict=True)
        for name, both in pairs.items():
            figures[name]["twice"] = {
                "logins": len(both),
                "code_sent": mean(sent for sent, _ in both),
                "most": max(sent for sent, _ in both),
                "ended_well": mean(well for _, well in both),
            }
    return figures


def _from(subjects: list[Subject], turn: int) -> list[Subject]:
    """Return the subjects in their order, each round beginning with another."""
    first = turn % len(subjects)
    return subjects[first:] + subjects[:first]


class _Gathered:
    """What one subject did under one latency."""

    def __init__(self) -> None:
        self._logins = 0
        self._clocks: dict[str, dict[str, list[float]]] = {
            part: {"elapsed": [], "cpu": []} for part in ("authorize", "callback")
        }
        self._operations: dict[str, Counter[str]] = {"authorize": Counter(), "callback": Counter()}
        self._calls = Counter[str]()

    def add(self, answer: Mapping[str, Any], number: int, calls: Counter[str]) -> None:
        self._logins += number
        self._calls += calls
        for part, clocks in self._clocks.items():
            for clock, times in clocks.items():
                times.extend(answer[part][clock])
            self._operations[part] += Counter(answer["operations"][part])

    def summary(self) -> dict[str, Any]:
        return {
            "logins": self._logins,
            "round_trips": {name: round(times / self._logins, 2) for name, times in self._calls.items()},
        } | {
            part: {
                **{clock: _spread(times) for clock, times in clocks.items()},
                "operations": {name: round(times / self._logins, 2) for name, times in self._operations[part].items()},
            }
            for part, clocks in self._clocks.items()
        }


def _starts(subjects: list[Subject], environment: Mapping[str, str]) -> dict[str, Any]:
    """Start each in fresh processes: up to where it could answer its first request."""
    commands: dict[str, list[str]] = {"Python alone": [str(PYTHON), "-c", "pass"]}
    if shutil.which("node"):
        commands["Node.js alone"] = ["node", "--eval", "0"]
    for subject in subjects:
        if subject.program.name == "functions":
            for entry in ("authorize", "callback"):
                commands[f"WhatsApp Connect, {entry}"] = subject.program.start("shared", entry)
        else:
            for store in ("own", "shared"):
                commands[f"{subject.name}, {store} store"] = subject.program.start(store)
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    names = list(commands)
    for turn in range(_STARTS + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            once = run_once(commands[name], environment)
            if turn:  # the first compiles, and brings files into memory
                times[name].append(once)
    return {
        name: {
            "elapsed": _spread([elapsed for elapsed, _ in both]),
            "cpu": _spread([cpu for _, cpu in both]),
        }
        for name, both in times.items()
    }


def _spread(times: list[float]) -> dict[str, float]:
    low, _, high = quantiles(times, n=4)
    return {"median": round(median(times), 3), "low": round(low, 3), "high": round(high, 3)}


def _versions() -> dict[str, str]:
    listed = subprocess.run(
        [PYTHON, "-m", "pip", "list", "--format", "freeze"], capture_output=True, text=True, check=True
    ).stdout
    versions = dict(line.lower().replace("_", "-").split("==") for line in listed.splitlines())
    wanted = "slack-bolt slack-sdk social-auth-core django-allauth django authlib httpx2 starlette boto3"
    found = {name: versions[name] for name in wanted.split()}
    package = json.loads((GRANT / "package.json").read_text())
    found |= {name.rpartition("/")[2]: version for name, version in package["dependencies"].items()}
    if shutil.which("node"):
        found["Node.js"] = subprocess.run(
            ["node", "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
    return found
