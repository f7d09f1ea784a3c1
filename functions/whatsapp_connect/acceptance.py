"""What a token must be to be kept."""

from collections.abc import Iterable

from whatsapp_connect.errors import PermissionMissingError, TokenRefusedError
from whatsapp_connect.model import Inspection

SHORTEST_LIFE = 7 * 86400
"""Seconds a token must have left to be worth keeping."""


def is_long_lived(expires_in: int | None) -> bool:
    """Say whether a token lives long enough, in seconds, not to need extending: 30 days."""
    return expires_in is not None and expires_in >= 30 * 86400


def accept(inspection: Inspection, *, app_id: str, required_scopes: Iterable[str], now: float) -> None:
    """Return if a token may be kept: valid, ours, of a known kind, somebody's, with every scope, and long-lived.

    Raises TokenRefusedError or PermissionMissingError.
    """
    if inspection.app_id != app_id:
        raise TokenRefusedError("token-of-another-app")
    if not inspection.is_valid:
        raise TokenRefusedError("token-invalid", facebook_subcode=inspection.subcode)
    if inspection.token_type not in {"USER", "SYSTEM_USER"}:
        raise TokenRefusedError("token-kind-unsupported")
    if not inspection.user_id:
        raise TokenRefusedError("token-without-user")
    missing = sorted(set(required_scopes) - set(inspection.scopes))
    if missing:
        raise PermissionMissingError("permission-missing", missing_scopes=missing)
    if inspection.expires_at != 0 and inspection.expires_at < now + SHORTEST_LIFE:
        raise TokenRefusedError("token-short-lived", seconds_left=int(inspection.expires_at - now))
