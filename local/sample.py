"""Keep events/callback.json valid, so that it can be sent again and again with `sam local invoke`."""

import json
import time
from hashlib import sha256
from threading import Event, Thread
from typing import Any, Self
from urllib.parse import parse_qs

import requests
from botocore.exceptions import BotoCoreError

from local.emulator import Emulator
from local.place import ROOT

EVENT = ROOT / "events" / "callback.json"

# A year, because developers move the simulator's clock by months.
_LIFETIME_S = 366 * 86_400
# A callback that has not ended after this time was killed.
_CALLBACK_TIMEOUT_S = 60
_POLL_S = 0.5


class Sample:
    """Store the event's state in the table and its code at the simulator, again after each use."""

    def __init__(self, emulator: Emulator, *, table: str, redirect_uri: str, facebook_url: str) -> None:
        event: dict[str, Any] = json.loads(EVENT.read_text())
        query = parse_qs(event["rawQueryString"])
        self._code = query["code"][0]
        self._state_hash = _hash(query["state"][0])
        self._browser_hash = _hash(event["cookies"][0].partition("=")[2])
        self._states = emulator.session.client("dynamodb", endpoint_url=emulator.url)
        self._table = table
        self._redirect_uri = redirect_uri
        self._facebook_url = facebook_url
        self._stopping = Event()
        self.store()
        self._thread = Thread(target=self._store_after_use, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _store_after_use(self) -> None:
        while not self._stopping.wait(_POLL_S):
            try:
                if self._is_used():
                    self.store()
            except (BotoCoreError, requests.RequestException):
                return  # the emulator has stopped, which `make run` reports

    def _is_used(self) -> bool:
        row = self._states.get_item(TableName=self._table, Key={"state_hash": {"S": self._state_hash}}).get("Item")
        if row is None or "outcome" in row:
            return True
        # A row without an outcome belongs to a callback that is running or was killed.
        return "consumed_at" in row and int(row["consumed_at"]["N"]) < time.time() - _CALLBACK_TIMEOUT_S

    def store(self) -> None:
        """Store a new code and a new state, so that the event is valid."""
        now = int(time.time())
        requests.post(
            f"{self._facebook_url}/_control/codes",
            json={"code": self._code, "redirect_uri": self._redirect_uri, "ttl": _LIFETIME_S},
            timeout=5,
        ).raise_for_status()
        self._states.put_item(
            TableName=self._table,
            Item={
                "state_hash": {"S": self._state_hash},
                "browser_hash": {"S": self._browser_hash},
                "redirect_uri": {"S": self._redirect_uri},
                "created_at": {"N": str(now)},
                "connection_id": {"S": ""},
                "return_url": {"S": ""},
                "language": {"S": "en"},
                "valid_until": {"N": str(now + _LIFETIME_S)},
                "expires_at": {"N": str(now + _LIFETIME_S)},
            },
        )


def _hash(value: str) -> str:
    return sha256(value.encode()).hexdigest()
