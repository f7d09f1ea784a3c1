"""Write the tables in the docs from the results: `python -m benchmarks.report`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from benchmarks import BENCHMARKS, result

_DOCS = Path(__file__).parents[1] / "docs"
PAGES = (_DOCS / "performance.md", _DOCS / "scaling.md")

_TABLE = re.compile(r"<!-- (?P<name>[a-z0-9_ -]+) -->\n.*?<!-- end -->", re.DOTALL)


class Benchmark(Protocol):
    """The functions of a benchmark's module."""

    def run(self) -> Mapping[str, Any]: ...

    def tables(self, figures: Mapping[str, Any]) -> Mapping[str, str]: ...


def benchmark(name: str) -> Benchmark:
    return cast("Benchmark", import_module(f"benchmarks.{name}"))


def write() -> None:
    """Write the tables of all pages from the stored results."""
    for page, text in zip(PAGES, written([page.read_text() for page in PAGES]), strict=True):
        page.write_text(text)


def written(pages: Sequence[str]) -> list[str]:
    """Return the pages with every table as the results have it.

    Raises ValueError where a table has no place, or a place no table.
    """
    tables: dict[str, str] = {}
    machines: list[list[str]] = []
    for name in BENCHMARKS:
        if kept := result.load(name):
            tables |= benchmark(name).tables(kept["figures"])
            machines.append([name, kept["measured_at"], _described(kept["machine"])])
    tables["machine"] = table(["benchmark", "measured", "on"], machines)
    places = {place for page in pages for place in _TABLE.findall(page)}
    if differing := sorted(places ^ set(tables)):
        raise ValueError(f"these are in the pages or in the results, not in both: {', '.join(differing)}")
    return [
        _TABLE.sub(lambda place: f"<!-- {place['name']} -->\n{tables[place['name']]}\n<!-- end -->", page)
        for page in pages
    ]


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table in Markdown."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _described(machine: Mapping[str, Any]) -> str:
    return (
        f"{machine['processors']} x {machine['processor']}, {machine['memory_gib']} GiB, {machine['system']}, "
        f"Python {machine['python']}, load {machine['load']}"
    )


if __name__ == "__main__":
    write()
