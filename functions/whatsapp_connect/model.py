"""The two things the stack is about: an access token and the connection it belongs to."""

from dataclasses import dataclass, field
from typing import Literal

TokenType = Literal["USER", "SYSTEM_USER"]

LAST_MOMENT = 253_402_300_799
"""The end of the year 9999, in epoch seconds. There are no dates after it: such a number is something else, like
milliseconds."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    value: str = field(repr=False)
    expires_in: int | None
    """Seconds, as Facebook answered; None where it said nothing, which does not mean never."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What Facebook's debugger says of a token. Times are epoch seconds; expires_at 0 means never."""

    app_id: str
    token_type: str
    is_valid: bool
    subcode: int | None
    """Why it is not valid, where Facebook says."""
    user_id: str
    scopes: tuple[str, ...]
    waba_ids: tuple[str, ...]
    """WhatsApp Business accounts the person shared, newest first."""
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
