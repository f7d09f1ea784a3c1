"""Define the reasons why a token becomes invalid before it expires, with Facebook's subcodes and messages."""

from dataclasses import dataclass
from typing import Literal

Reason = Literal["app_removed", "checkpoint", "password_changed", "logged_out", "revoked"]


@dataclass(frozen=True, slots=True)
class Death:
    """Why a token became invalid before it expired. `subcode` is None if Facebook gives no reason."""

    message: str
    subcode: int | None


def death(reason: Reason, app_id: str, *, with_subcode: bool = True) -> Death:
    """Return what Facebook says of a token of this app that became invalid for this reason."""
    subcode, message = _DEATHS[reason]
    return Death(message.format(app_id=app_id), subcode if with_subcode else None)


_DEATHS: dict[Reason, tuple[int | None, str]] = {
    "app_removed": (458, "Error validating access token: The user has not authorized application {app_id}."),
    "checkpoint": (
        459,
        "You cannot access the app till you log in to www.facebook.com and follow the instructions given.",
    ),
    "password_changed": (
        460,
        (
            "Error validating access token: The session has been invalidated because the user changed their"
            " password or Facebook has changed the session for security reasons."
        ),
    ),
    "logged_out": (467, "Error validating access token: The session is invalid because the user logged out."),
    "revoked": (None, "Error validating access token: The access token has been revoked."),
}
REASONS = tuple(_DEATHS)
