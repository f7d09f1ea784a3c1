"""Measure INIT of each function: from the start of its process until it asks for its first event.

The same run measures a floor alternately with them: a module that makes one DynamoDB client and a Powertools Logger. AWS
does not say whether the SDK in Lambda's runtime has bytecode, so three states are measured: nothing compiled, only the
runtime's SDK, and everything.
"""

import random
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.artifact import Folders, unzipped_bytes, zipped_bytes
from benchmarks.execution import PYTHON, Execution, environment
from benchmarks.report import table

RUNS = 15
FUNCTIONS = ("authorize", "callback", "publish", "schedule", "check", "deauthorize", "delete_data", "whatsapp_webhook")
WAITED_FOR = ("authorize", "callback")

NOTHING, RUNTIME, ALL = "nothing compiled", "only the runtime's SDK compiled", "everything compiled"


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        folders = Folders.make(Path(folder))
        subjects = _subjects(folders)
        measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in subjects}
        for _ in range(RUNS):
            for name in random.sample(list(subjects), len(subjects)):
                task, runtime, entry = subjects[name]
                with Execution(task=task, runtime=runtime, handler=f"{entry}.handler") as execution:
                    init = execution.init
                    measured[name].append((init.wall, init.cpu, execution.peak_mib()))
        return {
            "runs": RUNS,
            "init": {
                name: dict(zip(("wall", "cpu", "mib"), map(median, zip(*values, strict=True)), strict=True))
                for name, values in measured.items()
            },
            "bytes": {
                name: {"zipped": zipped_bytes(path), "unzipped": unzipped_bytes(path)}
                for name, path in (
                    ("with its own SDK", folders.built),
                    ("with the runtime's SDK", folders.lean),
                )
            },
            "imports": {entry: profile(folders, entry) for entry in WAITED_FOR},
        }


def _subjects(folders: Folders) -> dict[str, tuple[Path, Path, str]]:
    """Return the task folder, the runtime folder and the entry file of everything to start, by name."""
    compiled, uncompiled = folders.runtime_compiled, folders.runtime
    subjects = {
        f"floor, {NOTHING}": (folders.floor, uncompiled, "floor"),
        f"floor, {RUNTIME}": (folders.floor, compiled, "floor"),
        f"floor, {ALL}": (folders.floor_compiled, compiled, "floor"),
    }
    subjects |= {f"{entry}, as built": (folders.built, compiled, entry) for entry in FUNCTIONS}
    for entry in WAITED_FOR:
        subjects |= {
            f"{entry}, as built, runtime not compiled": (folders.built, uncompiled, entry),
            f"{entry}, own SDK, {NOTHING}": (folders.uncompiled, uncompiled, entry),
            f"{entry}, runtime's SDK, {NOTHING}": (folders.lean_uncompiled, uncompiled, entry),
            f"{entry}, runtime's SDK, {RUNTIME}": (folders.lean_uncompiled, compiled, entry),
            f"{entry}, runtime's SDK, {ALL}": (folders.lean, compiled, entry),
            f"{entry}, runtime's SDK, only ours compiled": (folders.lean, uncompiled, entry),
        }
    return subjects


def profile(folders: Folders, entry: str) -> list[tuple[str, float]]:
    """Return the milliseconds to import an entry file, by package; the lowest of several runs."""
    runs = []
    for _ in range(5):
        ran = subprocess.run(
            [PYTHON, "-S", "-B", "-X", "importtime", "-c", f"import {entry}"],
            cwd=folders.built,
            env=environment(folders.built, folders.runtime_compiled),
            capture_output=True,
            text=True,
            check=True,
        )
        spent: dict[str, float] = {}
        for line in ran.stderr.splitlines():
            own, _, name = line.removeprefix("import time:").split("|")
            if own.strip().isdigit():
                package = _package(name.strip(), entry)
                spent[package] = spent.get(package, 0) + int(own) / 1000
        runs.append(spent)
    least = {package: min(spent[package] for spent in runs) for package in runs[0]}
    return sorted(least.items(), key=lambda item: -item[1])


def _package(module: str, entry: str) -> str:
    name = module.partition(".")[0]
    ours = {
        "boto3",
        "botocore",
        "s3transfer",
        "urllib3",
        "dateutil",
        "jmespath",
        "certifi",
        "typing_extensions",
    }
    if name == entry:
        return f"{entry}.py itself, with the clients it makes"
    return name if name in ours | {"aws_lambda_powertools", "whatsapp_connect"} else "standard library"


def tables(figures: Mapping[str, Any]) -> Mapping[str, str]:
    init = figures["init"]

    def cell(name: str) -> str:
        return f"{init[name]['wall']:.0f} / {init[name]['cpu']:.0f}"

    def ratio(name: str, floor: str) -> str:
        return f"{init[name]['cpu'] / init[f'floor, {floor}']['cpu']:.2f}"

    goals = {
        ("authorize", RUNTIME): 0.66,
        ("callback", RUNTIME): 0.9,
        ("authorize", ALL): 1.0,
        ("callback", ALL): 1.2,
    }
    return {
        "cold-start goals": table(
            ["function", "beside the floor with", "ratio", "goal"],
            [
                [entry, floor, ratio(f"{entry}, as built", floor), f"at most {goal:.2f}"]
                for (entry, floor), goal in goals.items()
            ],
        ),
        "cold-start functions": table(
            ["", "ms / ms of CPU", "MiB"],
            [[name, cell(name), f"{init[name]['mib']:.0f}"] for name in init if name.startswith("floor")]
            + [[entry, cell(f"{entry}, as built"), f"{init[f'{entry}, as built']['mib']:.0f}"] for entry in FUNCTIONS],
        ),
        "cold-start sdk": table(
            ["", *WAITED_FOR],
            [
                [text, *(cell(f"{entry}, {name}") for entry in WAITED_FOR)]
                for text, name in (
                    ("**as built: its own SDK, compiled**; the runtime's compiled or", "as built"),
                    ("**not**: the same", "as built, runtime not compiled"),
                    ("runtime's SDK, everything compiled", f"runtime's SDK, {ALL}"),
                    ("runtime's SDK not compiled, ours compiled", "runtime's SDK, only ours compiled"),
                    (
                        "runtime's SDK compiled, ours not: what SAM's own builder makes",
                        f"runtime's SDK, {RUNTIME}",
                    ),
                    ("runtime's SDK, nothing compiled", f"runtime's SDK, {NOTHING}"),
                    ("its own SDK, nothing compiled", f"own SDK, {NOTHING}"),
                )
            ],
        ),
        "artifact size": table(
            ["artifact", "MB zipped", "MB unzipped"],
            [
                [name, f"{size['zipped'] / 1e6:.1f}", f"{size['unzipped'] / 1e6:.1f}"]
                for name, size in figures["bytes"].items()
            ],
        ),
        "imports": "\n\n".join(
            table(
                [f"{entry}", "ms"],
                [[name, f"{spent:.1f}"] for name, spent in figures["imports"][entry] if spent >= 0.5],
            )
            for entry in WAITED_FOR
        ),
    }
