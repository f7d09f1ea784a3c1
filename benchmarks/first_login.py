"""Measure how long the first person waits: a login with two cold starts, over HTTPS, and the login after it.

Facebook's simulator and the AWS stand-in are behind TLS. Their certificate authority is added to those that the artifact
trusts, so that the time to load the trust store is measured too. The process gets the CPU that Lambda gives for its memory
size. During INIT it gets a whole CPU, as on Lambda.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.artifact import Folders
from benchmarks.execution import Cost, Execution
from benchmarks.login import World, event
from benchmarks.quota import WHOLE_CPU_MB, Quota
from benchmarks.report import table

RUNS = 9
MEMORY_MB = (256, 512, 1024, WHOLE_CPU_MB)
DELAYS_MS = (0, 20, 200)
CHOSEN_MB = WHOLE_CPU_MB
STEPS = (
    "authorize INIT",
    "authorize, first",
    "authorize, warm",
    "callback INIT",
    "callback, first",
    "callback, warm",
)


def run() -> dict[str, Any]:
    asked = [(CHOSEN_MB, delay) for delay in DELAYS_MS] + [(memory, 0) for memory in MEMORY_MB if memory != CHOSEN_MB]
    measured: dict[tuple[int, int], list[list[Cost]]] = {one: [] for one in asked}
    with tempfile.TemporaryDirectory() as name, World.serving() as world, Quota.group() as quota:
        folder = Path(name)
        folders = Folders.make(folder / "made")
        task = world.trusted_by(folders.built, folder / "task")
        for _ in range(RUNS):
            for memory, delay in asked:
                world.delay(delay / 1000)
                measured[memory, delay].append(_logins(world, task, folders.runtime_compiled, quota, memory))
        world.delay(0)
        calls = _count(world, task, folders.runtime_compiled)
    return {
        "runs": RUNS,
        "calls": calls,
        "steps": [
            {
                "memory": memory,
                "delay": delay,
                "wall": dict(
                    zip(
                        STEPS,
                        (median(c.wall for c in step) for step in zip(*costs, strict=True)),
                        strict=True,
                    )
                ),
                "cpu": dict(
                    zip(STEPS, (median(c.cpu for c in step) for step in zip(*costs, strict=True)), strict=True)
                ),
            }
            for (memory, delay), costs in measured.items()
        ],
    }


def _logins(world: World, task: Path, runtime: Path, quota: Quota, memory: int) -> list[Cost]:
    """Return the times of two logins. The first one starts the functions."""
    quota.limit(None)
    with Execution(
        task=task, runtime=runtime, handler="authorize.handler", environment=world.environment, quota=quota
    ) as authorize:
        quota.limit(memory)
        started = [authorize.invoke(event("authorize")) for _ in range(2)]
    quota.limit(None)
    with Execution(
        task=task, runtime=runtime, handler="callback.handler", environment=world.environment, quota=quota
    ) as callback:
        quota.limit(memory)
        finished = [callback.invoke(world.log_in(one)) for one in started]
    assert all(one.answer["statusCode"] == 200 for one in finished), finished
    return [
        authorize.init,
        *(one.cost for one in started),
        callback.init,
        *(one.cost for one in finished),
    ]


def _count(world: World, task: Path, runtime: Path) -> dict[str, Any]:
    """Return the calls of a cold login and of a warm one."""
    counted: dict[str, Any] = {}
    with (
        Execution(task=task, runtime=runtime, handler="authorize.handler", environment=world.environment) as authorize,
        Execution(task=task, runtime=runtime, handler="callback.handler", environment=world.environment) as callback,
    ):
        for kind in ("cold", "warm"):
            world.forget_calls()
            connections = world.graph_front.connections, world.aws_front.connections
            callback.invoke(world.log_in(authorize.invoke(event("authorize"))))
            counted[kind] = {
                "calls": world.calls(),
                "connections to Facebook": world.graph_front.connections - connections[0],
                "connections to AWS": world.aws_front.connections - connections[1],
            }
    return counted


def wait(step: Mapping[str, Any], *, first: bool) -> float:
    """Return the milliseconds that a person waits for both functions."""
    wall: Mapping[str, float] = step["wall"]
    if first:
        return sum(wall[name] for name in STEPS if not name.endswith("warm"))
    return sum(wall[name] for name in ("authorize, warm", "callback, warm"))


def tables(figures: Mapping[str, Any]) -> Mapping[str, str]:
    steps = figures["steps"]
    chosen = [step for step in steps if step["memory"] == CHOSEN_MB]
    by_memory = sorted((step for step in steps if step["delay"] == 0), key=lambda step: step["memory"])
    counted = figures["calls"]
    names = sorted(set(counted["cold"]["calls"]) | set(counted["warm"]["calls"]))
    return {
        "first-login latency": table(
            ["L", *STEPS, "first person", "next person", "callback, warm, less L", "goal"],
            [
                [
                    f"{step['delay']} ms",
                    *(f"{step['wall'][name]:.0f}" for name in STEPS),
                    f"**{wait(step, first=True):.0f}**",
                    f"**{wait(step, first=False):.0f}**",
                    f"{step['wall']['callback, warm'] - step['delay']:.0f}",
                    f"under {3 * step['delay'] + 60}",
                ]
                for step in chosen
            ],
        ),
        "first-login memory": table(
            ["MB", "processor", *STEPS, "first person", "next person"],
            [
                [
                    step["memory"],
                    f"{min(1, step['memory'] / WHOLE_CPU_MB):.2f}",
                    *(f"{step['wall'][name]:.0f}" for name in STEPS),
                    f"**{wait(step, first=True):.0f}**",
                    f"**{wait(step, first=False):.0f}**",
                ]
                for step in by_memory
            ],
        ),
        "first-login calls": table(
            ["", "cold", "warm"],
            [
                *([name, *(counted[kind]["calls"].get(name, 0) for kind in ("cold", "warm"))] for name in names),
                *(
                    [name, *(counted[kind][name] for kind in ("cold", "warm"))]
                    for name in ("connections to Facebook", "connections to AWS")
                ),
            ],
        ),
    }
