"""An event bus of EventBridge."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from whatsapp_connect.errors import EventRefusedError

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

_MALFORMED = "MalformedDetail"
"""EventBridge's code for a detail that it refuses each time."""
_MAX_ENTRIES = 10
_MAX_BYTES = 256 * 1024 - 1024
"""Of one request, with some room: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html."""
MAX_DETAIL_BYTES = _MAX_BYTES - 1024
"""Of the detail of one event."""


class EventBus:
    def __init__(self, *, client: "EventBridgeClient", name: str = "default") -> None:
        self._client = client
        self._name = name

    def put(self, source: str, kind: str, detail: Mapping[str, Any]) -> None:
        """Put one event on the bus. Raises EventRefusedError."""
        for code in self._put([self._entry(source, kind, detail)]):
            raise EventRefusedError(code)

    def put_all(self, source: str, kind: str, details: Sequence[Mapping[str, Any]]) -> Counter[str]:
        """Put events on the bus, as many in a request as it takes.

        Return how many are `forwarded`, and how many no try can put there: `too-large`, `malformed`. Raises
        EventRefusedError if another try may help. Some of the events may be on the bus then.
        """
        entries = [self._entry(source, kind, detail) for detail in details]
        fitting = [entry for entry in entries if _size(entry) <= _MAX_BYTES]
        outcomes = Counter({"too-large": len(entries) - len(fitting)})
        for batch in _batches(fitting):
            refused = self._put(batch)
            for code in refused:
                if code != _MALFORMED:
                    raise EventRefusedError(code)
            outcomes.update({"malformed": len(refused), "forwarded": len(batch) - len(refused)})
        return outcomes

    def _entry(self, source: str, kind: str, detail: Mapping[str, Any]) -> "PutEventsRequestEntryTypeDef":
        return {"Source": source, "DetailType": kind, "Detail": json.dumps(dict(detail)), "EventBusName": self._name}

    def _put(self, entries: "list[PutEventsRequestEntryTypeDef]") -> list[str]:
        """Return the error codes of the events that were refused."""
        answer = self._client.put_events(Entries=entries)
        return [entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry]


def _batches(entries: "list[PutEventsRequestEntryTypeDef]") -> "Iterator[list[PutEventsRequestEntryTypeDef]]":
    batch: list[PutEventsRequestEntryTypeDef] = []
    size = 0
    for entry in entries:
        if batch and (len(batch) == _MAX_ENTRIES or size + _size(entry) > _MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += _size(entry)
    if batch:
        yield batch


def _size(entry: "PutEventsRequestEntryTypeDef") -> int:
    return sum(len(str(value)) for value in entry.values())
