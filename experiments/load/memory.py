"""Measure the memory of the functions' processes. Linux only."""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Self

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_QUARTERS = 4
_MIN_SAMPLES = 8
"""A process with fewer samples is ignored, because its growth cannot be seen."""


class Memory:
    """Every `interval` seconds, measure the processes whose working folder is that of a function."""

    def __init__(self, functions: Mapping[str, str], *, folder: Path, interval: float) -> None:
        self._functions = functions
        self._folder = str(folder)
        self._interval = interval
        self._samples: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._stopping = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def growth(self) -> dict[str, dict[str, float]]:
        """Return for each function its processes, and the MiB of the first and the last quarter of their life.

        Medians, of the processes that lived long enough.
        """
        found: dict[str, dict[str, float]] = {}
        for function in self._functions:
            lives = [
                samples
                for (name, _), samples in self._samples.items()
                if name == function and len(samples) >= _MIN_SAMPLES
            ]
            if lives:
                firsts, lasts = zip(*(_ends(life) for life in lives), strict=True)
                found[function] = {
                    "processes": len(lives),
                    "first_quarter": round(median(firsts), 1),
                    "last_quarter": round(median(lasts), 1),
                    "most_growth": round(max(last - first for first, last in zip(firsts, lasts, strict=True)), 1),
                }
        return found

    def _watch(self) -> None:
        while not self._stopping.wait(self._interval):
            for process in Path("/proc").iterdir():
                if process.name.isdecimal() and (function := self._function(process)):
                    self._samples[function, int(process.name)].append(_resident(process))

    def _function(self, process: Path) -> str | None:
        try:
            folder = str((process / "cwd").readlink())
        except OSError:
            return None
        if not folder.startswith(self._folder):
            return None
        return next((name for name, physical in self._functions.items() if f"-{physical}-" in folder), None)


def _resident(process: Path) -> int:
    try:
        return int((process / "statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def _ends(samples: list[int]) -> tuple[float, float]:
    alive = [sample / 2**20 for sample in samples if sample]
    quarter = max(1, len(alive) // _QUARTERS)
    return median(alive[:quarter]), median(alive[-quarter:])
