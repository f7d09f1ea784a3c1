"""The types: an access token, what Facebook says about it, and the record of a connection.

The record is the only truth about a connection. Parameters, events and mails are made from it. No other module spells
the attributes of ConnectionTable. Times are epoch seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from itertools import repeat
from operator import attrgetter
from typing import Any, Literal

TokenType = Literal["USER", "SYSTEM_USER"]
CanSend = Literal["", "AVAILABLE", "LIMITED", "BLOCKED"]
SyncKind = Literal["contacts", "history"]
"""What Meta sends once of a number that stays in the WhatsApp Business app."""
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
    "AccountsChanged",
    "AccountsLost",
    "Onboarded",
    "OnboardingFailed",
    "SyncStarted",
    "SyncFailed",
    "DataAccessEnded",
    "CheckFailed",
    "Recovered",
]

SCHEMA = 1
"""Number of the form in which this version stores records; docs/updates.md says when it grows.

A version reads every number up to its own. It leaves a record with a higher number alone, because a write of parts that it
does not know would destroy them.
"""
MAX_TIME_S = 253_402_300_799
"""The end of the year 9999. A larger number is not a time in seconds."""
NEVER = 0
"""Facebook's value for the end of a token that does not expire."""
MAX_SENT_EVENTS = 20
"""Sent events that stay in the history."""
MAX_UNSENT_EVENTS = 200
"""Unsent events that stay in the history: an item of DynamoDB holds 400 KB."""
NO_ANSWER = -1
"""In place of a code: Facebook was asked and its answer did not come."""
MAX_ACCOUNTS = 50
MAX_PHONE_NUMBERS = 250


@dataclass(frozen=True, slots=True)
class AccessToken:
    value: str = field(repr=False)
    expires_in: int | None
    """Seconds, as Facebook answered; None if it did not say."""


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What Facebook's debugger says about a token. An end of 0 means never."""

    app_id: str
    token_type: str
    is_valid: bool
    subcode: int | None
    """Why the token is not valid, if Facebook says."""
    user_id: str
    scopes: tuple[str, ...]
    """What the token may do: Facebook lists a permission in `scopes`, in `granular_scopes`, or in both."""
    target_ids: tuple[str, ...]
    """What the WhatsApp permissions are for, in no reliable order: accounts, and sometimes businesses."""
    has_no_account: bool
    """Whether every WhatsApp permission is for nothing. If Facebook does not say what it is for, that proves nothing."""
    issued_at: int
    expires_at: int
    data_access_expires_at: int
    graph_version: str
    """The version that answered. It may differ from the one asked for."""


@dataclass(frozen=True, slots=True)
class Sync:
    """Whether Meta was asked to send the contacts or the history of a number. It is asked once."""

    asked_at: int = 0
    """0 if it was not asked."""
    code: int = 0
    """Code with which it refused, or NO_ANSWER; 0 for none."""

    @property
    def is_started(self) -> bool:
        """Whether Meta sends them, or has sent them."""
        return self.asked_at != 0 and self.code == 0


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """`status` and `platform_type` are Facebook's words; "" if it does not say."""

    id: str
    display_phone_number: str
    verified_name: str
    status: str = ""
    platform_type: str = ""
    is_on_biz_app: bool = False
    """Whether the number stays in the WhatsApp Business app. It must never be registered."""
    registered: bool = False
    """Whether this stack has registered it."""
    register_code: int = 0
    """Code with which Facebook refused to register it, or NO_ANSWER; 0 for none."""
    onboarded_at: int = 0
    """When the business last signed it up, for a number of the WhatsApp Business app; 0 if Facebook does not say."""
    contacts: Sync = Sync()
    history: Sync = Sync()

    @property
    def needs_registration(self) -> bool:
        """Whether it cannot be used with the Cloud API, and may be registered for it."""
        return not (self.is_on_biz_app or self.is_connected)

    @property
    def was_tried(self) -> bool:
        """Whether this stack has asked Facebook to register it. Only an operator asks again."""
        return self.registered or self.register_code != 0

    @property
    def is_connected(self) -> bool:
        """Whether Facebook says that the number is used with the Cloud API."""
        return (self.platform_type, self.status) == ("CLOUD_API", "CONNECTED")


@dataclass(frozen=True, slots=True)
class Account:
    """A WhatsApp Business account, or an ID that may be one."""

    id: str
    first_seen_at: int
    name: str = ""
    numbers: tuple[PhoneNumber, ...] = ()
    is_proven: bool = False
    """Whether Facebook has listed its phone numbers for the connection's token."""
    checked_at: int = 0
    """When Facebook was last asked for its phone numbers."""
    missing_since: int = 0
    """Since when Facebook says that it does not exist for the token; 0 if it does not say so."""
    is_lost: bool = False
    """Whether Facebook has said so for an hour."""
    subscribed: bool = False
    """Whether the app receives its webhooks."""
    subscribe_code: int = 0
    """Code with which Facebook refused to subscribe the app; 0 for none."""
    can_send: CanSend = ""
    """Facebook's word for whether messages can be sent."""
    problem_code: int = 0
    """Facebook's code of what keeps messages from being sent; 0 for none."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What Facebook says of an account itself. A missing value is "" or 0."""

    name: str
    can_send: CanSend
    problem_code: int


