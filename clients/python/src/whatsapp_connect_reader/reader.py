"""Read a connection's token and metadata as one pair, cache them, and report refused tokens."""

import json
import random
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar

from whatsapp_connect_reader.connection import Connection, parse, parse_metadata
from whatsapp_connect_reader.errors import NotReady, NotUsable, ReconnectRequired, TokenRefused

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_ssm.client import SSMClient

T = TypeVar("T")

_CONNECTION_ID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
_DEAD = frozenset({"expired", "revoked"})
_PAUSES_S = (0.0, 0.2, 0.4, 0.8)
"""The pause before each attempt to read a pair, because token and metadata are not written at the same moment."""
_FAILURE_MAX_AGE_S = 30.0
"""How long ReconnectRequired is cached."""
_POLL_S = 1.0
"""The pause between two attempts of a read that waits."""
_REPORT_INTERVAL_S = 60.0
"""A connection is reported once in this time, because the stack makes one check of several reports in it."""


@dataclass(slots=True)
class _Slot:
    """The cache of one connection. One thread at a time holds its lock and reads; the others wait for the result."""

    lock: Lock = field(default_factory=Lock)
    found: Connection | ReconnectRequired | None = None
    good_until: float = 0.0
    report_after: float = 0.0


class TokenReader:
    """Read connections below a stack's `ParameterPrefix`. Thread-safe, with a cache: use one for each process.

    `client` is a boto3 client for SSM; the default is a new one with boto3's settings. A connection is cached for 80
    to 100 percent of `max_age` seconds. The random part prevents that many processes read at the same moment.

    With `check_queue_url`, the stack's output `CheckQueueUrl`, the reader reports refused tokens there, and the stack
    checks them within seconds. `sqs_client` is a boto3 client for SQS; the default is a new one with short timeouts.
    """

    def __init__(
        self,
        prefix: str,
        *,
        client: "SSMClient | None" = None,
        check_queue_url: str | None = None,
        sqs_client: "SQSClient | None" = None,
        max_age: float = 300.0,
        clock: Callable[[], float] = monotonic,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        if client is None:
            import boto3  # noqa: PLC0415 - optional: callers that pass a client may not have it

            client = boto3.client("ssm")
        if check_queue_url and sqs_client is None:
            sqs_client = _make_sqs_client()
        self._client = client
        self._prefix = prefix.rstrip("/")
        self._check_queue_url = check_queue_url
        self._sqs_client = sqs_client
        self._max_age = max_age
        self._clock = clock
        self._pause = pause
        self._slots: dict[str, _Slot] = {}
        self._slots_lock = Lock()

    def read(self, connection_id: str, *, wait: float = 0.0, usable: bool = False) -> Connection:
        """Return a connection with a token that works, from the cache or from Parameter Store.

        Raises ReconnectRequired if there is none, NotReady while it is being replaced, and botocore's exceptions. With
        `usable`, it also raises NotUsable until the stack has finished the set-up. With `wait`, it reads again every
        second for that many seconds before it raises the first three. Use that when a person is connecting now.
        """
        slot = self._slot(connection_id)
        end = self._clock() + wait
        while True:
            try:
                return self._read(slot, connection_id, usable=usable)
            except (ReconnectRequired, NotReady, NotUsable):
                remaining = end - self._clock()
                if remaining <= 0:
                    raise
            self._pause(min(_POLL_S, remaining))
            self._forget_failure(slot, usable=usable)

    def call(self, connection_id: str, request: Callable[[Connection], T]) -> T:
        """Return what `request` returns. If it raises TokenRefused, read the token again and call it once more.

        Raises ReconnectRequired, and reports the connection, if there is no newer token or that one is refused too.
        """
        connection = self.read(connection_id)
        try:
            return request(connection)
        except TokenRefused:
            connection = self.read_again(connection)
        try:
            return request(connection)
        except TokenRefused:
            self._remember_refused(connection)
            self._report_once_a_minute(connection)
            raise _refused(connection) from None

    def read_again(self, refused: Connection) -> Connection:
        """Return the connection with a newer token than the refused one; if there is none, report it.

        Reads Parameter Store once, or not at all if another thread has just read it. Raises ReconnectRequired.
        """
        slot = self._slot(refused.connection_id)
        with slot.lock:
            if slot.found is None or _holds(slot, refused):
                self._refresh(slot, refused.connection_id)
            is_refused = _holds(slot, refused)
            if is_refused:
                self._cache(slot, _refused(refused))
            found = slot.found
        if is_refused:
            self._report_once_a_minute(refused)
        return _connection(found)

    def report(self, connection: Connection) -> None:
        """Ask the stack to check a connection now: Facebook refused its token, or sent a webhook about its account.

        `call` and `read_again` do this by themselves, at most once a minute for a connection, and ignore errors of AWS.
        Raises ValueError without a `check_queue_url`, and botocore's exceptions.
        """
        if not (self._check_queue_url and self._sqs_client):
            raise ValueError("no check_queue_url")
        body = json.dumps({"connection_id": connection.connection_id})
        self._sqs_client.send_message(QueueUrl=self._check_queue_url, MessageBody=body)

    def forget(self, connection_id: str) -> None:
        """Drop a connection from the cache. Call it when an event of the stack says that it has changed."""
        slot = self._slot(connection_id)
        with slot.lock:
            slot.found = None

    def _read(self, slot: _Slot, connection_id: str, *, usable: bool) -> Connection:
        with slot.lock:
            if slot.found is None or self._clock() >= slot.good_until:
                self._refresh(slot, connection_id)
            found = _connection(slot.found)
        if usable and not found.usable:
            raise NotUsable(connection_id, status_reason=found.status_reason)
        return found

    def _forget_failure(self, slot: _Slot, *, usable: bool) -> None:
        with slot.lock:
            if not isinstance(slot.found, Connection) or (usable and not slot.found.usable):
                slot.found = None

    def _report_once_a_minute(self, connection: Connection) -> None:
        if not self._check_queue_url:
            return
        slot = self._slot(connection.connection_id)
        with slot.lock:
            now = self._clock()
            if now < slot.report_after:
                return
            slot.report_after = now + _REPORT_INTERVAL_S
        # The lock is released, so that other threads do not wait for SQS. Errors are ignored, because the caller needs
        # ReconnectRequired.
        with suppress(Exception):
            self.report(connection)

    def _slot(self, connection_id: str) -> _Slot:
        if not _CONNECTION_ID.fullmatch(connection_id):
            raise ValueError("not a connection id")
        with self._slots_lock:
            return self._slots.setdefault(connection_id, _Slot())

    def _refresh(self, slot: _Slot, connection_id: str) -> None:
        slot.found = None  # so that nothing stale stays cached if reading raises another exception
        try:
            self._cache(slot, self._read_pair(connection_id))
        except ReconnectRequired as error:
            self._cache(slot, error)

    def _cache(self, slot: _Slot, found: Connection | ReconnectRequired) -> None:
        age = self._max_age if isinstance(found, Connection) else min(_FAILURE_MAX_AGE_S, self._max_age)
        slot.found = found
        slot.good_until = self._clock() + age * random.uniform(0.8, 1.0)  # noqa: S311 - jitter, not a secret

    def _remember_refused(self, connection: Connection) -> None:
        slot = self._slot(connection.connection_id)
        with slot.lock:
            if _holds(slot, connection):
                self._cache(slot, _refused(connection))

    def _read_pair(self, connection_id: str) -> Connection:
        folder = f"{self._prefix}/connections/{connection_id}"
        for pause_s in _PAUSES_S:
            if pause_s:
                self._pause(pause_s)
            text = self._value(f"{folder}/metadata")
            if text is None:
                if self._value(f"{folder}/access-token") is None:
                    raise ReconnectRequired(connection_id, status=None, status_reason="not-connected")
                continue  # after a first login, the metadata are written after the token
            metadata = parse_metadata(text)
            status, version = metadata["status"], metadata["token_version"]
            if status in _DEAD:
                raise ReconnectRequired(connection_id, status=status, status_reason=metadata.get("status_reason"))
            token = self._value(f"{folder}/access-token:{version}")
            if token is not None:
                return parse(connection_id, token, metadata)
        if self._value(f"{folder}/access-token") is None:
            raise ReconnectRequired(connection_id, status=None, status_reason="parameter-missing")
        raise NotReady(connection_id)

    def _value(self, name: str) -> str | None:
        missing = self._client.exceptions
        try:
            return self._client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        except (missing.ParameterNotFound, missing.ParameterVersionNotFound):
            return None


def _holds(slot: _Slot, connection: Connection) -> bool:
    return isinstance(slot.found, Connection) and slot.found.access_token == connection.access_token


def _connection(found: Connection | ReconnectRequired | None) -> Connection:
    if isinstance(found, Connection):
        return found
    if found is None:
        raise AssertionError
    # Each thread gets its own exception, because raising one writes its traceback into it.
    raise ReconnectRequired(found.connection_id, status=found.status, status_reason=found.status_reason)


def _make_sqs_client() -> "SQSClient":
    """Return a client with short timeouts, so that a report never delays the caller for long."""
    import boto3  # noqa: PLC0415 - optional: callers that pass a client may not have it
    from botocore.config import Config  # noqa: PLC0415

    return boto3.client("sqs", config=Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2}))


def _refused(connection: Connection) -> ReconnectRequired:
    return ReconnectRequired(connection.connection_id, status=connection.status, status_reason="token-refused")
