"""What can go wrong on the way to Facebook, on demand."""

import selectors
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import Any

from flask import Response, json

from facebook_simulator import errors
from facebook_simulator.answer import failure_response
from facebook_simulator.errors import GraphFailure

_HUGE = 10 * 1024 * 1024
_TICK = 0.02
_PAGE = b"<!DOCTYPE html><title>Sorry, something went wrong.</title><h1>Sorry, something went wrong.</h1>"
_USAGE = {"call_count": 100, "total_cputime": 100, "total_time": 100}


@dataclass(frozen=True, slots=True)
class Fault:
    """One queued fault. `times` is how often it still happens, None for always.

    With a `user_id`, it strikes only requests about this person's or system user's tokens.
    `consume` lets the request do its work first and spoils only the answer; it is the nature of some faults.
    """

    endpoint: str
    name: str
    grant_type: str | None = None
    user_id: str | None = None
    times: int | None = 1
    delay_ms: int = 0
    consume: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def after(self) -> bool:
        """Whether the request is served before the fault strikes."""
        return self.consume or self.name in _AFTER


class FaultQueue:
    """Faults waiting for the requests they are meant for, first come, first served."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queue a fault behind those already waiting."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """List what has not happened yet."""
        with self._lock:
            return list(self._waiting)

    def take(
        self,
        endpoint: str,
        names: frozenset[str],
        grant_type: str | None = None,
        user_id: str | None = None,
    ) -> Fault | None:
        """Take the first fault for this request among those with one of these names; it then has one turn less."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if fault.endpoint != endpoint or fault.name not in names:
                    continue
                if fault.grant_type not in {None, grant_type} or fault.user_id not in {None, user_id}:
                    continue
                if fault.times is not None and fault.times > 1:
                    self._waiting[index] = replace(fault, times=fault.times - 1)
                elif fault.times is not None:
                    del self._waiting[index]
                return fault
        return None


@dataclass(frozen=True, slots=True)
class Victim:
    """The request a fault strikes: its genuine answer, if there is one, and the line to the client."""

    answer: Response
    client: socket.socket | None
    stopping: Event
    version: str
    language: str


def strike(fault: Fault, victim: Victim) -> Response:
    """Answer as the fault demands, after its delay."""
    if fault.delay_ms:
        victim.stopping.wait(fault.delay_ms / 1000)
    return _FAULTS[fault.name](fault, victim)


def _failing(failure: GraphFailure, headers: Mapping[str, Any] | None = None) -> Callable[[Fault, Victim], Response]:
    def answer(_: Fault, victim: Victim) -> Response:
        response = failure_response(failure, victim.version, victim.language)
        for name, usage in (headers or {}).items():
            response.headers[name] = json.dumps(usage)
        return response

    return answer


def _graph_error(fault: Fault, victim: Victim) -> Response:
    options = fault.options
    failure = GraphFailure(
        message=options.get("message", f"(#{options.get('code', 1)}) An error made to order"),
        code=options.get("code", 1),
        subcode=options.get("subcode"),
        status=options.get("status", 400),
        type=options.get("type", errors.OAUTH),
        transient=options.get("is_transient", False),
    )
    return failure_response(failure, victim.version, victim.language)


def _error_with_200(fault: Fault, victim: Victim) -> Response:
    response = _graph_error(fault, victim)
    response.status_code = 200
    return response


def _fixed(body: bytes, content_type: str, status: int = 200) -> Callable[[Fault, Victim], Response]:
    def answer(_fault: Fault, _victim: Victim) -> Response:
        return Response(body, status, content_type=content_type)

    return answer


def _genuine(_: Fault, victim: Victim) -> Response:
    return victim.answer


def _redirect(fault: Fault, _: Victim) -> Response:
    return Response(status=302, headers={"Location": fault.options.get("location", "https://example.com/elsewhere")})


def _empty(_fault: Fault, _victim: Victim) -> Response:
    def hang_up() -> Iterator[bytes]:
        yield from ()
        raise ConnectionAbortedError

    return Response(hang_up())


def _truncated(_: Fault, victim: Victim) -> Response:
    body = victim.answer.get_data()

    def half() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        raise ConnectionAbortedError

    return _rewritten(victim, half(), len(body))


def _drip(fault: Fault, victim: Victim) -> Response:
    body = victim.answer.get_data()
    pause = fault.options.get("interval_ms", 50) / 1000

    def drops() -> Iterator[bytes]:
        for index in range(len(body)):
            if index and victim.stopping.wait(pause):
                raise ConnectionAbortedError
            yield body[index : index + 1]

    return _rewritten(victim, drops(), len(body))


def _hang(_: Fault, victim: Victim) -> Response:
    def silence() -> Iterator[bytes]:
        while not victim.stopping.is_set() and not _gone(victim.client):
            continue
        yield from ()
        raise ConnectionAbortedError

    return Response(silence())


def _gone(client: socket.socket | None) -> bool:
    """Whether the client has hung up, or has sent something else; looks for a moment."""
    if client is None:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ)
        return bool(selector.select(_TICK))


def _rewritten(victim: Victim, body: Iterator[bytes], length: int) -> Response:
    response = Response(body, victim.answer.status_code)
    for key, value in victim.answer.headers:
        response.headers[key] = value
    response.headers["Content-Length"] = str(length)
    return response


_FAULTS: dict[str, Callable[[Fault, Victim], Response]] = {
    "server_error": _failing(errors.SERVER_ERROR),
    "throttled_app": _failing(errors.APP_THROTTLED, {"X-App-Usage": _USAGE}),
    "throttled_user": _failing(errors.USER_THROTTLED, {"X-App-Usage": _USAGE}),
    "throttled_waba": _failing(
        errors.ACCOUNT_THROTTLED,
        {
            "X-Business-Use-Case-Usage": {
                "200000000000001": [{"type": "whatsapp", **_USAGE, "estimated_time_to_regain_access": 15}]
            }
        },
    ),
    "graph_error": _graph_error,
    "error_with_200": _error_with_200,
    "html_error": _fixed(_PAGE, "text/html; charset=utf-8", 502),
    "html_ok": _fixed(_PAGE, "text/html; charset=utf-8"),
    "invalid_json": _fixed(b'{"access_token": "EAA', "application/json; charset=UTF-8"),
    "json_array": _fixed(b"[]", "application/json; charset=UTF-8"),
    "redirect": _redirect,
    "huge": _fixed(b'{"padding": "' + b"x" * _HUGE + b'"}', "application/json; charset=UTF-8"),
    "empty": _empty,
    "slow": _genuine,
    "truncated": _truncated,
    "drip": _drip,
    "hang_after_consume": _hang,
}
_AFTER = frozenset({"slow", "truncated", "drip", "hang_after_consume"})

HTTP_FAULTS = frozenset(_FAULTS)
"""Faults of any endpoint."""

DIALOG_ERRORS = frozenset({"dialog_error"})
"""The dialog sends the person back at once with `error_code` and `error_message`."""

DIALOG_ENDS = frozenset({"bare_redirect", "extra_parameters"})
"""The person decides, and what comes back is an empty query, or carries parameters nobody documented."""
