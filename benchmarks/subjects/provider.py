"""The one provider that every subject talks to: as much of Facebook and of Slack as a login needs.

A code and a token may say whose they are, and a token that it is `old`: of the usual person, and with
sixty days left, otherwise. Every reply has the same size and leaves in one write, after the same latency, so that what differs between subjects is
their own. The simulator of simulator would do for those that speak Facebook, but not for Slack's shapes, and its
own work would be in every figure.
"""

import asyncio
import json
import re
import time
from collections import Counter
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from benchmarks.subjects.subject import APP_ID, SCOPES

_USER_ID = "122100000000000001"
_WABA_ID = "104900000000000001"

_TOKEN = "EAA" + "x" * 160
_USER = re.compile(r"1222\d{11}")
_REPLY_BYTES = 1024
_HOUR, _DAY = 3600, 86400
_BEGUN = int(time.time())
"""When all tokens were issued: what Facebook says of one stays the same."""


class Provider:
    """A provider on a thread of its own. Use as a context manager.

    `latency` is the seconds that every reply takes. With `long_lived`, a code is worth a token that needs no extending
    and names no account whose phone numbers could be listed, as with a system user's configuration.
    """

    def __init__(self) -> None:
        self.latency = 0.0
        self.long_lived = False
        self.calls: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        """How often each code arrived."""
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        if self._server is None:
            raise RuntimeError("the provider is not running")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**16), self._loop
        ).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _hang_up(self) -> None:
        if self._server:
            self._server.close()
            self._server.close_clients()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                request_line, *header_lines = head.split("\r\n")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in header_lines)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                target = urlsplit(request_line.split(" ")[1])
                parameters = dict(parse_qsl(target.query) + parse_qsl(body.decode()))
                reply = json.dumps(self._answer(target.path, parameters)).encode().ljust(_REPLY_BYTES)
                if self.latency:
                    await asyncio.sleep(self.latency)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nfacebook-api-version: v26.0\r\n"
                    + f"Content-Length: {len(reply)}\r\n\r\n".encode()
                    + reply
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # whoever called has gone
        finally:
            writer.close()

    def _answer(self, path: str, parameters: dict[str, str]) -> object:
        endpoint = path.rpartition("/")[2]
        if path.endswith("oauth/access_token") and parameters.get("grant_type") == "fb_exchange_token":
            endpoint = "fb_exchange_token"
        self.calls[endpoint] += 1
        if "code" in parameters:
            self.codes[parameters["code"]] += 1
        if endpoint == "access_token":
            return _token(parameters.get("code", ""), 60 * _DAY if self.long_lived else _HOUR)
        if endpoint == "fb_exchange_token":
            return _token(parameters["fb_exchange_token"], 60 * _DAY)
        if endpoint == "debug_token":
            return _inspection(parameters["input_token"], {} if self.long_lived else {"target_ids": [_WABA_ID]})
        return _ANSWERS[endpoint]


def user_id_of(number: int) -> str:
    """Return the id of one of many people."""
    return f"1222{number:011}"


def token_of(user_id: str) -> str:
    """Return a token that is good for sixty days."""
    return f"{_TOKEN}-{user_id}"


def _whose(text: str) -> str:
    found = _USER.search(text)
    return found[0] if found else _USER_ID


def _token(given: str, expires_in: int) -> dict[str, Any]:
    return {"access_token": token_of(_whose(given)), "token_type": "bearer", "expires_in": expires_in}


def _inspection(token: str, accounts: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": {
            "app_id": APP_ID,
            "type": "USER",
            "is_valid": True,
            "user_id": _whose(token),
            "issued_at": _BEGUN,
            "expires_at": _BEGUN + (20 if token.endswith("old") else 60) * _DAY,
            "data_access_expires_at": _BEGUN + 90 * _DAY,
            "scopes": SCOPES,
            "granular_scopes": [{"scope": scope, **accounts} for scope in SCOPES],
        }
    }


_ANSWERS: dict[str, Any] = {
    "phone_numbers": {"data": [{"id": "1", "display_phone_number": "+49 30 1234567", "verified_name": "Example"}]},
    "me": {"id": _USER_ID, "name": "Maria Example"},
    "oauth.v2.access": {
        "ok": True,
        "app_id": "A0",
        "access_token": _TOKEN,
        "token_type": "bot",
        "scope": "chat:write",
        "bot_user_id": "U1",
        "team": {"id": "T1", "name": "Example"},
        "authed_user": {"id": "U0"},
    },
    "auth.test": {"ok": True, "team_id": "T1", "user_id": "U1", "bot_id": "B1"},
}
