"""Record the requests to the simulator, without codes, tokens and secrets."""

from collections import Counter
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. Requests on the same TCP connection have the same `connection`."""

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
        """Record a request before it is answered."""
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        """Delete the recorded requests."""
        with self._lock:
            self._entries.clear()

    def describe(self) -> dict[str, Any]:
        """Return the answer of `GET /_control/requests`: the requests, and counts by endpoint and grant type."""
        with self._lock:
            entries = list(self._entries)
        counts = Counter(one.endpoint or "unknown" for one in entries)
        counts.update(f"{one.endpoint}:{one.grant_type}" for one in entries if one.grant_type)
        return {"requests": [asdict(one) for one in entries], "counts": dict(counts)}
