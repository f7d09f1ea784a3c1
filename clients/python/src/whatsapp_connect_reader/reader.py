"""Reads a connection's token and metadata as one pair, keeps it for a while, and reports a token that is refused."""

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
from whatsapp_connect_reader.errors import NotReady, ReconnectRequired, TokenRefused

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_ssm.client import SSMClient

T = TypeVar("T")

_CONNECTION_ID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
_DEAD = frozenset({"expired", "revoked"})
_PAUSES = (0.0, 0.2, 0.4, 0.8)
"""Seconds before each attempt to read a pair: token and metadata are written moments apart."""
_BAD_NEWS = 30.0
"""Seconds for which it is not asked again whether a connection is still lost."""
_POLL = 1.0
"""Seconds between two looks for a connection that is waited for."""
_REPORT_AGAIN = 60.0
"""Seconds for which a connection is not reported again. More reports would be one check."""


@dataclass(slots=True)
class _Slot:
    """What is kept of one connection. Its lock lets one thread read while the others wait for what it finds."""

    lock: Lock = field(default_factory=Lock)
    found: Connection | ReconnectRequired | None = None
    good_until: float = 0.0
    report_after: float = 0.0


class TokenReader:
    """Reads connections below a stack's `ParameterPrefix`. One per process: it is thread-safe and keeps what it read.

    `client` is a boto3 client for SSM; without it one is made as boto3 makes them. A pair is kept for up to `max_age`
    seconds, each for a little less than that, so that processes that started together do not read together.

    With `check_queue_url`, the stack's output `CheckQueueUrl`, a token that Facebook refuses is reported there, so that
    the stack checks it within seconds. `sqs_client` is a boto3 client for SQS; without it one is made.
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
            import boto3  # noqa: PLC0415 - not needed by who brings a client

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

    def read(self, connection_id: str, *, wait: float = 0.0) -> Connection:
        """Return a connection with a token that can be used, from memory where that is recent enough.

        Raises ReconnectRequired where there is none, NotReady while it is being replaced. With `wait`, it first looks
        again every second for that many seconds: for those who know that a person is connecting right now. Errors of
        AWS are botocore's.
        """
        slot = self._slot(connection_id)
        end = self._clock() + wait
        while True:
            try:
                return self._read(slot, connection_id)
            except (ReconnectRequired, NotReady):
                left = end - self._clock()
                if left <= 0:
                    raise
            self._pause(min(_POLL, left))
            self._forget_bad_news(slot)

    def call(self, connection_id: str, request: Callable[[Connection], T]) -> T:
        """Return what `request` returns; if it raises TokenRefused, try once more with a token read afresh.

        Raises ReconnectRequired where there is no other token, or that one is refused, too; then it is reported.
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
        """Return a newer token than one that Facebook refused, or report it and raise ReconnectRequired.

        Parameter Store is asked once, and not at all where another thread has done so already.
        """
        slot = self._slot(refused.connection_id)
        with slot.lock:
            if slot.found is None or _holds(slot, refused):
                self._fill(slot, refused.connection_id)
            is_refused = _holds(slot, refused)
            if is_refused:
                self._keep(slot, _refused(refused))
            found = slot.found
        if is_refused:
            self._report_once_a_minute(refused)
        return _usable(found)

    def report(self, connection: Connection) -> None:
        """Have the stack check a connection now, because Facebook refused its token.

        `call` and `read_again` do it by themselves, at most once a minute for a connection, and ignore what AWS answers.
        Here errors of AWS are botocore's. Raises ValueError without a `check_queue_url`.
        """
        if not (self._check_queue_url and self._sqs_client):
            raise ValueError("no check_queue_url")
        body = json.dumps({"connection_id": connection.connection_id})
        self._sqs_client.send_message(QueueUrl=self._check_queue_url, MessageBody=body)

    def forget(self, connection_id: str) -> None:
        """Read this connection afresh next time: for those who listen to the stack's events."""
        slot = self._slot(connection_id)
        with slot.lock:
            slot.found = None

    def _read(self, slot: _Slot, connection_id: str) -> Connection:
        with slot.lock:
            if slot.found is None or self._clock() >= slot.good_until:
                self._fill(slot, connection_id)
            return _usable(slot.found)

    def _forget_bad_news(self, slot: _Slot) -> None:
        with slot.lock:
            if not isinstance(slot.found, Connection):
                slot.found = None

    def _report_once_a_minute(self, connection: Connection) -> None:
        if not self._check_queue_url:
            return
        slot = self._slot(connection.connection_id)
        with slot.lock:
            now = self._clock()
            if now < slot.report_after:
                return
            slot.report_after = now + _REPORT_AGAIN
        # Outside of the lock: other threads need not wait for SQS. Whatever comes of it, the caller is to learn that the
        # token is refused.
        with suppress(Exception):
            self.report(connection)

    def _slot(self, connection_id: str) -> _Slot:
        if not _CONNECTION_ID.fullmatch(connection_id):
            raise ValueError("not a connection id")
        with self._slots_lock:
            return self._slots.setdefault(connection_id, _Slot())

    def _fill(self, slot: _Slot, connection_id: str) -> None:
        slot.found = None  # not what was known before, if reading fails
        try:
            self._keep(slot, self._read_pair(connection_id))
        except ReconnectRequired as lost:
            self._keep(slot, lost)

    def _keep(self, slot: _Slot, found: Connection | ReconnectRequired) -> None:
        age = self._max_age if isinstance(found, Connection) else min(_BAD_NEWS, self._max_age)
        slot.found = found
        slot.good_until = self._clock() + age * random.uniform(0.8, 1.0)  # noqa: S311 - jitter, not a secret

    def _remember_refused(self, connection: Connection) -> None:
        slot = self._slot(connection.connection_id)
        with slot.lock:
            if _holds(slot, connection):
                self._keep(slot, _refused(connection))

    def _read_pair(self, connection_id: str) -> Connection:
        folder = f"{self._prefix}/connections/{connection_id}"
        for pause in _PAUSES:
            if pause:
                self._pause(pause)
            text = self._value(f"{folder}/metadata")
            if text is None:
                if self._value(f"{folder}/access-token") is None:
                    raise ReconnectRequired(connection_id, status=None, status_reason="not-connected")
                continue  # a first login: the metadata follows the token
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


def _usable(found: Connection | ReconnectRequired | None) -> Connection:
    if isinstance(found, Connection):
        return found
    if found is None:
        raise AssertionError
    # A new one for each thread: raising writes into an exception.
    raise ReconnectRequired(found.connection_id, status=found.status, status_reason=found.status_reason)


def _make_sqs_client() -> "SQSClient":
    """Return a client that does not keep a caller waiting for long: a report is a courtesy."""
    import boto3  # noqa: PLC0415 - not needed by who brings a client
    from botocore.config import Config  # noqa: PLC0415

    return boto3.client("sqs", config=Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2}))


def _refused(connection: Connection) -> ReconnectRequired:
    return ReconnectRequired(connection.connection_id, status=connection.status, status_reason="token-refused")
