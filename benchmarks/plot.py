"""Draw the pictures of docs/performance.md from the results: `.venv/benchmarks/bin/python -m benchmarks.plot`."""

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

from benchmarks.growth import plot as growth

HERE = Path(__file__).parent
IMAGES = HERE.parent / "docs" / "images"
GREEN, GREY, RED = "#0a6b4f", "#9fb0aa", "#c8764a"


def main() -> None:
    mpl.use("agg")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), layout="constrained")
    _cold_start(left, _figures("cold_start")["init"])
    _memory(right, _figures("first_login")["steps"])
    figure.savefig(IMAGES / "performance.png", dpi=110)
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.4), layout="constrained")
    growth.draw(_figures("growth"), axes)
    figure.savefig(IMAGES / "growth.png", dpi=100)


def _figures(name: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((HERE / "results" / f"{name}.json").read_text())["figures"]
    return figures


def _cold_start(axes: Any, init: dict[str, Any]) -> None:
    bars = [
        ("authorize, as built", "authorize, as built", GREEN),
        ("callback, as built", "callback, as built", GREEN),
        ("floor, everything compiled", "floor, everything compiled", GREY),
        ("floor, only the runtime's SDK compiled", "floor, only the runtime's SDK compiled", GREY),
        ("floor, nothing compiled", "floor, nothing compiled", GREY),
        ("authorize, runtime's SDK, not compiled", "authorize, runtime's SDK, nothing compiled", RED),
    ]
    values = [init[name]["cpu"] for _, name, _ in bars]
    drawn = axes.barh([label for label, _, _ in bars], values, color=[color for *_, color in bars])
    axes.bar_label(drawn, fmt="%.0f", padding=3)
    axes.invert_yaxis()
    axes.set_title("INIT, ms of CPU", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)


def _memory(axes: Any, steps: list[dict[str, Any]]) -> None:
    steps = sorted((step for step in steps if step["delay"] == 0), key=lambda step: step["memory"])
    names = [f"{step['memory']} MB" for step in steps]
    bottom = [0.0] * len(steps)
    for label, parts, color in (
        ("INIT of both functions", ("authorize INIT", "callback INIT"), GREY),
        ("their first invocations", ("authorize, first", "callback, first"), GREEN),
    ):
        values = [sum(step["wall"][part] for part in parts) for step in steps]
        drawn = axes.bar(names, values, bottom=bottom, color=color, label=label, width=0.6)
        axes.bar_label(drawn, fmt="%.0f", label_type="center", color="white")
        bottom = [one + two for one, two in zip(bottom, values, strict=True)]
    axes.set_title("A first login, ms, by memory size", loc="left")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
