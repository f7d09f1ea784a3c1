"""The stream of ConnectionTable: which events its changes mean, and when, by the shared clock, they were written."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.life.account import AwsAccount
from tests.life.clock import SharedClock
from whatsapp_connect import events
from whatsapp_connect.connections import DUE

_LEASE = frozenset({"lease_until", "lease_owner", "generation"})
_deserialize = TypeDeserializer().deserialize


@dataclass(frozen=True, slots=True)
class Happening:
    """A lifecycle event, with the time of the change it stands for."""

    at: float
    connection_id: str
    type: str
    detail: dict[str, Any]


class Stream:
    def __init__(self, account: AwsAccount, clock: SharedClock) -> None:
        self._account = account
        self._clock = clock
        self._due: dict[str, Happening] = {}
        self.happenings: list[Happening] = []
        """Those that arrived, in the order they arrived in."""
        self.repeated = 0
        self.unfounded = 0
        self.changes = 0
        self.metadata_at: Counter[int] = Counter()
        """How often the metadata of a connection changed, by hour."""
        self.next_checks: dict[str, int] = {}
        """When each connection that is checked is due."""
        self._arrived: set[str] = set()

    def read(self) -> None:
        """Take note of what was written since the last time."""
        for change in self._account.changes():
            self._note(change)

    def receive(self, *, patience: float = 0) -> Iterator[Happening]:
        """Yield the events that have arrived; wait if one is missing that was written before `patience` seconds."""
        waits = 0
        while self._due:
            late = min(one.at for one in self._due.values()) <= self._clock.time() - patience
            told = list(self._account.receive(seconds=1 if late else 0))
            for event_type, detail in told:
                if happening := self._arrive(event_type, detail["event_id"]):
                    yield happening
            waits = 0 if told else waits + 1
            if not told and (not late or waits > 60):
                return

    @property
    def missing(self) -> int:
        """How many events have not arrived."""
        return len(self._due)

    def _arrive(self, event_type: str, event_id: str) -> Happening | None:
        happening = self._due.pop(event_id, None)
        if event_id in self._arrived:
            self.repeated += 1
        elif happening is None or happening.type != event_type:
            self.unfounded += 1
        self._arrived.add(event_id)
        if happening:
            self.happenings.append(happening)
        return happening

    def _note(self, change: dict[str, Any]) -> None:
        self.changes += 1
        old, new = (change["dynamodb"].get(image) for image in ("OldImage", "NewImage"))
        if old and new and _without_lease(old) == _without_lease(new):
            return
        before, after = _record(old), _record(new)
        self._note_next_check(change["dynamodb"]["Keys"]["connection_id"]["S"], after)
        if events.metadata(before) != events.metadata(after):
            self.metadata_at[int(self._clock.time() // 3600)] += 1
        for number, event in enumerate(events.lifecycle_events(before, after, connect_url="")):
            self._due[f"{change['eventID']}-{number}"] = Happening(
                self._clock.time(), event.detail["connection_id"], event.type, event.detail
            )

    def _note_next_check(self, connection_id: str, record: dict[str, Any] | None) -> None:
        self.next_checks.pop(connection_id, None)
        if record and record.get("due") == DUE:  # moto first tells of a record that is only its key
            self.next_checks[connection_id] = int(record["next_check_at"])


def _without_lease(image: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in image.items() if name not in _LEASE}


def _record(image: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if image is None else {name: _deserialize(value) for name, value in image.items()}