@dataclass(slots=True)
class Findings:
    """What Facebook says of IDs that may be accounts."""

    numbers: dict[str, tuple[PhoneNumber, ...]] = field(default_factory=dict)
    """The phone numbers of each account that is proven."""
    names: dict[str, str] = field(default_factory=dict)
    """Names of accounts, as far as they are known."""
    missing: set[str] = field(default_factory=set)
    """IDs that do not exist for the token."""
    businesses: set[str] = field(default_factory=set)
    """IDs of businesses. Their accounts are among the names."""

    trouble: Exception | None = None
    """The first failure that leaves something unknown."""

    def add(self, other: "Findings") -> None:
        self.numbers |= other.numbers
        self.names |= other.names
        self.missing |= other.missing
        self.businesses |= other.businesses
        self.trouble = self.trouble or other.trouble


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """An event of a connection, with the facts of its moment. Events are sent in the order of `sequence`."""

    sequence: int
    type: EventType
    at: int
    facts: Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Published:
    """What is published of a record. Only publish and callback write it."""

    token_number: int = 0
    """Number of the token in Parameter Store; 0 for none."""
    version: int = 0
    """Version of the token parameter; 0 for none."""
    prefix: str = ""
    """Prefix of the token parameter. After a change and a change back, a version may mean another token."""
    key_id: str = ""
    """ARN of the key that encrypts the token parameter."""
    last_sent: int = 0
    """Sequence of the last event sent."""
    failures: int = 0
    """Failed attempts in a row."""
    waba_ids: tuple[str, ...] = ()
    """The accounts that have a row for this connection in AccountTable."""


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    connection_id: str
    revision: int
    """Starts at the time in milliseconds and grows by one with each write. Each write is conditional on it."""
    user_id: str = ""
    status: Status = "active"
    status_reason: str | None = None
    token: bytes | None = field(default=None, repr=False)
    """The encrypted token; None once it is dead."""
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
    """In the order first seen. Those that are not proven are asked about at each check."""
    is_truncated: bool = False
    """Whether there are more accounts or numbers than a record holds."""
    former_waba_ids: tuple[str, ...] = ()
    """Accounts that the record had. They may have rows in AccountTable, until publish has deleted those."""
    pins: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Encrypted PINs that are not in Parameter Store yet, by the phone number's ID. Empty: the parameter must be deleted."""
    label: str = ""
    """Who the connection is of, in the words of the service that made the link."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """What the service that made the link wants to find in metadata and events."""
    language: str = ""
    """The tag of the language that the link named."""
    link_id: str = ""
    """ID of the link that made the connection."""
    login_at: int = 0
    """When the state of the last login was used up."""
    connected_at: int = 0
    renewed_at: int = 0
    checked_at: int = 0
    next_check_at: int = 0
    next_date_at: int = 0
    """When the next warning or end is due, by the record's own dates; 0 for none."""
    extend_after: int = 0
    """When Facebook may be asked again to extend the token."""
    extensions_refused: int = 0
    """Refused extensions in a row."""
    queued_until: int = 0
    failures: int = 0
    """Failed checks in a row that count against this connection."""
    doubt_since: int = 0
    warned_days: int | None = None
    data_access_warned_days: int | None = None
    replace_parameter: bool = False
    """Delete the token parameter with all its versions before the next put: another owner's token was in it."""
    history: tuple[HistoryEvent, ...] = ()
    publish_at: int | None = None
    """Since when something is unpublished; None if everything is published."""
    publish_not_before: int = 0
    """publish leaves the record alone until then: callback is at work, publishing failed, or a name must wait."""
    published: Published = Published()

    @property
    def is_alive(self) -> bool:
        return self.status in {"active", "expiring"}

    @property
    def proven_accounts(self) -> tuple[Account, ...]:
        return tuple(account for account in self.accounts if account.is_proven)

    @property
    def waba_ids(self) -> tuple[str, ...]:
        """The IDs of proven accounts."""
        return tuple(account.id for account in self.proven_accounts)

    @property
    def phone_numbers(self) -> tuple[PhoneNumber, ...]:
        """The numbers of proven accounts."""
        return tuple(number for account in self.proven_accounts for number in account.numbers)

    @property
    def is_usable(self) -> bool:
        """Whether messages can be sent and received: an account is proven, and the app is subscribed to it."""
        return self.is_alive and any(account.subscribed for account in self.proven_accounts)


