"""WhatsApp Connect beside its peers: the same login, one provider, and one store for all beside their own."""

from typing import Any

from benchmarks.peers.page import tables

__all__ = ["run", "tables"]


def run() -> dict[str, Any]:
    """Compare."""
    from benchmarks.peers import measurement  # noqa: PLC0415  the page is written without it

    return measurement.run()
