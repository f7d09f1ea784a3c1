"""Reads a connection's token and metadata as one pair, and keeps it for a while."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeVar

from whatsapp_connect_reader.connection import Connection, parse, parse_metadata
from whatsapp_connect_reader.errors import NotReady, ReconnectRequired, TokenRefused

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

T = TypeVar("T")

_CONNECTION_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_DEAD = frozenset({"expired", "revoked"})
_PAUSES = (0.0, 0.2, 0.4, 0.8)
"""Seconds before each attempt to read a pair: token and metadata are written moments apart."""
_BAD_NEWS = 30.0
"""Seconds for which it is not asked again whether a connection is still lost."""


@dataclass(slots=True)
class _Slot:
    """What is kept of one connection. Its lock lets one thread read while the others wait for what it finds."""

    lock: Lock = field(default_factory=Lock)
    found: Connection | ReconnectRequired | None = None
    good_until: float = 0.0


class TokenReader:
    """Reads connections below a stack's `ParameterPrefix`. One per process: it is thread-safe and keeps what it read.

    `client` is a boto3 client for SSM; without it one is made as boto3 makes them. A pair is kept for up to `max_age`
    seconds, each for a little less than that, so that processes that started together do not read together.
    """

    def __init__(
        self,
        prefix: str,
        *,
        client: "SSMClient | None" = None,
        max_age: float = 300.0,
        clock: Callable[[], float] = monotonic,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        if client is None:
            import boto3  # noqa: PLC0415 - not needed by who brings a client

            client = boto3.client("ssm")
        self._client = client
        self._prefix = prefix.rstrip("/")
        self._max_age = max_age
        self._clock = clock
        self._pause = pause
        self._slots: dict[str, _Slot] = {}
        self._slots_lock = Lock()

    def read(self, connection_id: str) -> Connection:
        """Return a connection with a token that can be used, from memory where that is recent enough.

        Raises ReconnectRequired where there is none, NotReady while it is being replaced. Errors of AWS are
        botocore's.
        """
        slot = self._slot(connection_id)
        with slot.lock:
            if slot.found is None or self._clock() >= slot.good_until:
                self._fill(slot, connection_id)
            return _usable(slot)

    def call(self, connection_id: str, request: Callable[[Connection], T]) -> T:
        """Return what `request` returns; if it raises TokenRefused, try once more with a token read afresh.

        Raises ReconnectRequired where there is no other token, or that one is refused, too.
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
            raise _refused(connection) from None

    def read_again(self, refused: Connection) -> Connection:
        """Return a newer token than one that Facebook refused, or raise ReconnectRequired.

        Parameter Store is asked once, and not at all where another thread has done so already.
        """
        slot = self._slot(refused.connection_id)
        with slot.lock:
            if slot.found is None or _holds(slot, refused):
                self._fill(slot, refused.connection_id)
            if _holds(slot, refused):
                self._keep(slot, _refused(refused))
            return _usable(slot)

    def forget(self, connection_id: str) -> None:
        """Read this connection afresh next time: for those who listen to the stack's events."""
        slot = self._slot(connection_id)
        with slot.lock:
            slot.found = None

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
                raise ReconnectRequired(
                    connection_id, status=status, status_reason=metadata.get("status_reason")
                )
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


def _usable(slot: _Slot) -> Connection:
    if isinstance(slot.found, Connection):
        return slot.found
    if slot.found is None:
        raise AssertionError
    raise ReconnectRequired(
        slot.found.connection_id, status=slot.found.status, status_reason=slot.found.status_reason
    )


def _refused(connection: Connection) -> ReconnectRequired:
    return ReconnectRequired(
        connection.connection_id, status=connection.status, status_reason="token-refused"
    )
