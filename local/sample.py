"""Keeps events/callback.json good for `sam local invoke`, however often it is sent."""

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

# Outlasts the simulator's clock being moved by months.
_LIFETIME = 366 * 86_400
_CUT_OFF = 60
_PAUSE = 0.5


class Sample:
    """Plants the event's state in the table and its code at the simulator, again each time they have been used."""

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
        self.plant()
        self._thread = Thread(target=self._follow, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stopping.wait(_PAUSE):
            try:
                if self._is_spent():
                    self.plant()
            except (BotoCoreError, requests.RequestException):
                return  # the emulator is gone, and whoever started it says so

    def _is_spent(self) -> bool:
        row = self._states.get_item(TableName=self._table, Key={"state_hash": {"S": self._state_hash}}).get("Item")
        if row is None or "outcome" in row:
            return True
        # A callback that was cut off writes no outcome; one that is at work has yet to.
        return "consumed_at" in row and int(row["consumed_at"]["N"]) < time.time() - _CUT_OFF

    def plant(self) -> None:
        """Make the event good again, whatever has happened to it."""
        now = int(time.time())
        requests.post(
            f"{self._facebook_url}/_control/codes",
            json={"code": self._code, "redirect_uri": self._redirect_uri, "ttl": _LIFETIME},
            timeout=5,
        ).raise_for_status()
        self._states.put_item(
            TableName=self._table,
            Item={
                "state_hash": {"S": self._state_hash},
                "browser_hash": {"S": self._browser_hash},
                "redirect_uri": {"S": self._redirect_uri},
                "created_at": {"N": str(now)},
                "expires_at": {"N": str(now + _LIFETIME)},
            },
        )


def _hash(value: str) -> str:
    return sha256(value.encode()).hexdigest()
