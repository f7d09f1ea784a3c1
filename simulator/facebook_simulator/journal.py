"""What was asked of the simulator: enough to assert on, never a code, token or secret."""

from collections import Counter
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `grant_type` is what the token endpoint understood; `connection` is the same for reused ones."""

    method: str
    path: str
    version: str | None
    endpoint: str | None
    grant_type: str | None
    has_token: str | None
    has_proof: bool
    fault: str | None
    connection: int


class Journal:
    """The requests received so far, oldest first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entries: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Note a request as it arrives, before it is answered."""
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        """Start over."""
        with self._lock:
            self._entries.clear()

    def describe(self) -> dict[str, Any]:
        """JSON shape of `GET /_control/requests`: the requests, and counts by endpoint and grant type."""
        with self._lock:
            entries = list(self._entries)
        counts = Counter(one.endpoint or "unknown" for one in entries)
        counts.update(f"{one.endpoint}:{one.grant_type}" for one in entries if one.grant_type)
        return {"requests": [asdict(one) for one in entries], "counts": dict(counts)}
