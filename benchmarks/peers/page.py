"""The tables that say how the subjects compare."""

from collections.abc import Mapping
from typing import Any

from benchmarks.report import table

OURS, EQUAL = "WhatsApp Connect", "WhatsApp Connect, equal work"


def tables(figures: Mapping[str, Any]) -> dict[str, str]:
    stores = figures["stores"]
    return {
        "peers work": table(
            ["", "calls to the provider", "store: authorize", "store: callback"],
            [
                [
                    name,
                    f"{sum(figure['latency']['0']['round_trips'].values()):.0f}",
                    *(_operations(figure["latency"]["0"][part]) for part in ("authorize", "callback")),
                ]
                for name, figure in stores["shared"].items()
            ],
        ),
        "peers own": _times(stores["own"]),
        "peers shared": _times(stores["shared"]),
        "peers twice": table(
            ["", "own store", "shared store", "told of success, shared store"],
            [
                [
                    name,
                    *(f"{stores[store][name]['twice']['code_sent']:.2f}" for store in ("own", "shared")),
                    f"{stores['shared'][name]['twice']['ended_well']:.2f}",
                ]
                for name in stores["shared"]
                if name != EQUAL
            ],
        ),
        "peers start": table(
            ["", "ms", "ms of CPU"],
            [
                [name, f"{one['elapsed']['median']:.0f}", f"{one['cpu']['median']:.0f}"]
                for name, one in sorted(figures["start"].items(), key=lambda item: item[1]["cpu"]["median"])
            ],
        ),
        "peers versions": ", ".join(
            f"{name} {version.removeprefix('v')}" for name, version in figures["versions"].items()
        )
        + ".",
    }


def _operations(part: Mapping[str, Any]) -> str:
    counted: Mapping[str, float] = part["operations"]
    names = ", ".join(
        f"{name.partition('.')[2]}{f' x {times:.0f}' if times > 1.5 else ''}"
        for name, times in counted.items()
        if times >= 0.5
    )
    return f"{sum(counted.values()):.0f}: {names}"


def _times(subjects: Mapping[str, Any]) -> str:
    equal = subjects[EQUAL]["latency"]
    latencies = list(equal)
    return table(
        [
            "",
            "authorize",
            "of CPU",
            "callback, CPU",
            "beside ours, equal work",
            *(f"callback, L = {latency} ms" for latency in latencies),
        ],
        [
            [
                name,
                _milliseconds(one["latency"]["0"]["authorize"]["elapsed"]),
                _milliseconds(one["latency"]["0"]["authorize"]["cpu"]),
                _milliseconds(one["latency"]["0"]["callback"]["cpu"]),
                f"{one['latency']['0']['callback']['cpu']['median'] / equal['0']['callback']['cpu']['median']:.2f}",
                *(_milliseconds(one["latency"][latency]["callback"]["elapsed"]) for latency in latencies),
            ]
            for name, one in subjects.items()
        ],
    )


def _milliseconds(spread: Mapping[str, float]) -> str:
    value = spread["median"]
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"
