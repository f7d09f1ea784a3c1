"""What services that read Parameter Store got, hour by hour, beside what Facebook thought of it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.life.clock import SharedClock
from tests.life.facebook import Death, Facebook
from whatsapp_connect.vault import Vault


@dataclass(slots=True)
class Reading:
    """A token that readers got, from `since` to `until`."""

    connection_id: str
    value: str
    since: float
    until: float | None = None
    death: Death | None = None
    """When it died, if that was while readers got it."""


class Ledger:
    """Notes each token that is published or taken away, and each check."""

    def __init__(self, facebook: Facebook, clock: SharedClock, monkeypatch: pytest.MonkeyPatch) -> None:
        self._facebook = facebook
        self._clock = clock
        self.readings: list[Reading] = []
        self.open: dict[str, Reading] = {}
        self.put_at: list[float] = []
        self.runs: list[Counter[str]] = []
        """How often each outcome, in each hourly run."""
        self.checks: Counter[str] = Counter()
        """Checks that were more than a look at the lease, by connection."""
        self.repeated: list[str] = []
        """Connections checked twice in one run."""
        self.retries: Counter[str] = Counter()
        self._in_this_run: set[str] = set()
        put_token, delete_token = Vault.put_token, Vault.delete_token

        def note_put(vault: Vault, connection_id: str, token: Any) -> int:
            version = put_token(vault, connection_id, token)
            self._published(connection_id, token.value)
            return version

        def note_delete(vault: Vault, connection_id: str) -> None:
            delete_token(vault, connection_id)
            self._close(connection_id)

        monkeypatch.setattr(Vault, "put_token", note_put)
        monkeypatch.setattr(Vault, "delete_token", note_delete)

    def watch(self, check: Callable[[str], str]) -> Callable[[str], str]:
        """Return a check that is noted."""

        def noted(connection_id: str) -> str:
            if connection_id in self._in_this_run:
                self.repeated.append(connection_id)
            self._in_this_run.add(connection_id)
            outcome = check(connection_id)
            self.runs[-1][outcome] += 1
            if outcome != "taken":
                self.checks[connection_id] += 1
            if outcome in {"failed", "unavailable"}:
                self.retries[connection_id] += 1
            return outcome

        return noted

    def begin_run(self) -> None:
        self.runs.append(Counter())
        self._in_this_run.clear()

    def observe(self, connection_ids: Iterable[str] | None = None) -> None:
        """Note which of the tokens that readers get have died by now."""
        for reading in (
            self.open.values()
            if connection_ids is None
            else [self.open[one] for one in connection_ids if one in self.open]
        ):
            if reading.death is None:
                reading.death = self._facebook.death_of(reading.value)

    def of(self, connection_id: str) -> list[Reading]:
        return self._by_connection()[connection_id]

    def _by_connection(self) -> dict[str, list[Reading]]:
        found: dict[str, list[Reading]] = defaultdict(list)
        for reading in self.readings:
            found[reading.connection_id].append(reading)
        return found

    def _published(self, connection_id: str, value: str) -> None:
        self.put_at.append(self._clock.time())
        self._close(connection_id)
        reading = Reading(connection_id, value, self._clock.time())
        self.readings.append(reading)
        self.open[connection_id] = reading

    def _close(self, connection_id: str) -> None:
        self.observe([connection_id])
        if reading := self.open.pop(connection_id, None):
            reading.until = self._clock.time()
