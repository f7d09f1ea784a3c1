"""Record the tokens that readers got from Parameter Store, and when Facebook ended them."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from experiments.life.facebook import Death, Habits
from tests.support.clock import SharedClock
from whatsapp_connect.parameters import ParameterStore


@dataclass(slots=True)
class Reading:
    """A token that readers got, from `since` to `until`."""

    connection_id: str
    value: str
    since: float
    until: float | None = None
    death: Death | None = None
    """When and why it died, if readers still got it then."""


class Ledger:
    """Record each token that is published or deleted."""

    def __init__(self, facebook: Habits, clock: SharedClock, monkeypatch: pytest.MonkeyPatch) -> None:
        self._facebook = facebook
        self._clock = clock
        self.readings: list[Reading] = []
        self.open: dict[str, Reading] = {}
        self.put_at: list[float] = []
        put_token, delete_token = ParameterStore.put_token, ParameterStore.delete_token

        def note_put(store: ParameterStore, connection_id: str, token: str) -> int:
            version = put_token(store, connection_id, token)
            self._published(connection_id, token)
            return version

        def note_delete(store: ParameterStore, connection_id: str) -> None:
            delete_token(store, connection_id)
            self._close(connection_id)

        monkeypatch.setattr(ParameterStore, "put_token", note_put)
        monkeypatch.setattr(ParameterStore, "delete_token", note_delete)

    def observe(self, connection_ids: Iterable[str] | None = None) -> None:
        """Record which of the published tokens have died."""
        chosen = self.open if connection_ids is None else connection_ids
        for reading in [self.open[one] for one in chosen if one in self.open]:
            if reading.death is None:
                reading.death = self._facebook.death_of(reading.value)

    def of(self, connection_id: str) -> list[Reading]:
        return [one for one in self.readings if one.connection_id == connection_id]

    def _published(self, connection_id: str, value: str) -> None:
        self.put_at.append(self._clock.now())
        if connection_id in self.open and self.open[connection_id].value == value:
            return  # the same token again
        self._close(connection_id)
        reading = Reading(connection_id, value, self._clock.now())
        self.readings.append(reading)
        self.open[connection_id] = reading

    def _close(self, connection_id: str) -> None:
        self.observe([connection_id])
        if reading := self.open.pop(connection_id, None):
            reading.until = self._clock.now()
