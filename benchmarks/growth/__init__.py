"""What a login and a renewal cost among ten connections, and among a hundred thousand."""

from typing import Any

from benchmarks.growth.page import tables

__all__ = ["run", "tables"]


def run() -> dict[str, Any]:
    """Measure."""
    from benchmarks.growth import measurement  # noqa: PLC0415  the page is written without it

    return measurement.run()
