"""What the stack is about: an access token, what Facebook says of it, and the record of a connection.

The record is the only truth about a connection. Parameters, events and mails are made from it. This is the only module
that spells the attributes of ConnectionTable. Times are epoch seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

TokenType = Literal["USER", "SYSTEM_USER"]
Status = Literal["active", "expiring", "expired", "revoked", "forgotten"]
EventType = Literal[
    "Connected",
    "Reconnected",
    "Renewed",
    "Expiring",
    "Expired",
    "Revoked",
    "Deleted",
    "OwnerChanged",
    "ScopesReduced",
    "DataAccessEnded",
    "CheckFailed",
    "Recovered",
]

LATEST_TIME = 253_402_300_799
"""The end of the year 9999. A larger number is something else, like milliseconds."""
NEVER = 0
"""The end of what does not end, as Facebook writes it."""
MAX_TOLD_EVENTS = 20
"""Events of the history that are kept after they were told."""
MAX_UNTOLD_EVENTS = 200
"""While nothing can be told, the oldest make room: an item of DynamoDB holds 400 KB."""
MAX_ACCOUNTS = 50
MAX_PHONE_NUMBERS = 250


@dataclass(frozen=True, slots=True)
class AccessToken:
    value: str = field(repr=False)
    expires_in: int | None
    """Seconds, as Facebook answered; None where it said nothing, which does not mean never."""


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What Facebook's debugger says of a token. An end of 0 is never."""

    app_id: str
    token_type: str
    is_valid: bool
    subcode: int | None
    """Why it is not valid, where Facebook says."""
    user_id: str
    scopes: tuple[str, ...]
    waba_ids: tuple[str, ...]
    """WhatsApp Business accounts that were shared, in no reliable order."""
    issued_at: int
    expires_at: int
    data_access_expires_at: int
    graph_version: str
    """The version that answered, which is not always the one asked for."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    id: str
    display_phone_number: str
    verified_name: str


@dataclass(frozen=True, slots=True)
class Account:
    """A WhatsApp Business account."""

    id: str
    first_seen_at: int
    numbers: tuple[PhoneNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """An event of a connection, with the few facts of that moment. Told in the order of `sequence`."""

    sequence: int
    type: EventType
    at: int
    facts: Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Published:
    """What publish has done. Only publish and callback write it."""

    token_number: int = 0
    """Of the token in Parameter Store; 0 for none."""
    version: int = 0
    """Of the token parameter; 0 for none."""
    prefix: str = ""
    """That the token parameter is below: after a change, and a change back, a version may mean another token."""
    key_id: str = ""
    """ARN of the key that the parameter was encrypted with."""
    told: int = 0
    """Sequence of the last event told."""
    failures: int = 0
    """Attempts in a row that failed."""


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    connection_id: str
    revision: int
    """Starts at the time in milliseconds and grows by one with every write. Every write is conditional on it."""
    user_id: str = ""
    status: Status = "active"
    status_reason: str | None = None
    token: bytes | None = field(default=None, repr=False)
    """Encrypted; None once the token is dead."""
    token_number: int = 0
    """Starts at the time in milliseconds and grows with every new token."""
    token_type: str = "USER"  # noqa: S105  a kind of token
    client_business_id: str = ""
    scopes: tuple[str, ...] = ()
    issued_at: int = 0
    token_expires_at: int = NEVER
    data_access_expires_at: int = NEVER
    graph_version: str = ""
    accounts: tuple[Account, ...] = ()
    """In the order first seen."""
    link_id: str = ""
    """The first letters of the hash of the link that made it."""
    login_at: int = 0
    """When the state of the login that wrote this was used up."""
    connected_at: int = 0
    renewed_at: int = 0
    checked_at: int = 0
    next_check_at: int = 0
    next_date_at: int = 0
    """The next warning or end that the record itself knows; 0 for none."""
    extend_after: int = 0
    """When Facebook may be asked again for a longer token."""
    extensions_refused: int = 0
    """Times in a row that Facebook gave nothing better."""
    queued_until: int = 0
    failures: int = 0
    """Checks in a row that failed because of this connection."""
    doubt_since: int = 0
    warned_days: int | None = None
    data_access_warned_days: int | None = None
    replace_parameter: bool = False
    """Delete the token parameter with all its versions before the next token is put: the owner changed."""
    history: tuple[HistoryEvent, ...] = ()
    publish_at: int | None = None
    """Since when something has been unpublished; None when everything is published."""
    publish_not_before: int = 0
    """Publish leaves the record alone until then: the callback is at work, a try has failed, or a name rests."""
    published: Published = Published()

    @property
    def is_alive(self) -> bool:
        return self.status in {"active", "expiring"}

    @property
    def waba_ids(self) -> tuple[str, ...]:
        return tuple(account.id for account in self.accounts)

    @property
    def phone_numbers(self) -> tuple[PhoneNumber, ...]:
        return tuple(number for account in self.accounts for number in account.numbers)


INDEXES = frozenset({"due", "dated", "publishing"})
"""Attributes that put a record into the index of what is due, of what has a date, of what is unpublished."""


def attributes(record: ConnectionRecord) -> dict[str, Any]:
    """Return the attributes of a record as plain values. What has its default value is absent."""
    plain = {
        one.name: _plain(value)
        for one in fields(record)
        if (value := getattr(record, one.name)) != one.default or one.name in {"user_id", "status"}
    }
    if record.status != "forgotten":
        plain["due"] = "due"
    if record.next_date_at and record.is_alive:
        plain["dated"] = "dated"
    if record.publish_at is not None:
        plain["publishing"] = "publishing"
    return plain


def record_from(plain: Mapping[str, Any]) -> ConnectionRecord:
    """Return the record with these attributes. Raises ValueError, TypeError or KeyError for what is not a record."""
    known: dict[str, Any] = {}
    for one in fields(ConnectionRecord):
        if one.name not in plain:
            continue
        value = plain[one.name]
        known[one.name] = _READ.get(one.name, _scalar)(value)
    return ConnectionRecord(**known)


def _plain(value: object) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, PhoneNumber | Account | HistoryEvent | Published):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    return value


def _scalar(value: Any) -> Any:
    """Return DynamoDB's numbers and bytes as Python's."""
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, bytes) or hasattr(value, "value"):
        return bytes(value)
    return int(value)


def _account(plain: Mapping[str, Any]) -> Account:
    return Account(
        id=plain["id"],
        first_seen_at=int(plain["first_seen_at"]),
        numbers=tuple(PhoneNumber(**number) for number in plain["numbers"]),
    )


def _event(plain: Mapping[str, Any]) -> HistoryEvent:
    return HistoryEvent(
        sequence=int(plain["sequence"]),
        type=plain["type"],
        at=int(plain["at"]),
        facts={name: _scalar(value) for name, value in plain["facts"].items()},
    )


_READ: dict[str, Callable[[Any], Any]] = {
    "scopes": tuple,
    "accounts": lambda value: tuple(_account(one) for one in value),
    "history": lambda value: tuple(_event(one) for one in value),
    "published": lambda value: Published(**{name: _scalar(one) for name, one in value.items()}),
}
