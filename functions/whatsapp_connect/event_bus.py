"""EventBridge's default bus."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from whatsapp_connect.errors import EventRefusedError

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient


class EventBus:
    def __init__(self, *, client: "EventBridgeClient") -> None:
        self._client = client

    def put(self, source: str, kind: str, detail: Mapping[str, Any]) -> None:
        """Put one event on the bus. Raises EventRefusedError."""
        answer = self._client.put_events(
            Entries=[{"Source": source, "DetailType": kind, "Detail": json.dumps(dict(detail))}]
        )
        if answer["FailedEntryCount"]:
            raise EventRefusedError(answer["Entries"][0].get("ErrorCode"))
