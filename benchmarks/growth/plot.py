"""Draw the charts of growth."""

from collections.abc import Mapping
from typing import Any

COLORS = {
    "login": "#0a6b4f",
    "check": "#4f7fa8",
    "renewal": "#c8764a",
    "schedule": "#c8764a",
    "idle": "#4f7fa8",
}


def draw(figures: Mapping[str, Any], axes: Any) -> None:
    """Draw three charts over the number of connections."""
    sizes = [int(size) for size in figures]
    each = {"login": "a login", "renewal": "a check that extends", "check": "a check"}
    for name, label in each.items():
        units = [one[name]["write_units"] + one[name]["read_units"] for one in figures.values()]
        style = "--" if name == "check" else "-"  # the lines overlap
        axes[0].plot(sizes, units, marker="o", linestyle=style, color=COLORS[name], label=label)
        cpu = [one[name]["cpu"] for one in figures.values()]
        axes[1].plot(sizes, cpu, marker="o", color=COLORS[name], label=label)
    for name, label in (("schedule", "checks due"), ("idle", "nothing new due")):
        units = [one[name]["read_units"] for one in figures.values()]
        axes[2].plot(sizes, units, marker="o", color=COLORS[name], label=label)
    axes[2].set_yscale("log")
    titles = ("DynamoDB units, each", "ms of CPU, each", "DynamoDB units read by the schedule")
    for one, title in zip(axes, titles, strict=True):
        one.set_xscale("log")
        one.set_xlabel("connections")
        one.set_title(title, loc="left", fontsize=11)
        one.spines[["top", "right"]].set_visible(False)
        one.legend(frameon=False)
    for one in axes[:2]:
        one.set_ylim(bottom=0)
