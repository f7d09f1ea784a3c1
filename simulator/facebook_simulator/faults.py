"""Queue faults, and apply them to requests."""

import selectors
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import Any

from flask import Response, json

from facebook_simulator import errors
from facebook_simulator.answer import failure_response, json_response
from facebook_simulator.errors import GraphFailure

_HUGE_BYTES = 10 * 1024 * 1024
_POLL_S = 0.02
_PAGE = b"<!DOCTYPE html><title>Sorry, something went wrong.</title><h1>Sorry, something went wrong.</h1>"
_USAGE = {"call_count": 100, "total_cputime": 100, "total_time": 100}


@dataclass(frozen=True, slots=True)
class Fault:
    """One queued fault. `times` is how often it will still happen; None for always.

    With a `method`, it applies only to requests of this HTTP method; with a `user_id`, only to requests about this
    person's or system user's tokens. With `consume`, the
    request does its work first and only the answer is changed; some faults always do this.
    """

    endpoint: str
    name: str
    method: str | None = None
    grant_type: str | None = None
    user_id: str | None = None
    times: int | None = 1
    delay_ms: int = 0
    consume: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def after(self) -> bool:
        """True if the request does its work before the fault is applied."""
        return self.consume or self.name in _AFTER


class FaultQueue:
    """The queued faults, the oldest first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Add a fault at the end of the queue."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Delete all faults."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """Return the faults that are still queued."""
        with self._lock:
            return list(self._waiting)

    def take(
        self,
        endpoint: str,
        names: frozenset[str],
        method: str | None = None,
        grant_type: str | None = None,
        user_id: str | None = None,
    ) -> Fault | None:
        """Return the first fault with one of these names that applies to this request, and count it down; else None."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if fault.endpoint != endpoint or fault.name not in names:
                    continue
                asked = (method, grant_type, user_id)
                wanted = (fault.method, fault.grant_type, fault.user_id)
                if any(want not in {None, is_} for want, is_ in zip(wanted, asked, strict=True)):
                    continue
                if fault.times is not None and fault.times > 1:
                    self._waiting[index] = replace(fault, times=fault.times - 1)
                elif fault.times is not None:
                    del self._waiting[index]
                return fault
        return None


@dataclass(frozen=True, slots=True)
class FaultyRequest:
    """The request that a fault applies to: its real answer, if there is one, and the socket to the client."""

    answer: Response
    client: socket.socket | None
    stopping: Event
    version: str
    language: str


def apply_fault(fault: Fault, faulty: FaultyRequest) -> Response:
    """Return the fault's answer, after its delay."""
    if fault.delay_ms:
        faulty.stopping.wait(fault.delay_ms / 1000)
    return _FAULTS[fault.name](fault, faulty)


def _failing(
    failure: GraphFailure, headers: Mapping[str, Any] | None = None
) -> Callable[[Fault, FaultyRequest], Response]:
    def answer(_: Fault, faulty: FaultyRequest) -> Response:
        response = failure_response(failure, faulty.version, faulty.language)
        for name, usage in (headers or {}).items():
            response.headers[name] = json.dumps(usage)
        return response

    return answer


def _graph_error(fault: Fault, faulty: FaultyRequest) -> Response:
    options = fault.options
    failure = GraphFailure(
        message=options.get("message", f"(#{options.get('code', 1)}) An error made to order"),
        code=options.get("code", 1),
        subcode=options.get("subcode"),
        status=options.get("status", 400),
        type=options.get("type", errors.OAUTH),
        transient=options.get("is_transient", False),
    )
    return failure_response(failure, faulty.version, faulty.language)


def _error_with_200(fault: Fault, faulty: FaultyRequest) -> Response:
    response = _graph_error(fault, faulty)
    response.status_code = 200
    return response


def _fixed(body: bytes, content_type: str, status: int = 200) -> Callable[[Fault, FaultyRequest], Response]:
    def answer(_fault: Fault, _faulty: FaultyRequest) -> Response:
        return Response(body, status, content_type=content_type)

    return answer


def _genuine(_: Fault, faulty: FaultyRequest) -> Response:
    return faulty.answer