def changes(before: ConnectionRecord | None, after: ConnectionRecord) -> tuple[dict[str, Any], list[str]]:
    """Return the attributes that turn one record into the other, in DynamoDB's form, and the names to remove.

    `before` is None for a record that is not stored yet. An attribute with its default value is not stored.
    """
    stored: dict[str, Any] = {}
    removed: list[str] = []
    known = _values(before) if before else repeat(MISSING)
    for (name, default), old, value in zip(_DEFAULTS.items(), known, _values(after), strict=False):
        if old == value:
            continue
        if value != default:
            stored[name] = attribute(value)
        elif before:
            removed.append(name)
    marks = _index_marks(after)
    # All of them: a change by hand can have taken the record out of an index, which `before` does not show.
    stored |= {mark: attribute(mark) for mark in sorted(marks)} | {"schema": attribute(SCHEMA)}
    return stored, removed + (sorted(_index_marks(before) - marks) if before else [])


def is_newer(item: Mapping[str, Any]) -> bool:
    """Return whether a later version of the stack has stored an item. Raises ValueError if its number is not one."""
    schema: int = plain(item["schema"]) if "schema" in item else 1
    return schema > SCHEMA


def record_from(item: Mapping[str, Any]) -> ConnectionRecord:
    """Return the record that DynamoDB stores as `item`. An attribute that this version does not know is left out.

    Raises ValueError, TypeError or KeyError if it is not a record.
    """
    known = {name: plain(item[name]) for name in _FIELDS if name in item}
    for name, read in _READ.items():
        if name in known:
            known[name] = read(known[name])
    return ConnectionRecord(**known)


def _defaults(kind: Any) -> dict[str, Any]:
    """Return the fields of a class and their defaults; MISSING for a field without one."""
    return {one.name: one.default if one.default_factory is MISSING else one.default_factory() for one in fields(kind)}


def _part(kind: Any, value: Mapping[str, Any], **read: object) -> Any:
    """Return a part of a record, without the fields that this version does not know."""
    return kind(**{name: value[name] for name in value if name in _PARTS[kind]} | read)


def _phone_number(value: Mapping[str, Any]) -> Any:
    syncs = {name: _part(Sync, value[name]) for name in ("contacts", "history") if name in value}
    return _part(PhoneNumber, value, **syncs)


_READ: dict[str, Callable[[Any], Any]] = {
    "scopes": tuple,
    "accounts": lambda value: tuple(
        _part(Account, one, numbers=tuple(map(_phone_number, one.get("numbers", ())))) for one in value
    ),
    "history": lambda value: tuple(_part(HistoryEvent, one) for one in value),
    "former_waba_ids": tuple,
    "published": lambda value: _part(Published, value, waba_ids=tuple(value.get("waba_ids", ()))),
}
# user_id and status are always stored: indexes and people read them.
_DEFAULTS = _defaults(ConnectionRecord) | {"user_id": MISSING, "status": MISSING}
del _DEFAULTS["connection_id"]
ATTRIBUTES = ("connection_id", "schema", *_DEFAULTS)
"""Names of the attributes of an item that a record is read from."""
_FIELDS = ("connection_id", *_DEFAULTS)
_values = attrgetter(*_DEFAULTS)


def _index_marks(record: ConnectionRecord) -> set[str]:
    """Return the attributes that put a record into the index of that name."""
    marks = {
        "due": record.status != "forgotten",
        "dated": record.is_alive and record.next_date_at != 0,
        "publishing": record.publish_at is not None,
    }
    return {mark for mark, is_set in marks.items() if is_set}


# boto3's own converter takes six times as long, and its numbers are Decimal: ours are integers.
def attribute(value: object) -> dict[str, Any]:
    """Return a value in DynamoDB's form."""
    return _FORMS[type(value)](value)


def _fields(value: Any) -> dict[str, Any]:
    return {
        "M": {
            name: attribute(present)
            for name, default in _PARTS[type(value)].items()
            if (present := getattr(value, name)) != default
        }
    }


_PARTS = {kind: _defaults(kind) for kind in (Sync, PhoneNumber, Account, HistoryEvent, Published)}


_FORMS: dict[type, Callable[[Any], dict[str, Any]]] = {
    type(None): lambda _: {"NULL": True},
    bool: lambda value: {"BOOL": value},
    str: lambda value: {"S": value},
    int: lambda value: {"N": str(value)},
    bytes: lambda value: {"B": value},
    tuple: lambda value: {"L": [attribute(one) for one in value]},
    dict: lambda value: {"M": {name: attribute(one) for name, one in value.items()}},
    **dict.fromkeys(_PARTS, _fields),
}


def plain(attribute: Mapping[str, Any]) -> Any:
    """Return a value from DynamoDB's form. Raises ValueError for a number that is not an integer."""
    [(kind, value)] = attribute.items()
    match kind:
        case "N":
            return int(value)
        case "NULL":
            return None
        case "L":
            return [plain(one) for one in value]
        case "M":
            return {name: plain(one) for name, one in value.items()}
    return value
