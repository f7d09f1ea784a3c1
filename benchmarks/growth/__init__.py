"""Measure what a login, a check and a run of the schedule use, with ten connections and with many."""

from collections.abc import Mapping
from typing import Any

from benchmarks.report import table

EACH = {
    "login": "a login",
    "publish": "its publishing",
    "set_up": "the check after it, which subscribes the app",
    "set_up_publish": "the publishing after that",
    "check": "a check",
    "renewal": "a check that extends the token",
}
ALL = {
    "schedule": "the schedule, with five minutes' checks due",
    "idle": "the schedule, with nothing new due",
}


def run() -> dict[str, Any]:
    """Return the figures for each number of connections."""
    from benchmarks.growth import measurement  # noqa: PLC0415  the page is written without it

    return measurement.run()


def tables(figures: Mapping[str, Any]) -> dict[str, str]:
    return {
        "growth each": table(
            [
                "",
                "among",
                "calls to AWS",
                "to Facebook",
                "write units",
                "read units",
                "items queried",
                "ms of CPU",
            ],
            [
                [
                    text,
                    f"{int(size):,}",
                    f"{_calls(one[name]):.0f}",
                    f"{one[name]['round_trips']:.0f}",
                    f"{one[name]['write_units']:.0f}",
                    f"{one[name]['read_units']:.0f}",
                    f"{one[name]['items_read']:.0f}",
                    f"{one[name]['cpu']:.1f}",
                ]
                for name, text in EACH.items()
                for size, one in figures.items()
            ],
        ),
        "growth all": table(
            ["", "among", "calls to AWS", "items read", "read units", "s of CPU"],
            [
                [
                    text,
                    f"{int(size):,}",
                    f"{_calls(one[name]):,.0f}",
                    f"{one[name]['items_read']:,.0f}",
                    f"{one[name]['read_units']:,.1f}",
                    f"{one[name]['cpu'] / 1000:.2f}",
                ]
                for name, text in ALL.items()
                for size, one in figures.items()
            ],
        ),
    }


def _calls(one: Mapping[str, Any]) -> float:
    return float(sum(one["operations"].values()))