def _not_valid(_: Fault, faulty: FaultyRequest) -> Response:
    """Change the answer of debug_token: the token is not valid, without a reason."""
    body = json.loads(faulty.answer.get_data())
    if isinstance(body.get("data"), dict):
        body["data"]["is_valid"] = False
    return json_response(body, faulty.version, faulty.answer.status_code)


def _redirect(fault: Fault, _: FaultyRequest) -> Response:
    return Response(status=302, headers={"Location": fault.options.get("location", "https://example.com/elsewhere")})


def _empty(_fault: Fault, _faulty: FaultyRequest) -> Response:
    def hang_up() -> Iterator[bytes]:
        yield from ()
        raise ConnectionAbortedError

    return Response(hang_up())


def _truncated(_: Fault, faulty: FaultyRequest) -> Response:
    body = faulty.answer.get_data()

    def half() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        raise ConnectionAbortedError

    return _rewritten(faulty, half(), len(body))


def _drip(fault: Fault, faulty: FaultyRequest) -> Response:
    body = faulty.answer.get_data()
    pause = fault.options.get("interval_ms", 50) / 1000

    def drops() -> Iterator[bytes]:
        for index in range(len(body)):
            if index and faulty.stopping.wait(pause):
                raise ConnectionAbortedError
            yield body[index : index + 1]

    return _rewritten(faulty, drops(), len(body))


def _hang(_: Fault, faulty: FaultyRequest) -> Response:
    def silence() -> Iterator[bytes]:
        while not faulty.stopping.is_set() and not _gone(faulty.client):
            continue
        yield from ()
        raise ConnectionAbortedError

    return Response(silence())


def _gone(client: socket.socket | None) -> bool:
    """Wait _POLL_S, and return whether the client has closed the connection or sent something else."""
    if client is None:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(client, selectors.EVENT_READ)
        return bool(selector.select(_POLL_S))


def _rewritten(faulty: FaultyRequest, body: Iterator[bytes], length: int) -> Response:
    response = Response(body, faulty.answer.status_code)
    for key, value in faulty.answer.headers:
        response.headers[key] = value
    response.headers["Content-Length"] = str(length)
    return response


_FAULTS: dict[str, Callable[[Fault, FaultyRequest], Response]] = {
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
    "api_blocked": _failing(errors.API_BLOCKED),
    "server_not_allowed": _failing(errors.SERVER_NOT_ALLOWED),
    "unknown_error": _failing(errors.UNKNOWN_ERROR),
    "auth_exception": _failing(errors.AUTH_EXCEPTION),
    "no_app_token": _failing(errors.NOT_A_DEVELOPER),
    "not_valid": _not_valid,
    "graph_error": _graph_error,
    "error_with_200": _error_with_200,
    "html_error": _fixed(_PAGE, "text/html; charset=utf-8", 502),
    "html_ok": _fixed(_PAGE, "text/html; charset=utf-8"),
    "invalid_json": _fixed(b'{"access_token": "EAA', "application/json; charset=UTF-8"),
    "json_array": _fixed(b"[]", "application/json; charset=UTF-8"),
    "redirect": _redirect,
    "huge": _fixed(b'{"padding": "' + b"x" * _HUGE_BYTES + b'"}', "application/json; charset=UTF-8"),
    "empty": _empty,
    "slow": _genuine,
    "truncated": _truncated,
    "drip": _drip,
    "hang_after_consume": _hang,
}
_AFTER = frozenset({"not_valid", "slow", "truncated", "drip", "hang_after_consume"})

HTTP_FAULTS = frozenset(_FAULTS)
"""The faults that every endpoint can have."""

DIALOG_ERRORS = frozenset({"dialog_error"})
"""Faults with which the dialog redirects at once, with `error_code` and `error_message`."""

DIALOG_ENDS = frozenset({"bare_redirect", "extra_parameters"})
"""Faults in the redirect after the person's decision: an empty query, or undocumented parameters."""

SIGNUP_ENDS = frozenset(
    {
        "signup_error",
        "error_as_cancel",
        "no_answer",
        "never_answers",
        "no_message",
        "message_after_answer",
        "slow_answer",
        "expired_code",
        "foreign_message",
    }
)
"""Faults at the end of Embedded Signup."""
