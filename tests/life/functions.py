"""The functions as they are, imported into this process and run by the shared clock."""

import importlib
import io
import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tests.life.clock import SharedClock
from tests.life.facebook import CONFIG_ID, Facebook
from tests.life.script import Character

FACEBOOK_LATENCY = 0.2
"""Seconds that a call of Facebook takes, on the shared clock."""

_EVENT = json.loads((Path(__file__).parents[2] / "events" / "authorize.json").read_text())
_ENTRIES = ("authorize", "callback", "renew", "deauthorize")


@dataclass(frozen=True, slots=True)
class Context:
    milliseconds: int

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


class Log(io.TextIOBase):
    """Counts what went wrong, by message and reason, and keeps nothing."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def write(self, text: str) -> int:
        if '"reason"' in text or '"level":"ERROR"' in text:
            line = json.loads(text)
            self.counts[
                f"{line['message']}: {line.get('reason') or line.get('error_code') or 'unexpected'}"
            ] += 1
        return len(text)


class Functions:
    """Import them once the environment is that of the stack."""

    def __init__(self, facebook: Facebook, clock: SharedClock, monkeypatch: pytest.MonkeyPatch) -> None:
        self._facebook = facebook
        self._clock = clock
        self.throttling = 0.0
        """How likely AWS is to refuse a call."""
        self.throttled = 0
        self._chance = random.Random("throttling")
        self.log = Log()
        self._metrics = io.StringIO()
        modules = {name: importlib.import_module(name) for name in _ENTRIES}
        for name in (
            "renew",
            "whatsapp_connect.graph",
            "whatsapp_connect.connections",
            "whatsapp_connect.vault",
        ):
            monkeypatch.setattr(f"{name}.sleep", clock.sleep)
        for name in ("graph", "connections"):
            monkeypatch.setattr(f"whatsapp_connect.{name}.monotonic", clock.time)
        monkeypatch.setattr("whatsapp_connect.keep.time", clock.time)
        self.authorize, self.callback = modules["authorize"], modules["callback"]
        self.renew, self.deauthorize = modules["renew"], modules["deauthorize"]
        for module in modules.values():
            self._prepare(module, monkeypatch)

    def close(self) -> None:
        for module in (self.callback, self.renew):
            module.graph._session.close()
        for name in _ENTRIES:
            sys.modules.pop(name, None)

    def connect(self, who: Character, query: str = "") -> bool:
        """Follow the connect link to the end, once more if a permission was missing; say whether it worked."""
        status, body = self._log_in(who, query)
        if status == 403 and "auth_type=rerequest" in body:
            status, _ = self._log_in(who, "auth_type=rerequest")
        return status == 200

    def run_renew(self, *, count: bool = True) -> bool:
        """Run the hourly check; say whether it counts as a good one. Counting what there is can be left out: it is slow."""
        with redirect_stdout(self._metrics), pytest.MonkeyPatch.context() as monkeypatch:
            if not count:
                monkeypatch.setattr(self.renew, "take_census", lambda: None)
                monkeypatch.setattr(self.renew, "sweep", lambda **_: None)
            try:
                self.renew.handler({}, Context(900_000))
            except Exception:  # noqa: BLE001 - Lambda would note it as well, and the next hour goes on
                return False
        return True

    def tell_deauthorized(self, signed_request: str) -> bool:
        """Deliver Facebook's word; say whether it was taken."""
        event = _event("POST", "/deauthorize")
        event["headers"]["content-type"] = "application/x-www-form-urlencoded"
        event["body"] = urlencode({"signed_request": signed_request})
        status: int = self._run(self.deauthorize, event)["statusCode"]
        return status == 200

    def _log_in(self, who: Character, query: str) -> tuple[int, str]:
        config_id = CONFIG_ID if who.is_system_user else ""
        self.authorize.settings = replace(self.authorize.settings, login_config_id=config_id)  # type: ignore[attr-defined]
        away = self._run(self.authorize, _event("GET", "/connect", query))
        if away["statusCode"] != 302:
            return away["statusCode"], ""
        back = self._facebook.log_in(who, away["headers"]["Location"])
        event = _event("GET", "/callback", urlsplit(back).query)
        event["cookies"] = [cookie.partition(";")[0] for cookie in away["cookies"]]
        page = self._run(self.callback, event)
        return page["statusCode"], page.get("body", "")

    def _run(self, module: ModuleType, event: dict[str, Any]) -> dict[str, Any]:
        self._metrics.seek(0)
        self._metrics.truncate()
        with redirect_stdout(self._metrics):
            return cast("dict[str, Any]", module.handler(event, Context(28_000)))

    def _prepare(self, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        module.logger.registered_handler.setStream(self.log)
        for name in ("monotonic", "time"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, self._clock.time)
        for name in ("connections", "states", "vault"):
            if adapter := getattr(module, name, None):
                adapter._clock = self._clock.time
                self._may_throttle(adapter._client)
        if graph := getattr(module, "graph", None):
            graph._call = self._slowly(graph._call)

    def _slowly(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wait_and_call(*args: Any, **arguments: Any) -> Any:
            self._clock.sleep(FACEBOOK_LATENCY)
            return call(*args, **arguments)

        return wait_and_call

    def _may_throttle(self, client: Any) -> None:
        client.meta.events.register("before-call", self._throttle, unique_id="throttle")

    def _throttle(self, **_: object) -> tuple[AWSResponse, Mapping[str, Any]] | None:
        """Refuse a call, as the SDK does once it has given up."""
        if not self.throttling or self._chance.random() >= self.throttling:
            return None
        self.throttled += 1
        error = {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}
        return AWSResponse("", 400, HTTPHeaders(), None), error


def _event(method: str, path: str, query: str = "") -> dict[str, Any]:
    event: dict[str, Any] = json.loads(json.dumps(_EVENT))
    event["rawPath"], event["rawQueryString"] = path, query
    event["requestContext"]["http"] |= {"method": method, "path": path}
    return event
