"""Define Connection, a token with its metadata."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from whatsapp_connect_reader.errors import PhoneNumberRequired


@dataclass(frozen=True, slots=True)
class BusinessApp:
    """What became of the request to send what a number has in the WhatsApp Business app.

    Each is `started`, `refused`, `unanswered`, or "" if Meta was not asked.
    """

    contacts: str = ""
    history: str = ""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """Everything but the ID is empty if the metadata do not say it."""

    id: str
    display_phone_number: str = ""
    verified_name: str = ""
    waba_id: str = ""
    """The account of the number."""
    status: str = ""
    """Facebook's word, such as `CONNECTED`."""
    registered: bool = False
    """Whether the stack has registered the number for the Cloud API."""
    business_app: BusinessApp | None = None
    """Only of a number that stays in the WhatsApp Business app."""


@dataclass(frozen=True, slots=True)
class Account:
    """A WhatsApp Business account that the token reaches."""

    id: str
    name: str = ""
    subscribed: bool = False
    """Whether the app receives the account's webhooks."""
    can_send: str = ""
    """Facebook's word: `AVAILABLE`, `LIMITED` or `BLOCKED`; "" if it does not say."""
    problem_code: int = 0
    """Facebook's code of what keeps messages from being sent; 0 for none."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A token with its metadata. The repr does not show the token."""

    connection_id: str
    access_token: str = field(repr=False)
    user_id: str
    token_type: str
    token_version: int
    issued_at: datetime | None
    expires_at: datetime | None
    """When the token expires; None if it does not."""
    data_access_expires_at: datetime | None
    """When Facebook ends access to the person's data, unless they connect again; None if it does not."""
    scopes: tuple[str, ...]
    waba_ids: tuple[str, ...]
    phone_numbers: tuple[PhoneNumber, ...]
    status: str
    """`active`, or `expiring` if the token works but the person should connect again soon."""
    status_reason: str | None
    graph_version: str
    truncated: bool
    """True if there were too many accounts, phone numbers or permissions, and some are missing here."""
    usable: bool = False
    """Whether messages can be sent and received: an account is proven, and the app is subscribed to it."""
    accounts: tuple[Account, ...] = ()
    label: str = ""
    """The label of the connect link; "" for none."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """The tags of the connect link."""
    language: str = ""
    """The language of the connect link, such as `pt-BR`; "" for none."""

    def phone_number(self, phone_number_id: str | None = None) -> PhoneNumber:
        """Return the phone number with this ID; without an ID, the only one.

        A number that is named need not be listed, because the metadata may be incomplete. Raises PhoneNumberRequired if
        none is named, and the metadata list none or several.
        """
        if phone_number_id:
            return next((one for one in self.phone_numbers if one.id == phone_number_id), PhoneNumber(phone_number_id))
        if len(self.phone_numbers) != 1 or self.truncated:
            raise PhoneNumberRequired(self.connection_id, tuple(one.id for one in self.phone_numbers))
        return self.phone_numbers[0]

    @property
    def authorization(self) -> dict[str, str]:
        """The header for calls to the Graph API."""
        return {"Authorization": f"Bearer {self.access_token}"}

    @property
    def days_left(self) -> int | None:
        """Whole days until the token expires; 0 on the last day; None if it does not expire."""
        return _days_until(self.expires_at)

    @property
    def data_access_days_left(self) -> int | None:
        """Whole days until access to the person's data ends; 0 on the last day; None if it does not end."""
        return _days_until(self.data_access_expires_at)


def parse(connection_id: str, access_token: str, metadata: Mapping[str, Any]) -> Connection:
    """Return a Connection from a token and the JSON object of the metadata parameter. Raises KeyError."""
    return Connection(
        connection_id=connection_id,
        access_token=access_token,
        user_id=metadata["user_id"],
        token_type=metadata["token_type"],
        token_version=metadata["token_version"],
        issued_at=_datetime(metadata["issued_at"]),
        expires_at=_datetime(metadata["expires_at"]),
        data_access_expires_at=_datetime(metadata["data_access_expires_at"]),
        scopes=tuple(metadata["scopes"]),
        waba_ids=tuple(metadata["waba_ids"]),
        phone_numbers=tuple(
            PhoneNumber(
                number["id"],
                number["display_phone_number"],
                number["verified_name"],
                waba_id=number.get("waba_id", ""),
                status=number.get("status", ""),
                registered=number.get("registered", False),
                business_app=_business_app(number.get("business_app")),
            )
            for number in metadata["phone_numbers"]
        ),
        status=metadata["status"],
        status_reason=metadata.get("status_reason"),
        graph_version=metadata["graph_version"],
        truncated=metadata["truncated"],
        usable=metadata.get("usable", False),
        accounts=tuple(
            Account(
                account["id"],
                account.get("name", ""),
                subscribed=account.get("subscribed", False),
                can_send=account.get("can_send", ""),
                problem_code=account.get("problem_code", 0),
            )
            for account in metadata.get("accounts", ())
        ),
        label=metadata.get("label", ""),
        tags=metadata.get("tags", {}),
        language=metadata.get("language", ""),
    )


def parse_metadata(text: str) -> dict[str, Any]:
    """Return the JSON object of the metadata parameter. Raises json.JSONDecodeError."""
    metadata: dict[str, Any] = json.loads(text)
    return metadata


def _business_app(outcomes: Mapping[str, str] | None) -> BusinessApp | None:
    return None if outcomes is None else BusinessApp(outcomes.get("contacts", ""), outcomes.get("history", ""))


def _datetime(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _days_until(end: datetime | None) -> int | None:
    return None if end is None else max(0, (end - datetime.now(UTC)).days)
