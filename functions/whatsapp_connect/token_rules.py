"""The rules about tokens: which may be stored, which is short or better, when to check, extend and warn. Pure.

Facebook has no refresh tokens. Tokens are extended from 30 days before their end if Facebook allows it. Otherwise people
are warned in time to connect again. Times are epoch seconds.
"""

import math
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from whatsapp_connect.errors import LoginError, TokenRefusedError
from whatsapp_connect.model import NEVER, ConnectionRecord, TokenInfo

DAY_S = 86_400
MIN_LIFETIME_S = 7 * DAY_S
"""A token that has less than this left is refused."""
LONG_LIFETIME_S = 30 * DAY_S
"""A token with less than this left is extended."""
MIN_GAIN_S = 3_600
"""An extended token must outlive the one it replaces by this long."""
WARNING_DAYS = (14, 7, 3, 1)
"""Days before an end at which people are warned."""
PAST_END_S = 1_800
"""Pause between checks of a token that Facebook still calls valid after its end."""
DOUBT_S = 3_600
"""How long an unexplained "invalid" must last before it is believed."""
STUCK_FAILURES = 10
"""After so many failures in a row a connection is checked once a day, and CheckFailed is sent."""

EXPIRED_SUBCODE = 463
REVOKED_REASONS = {
    458: "app-not-authorized",
    459: "checkpoint",
    460: "password-changed",
    464: "user-unconfirmed",
    467: "logged-out",
    492: "role-lost",
    493: "data-access-expired",
}
"""https://developers.facebook.com/docs/facebook-login/guides/access-tokens/debugging, by subcode."""

GRAPH_VERSION_ENDS = {
    "v21.0": "2027-01-21",
    "v22.0": "2027-05-20",
    "v23.0": "2027-10-08",
    "v24.0": "2028-02-18",
    "v25.0": "2028-07-29",
}
"""Announced ends of Graph versions: https://developers.facebook.com/docs/graph-api/changelog."""


def graph_version_ends_at(version: str) -> float | None:
    """Return when Facebook stops serving a version of the Graph API, or None if that is not announced."""
    end = GRAPH_VERSION_ENDS.get(version)
    return datetime.fromisoformat(end).replace(tzinfo=UTC).timestamp() if end else None


def require_acceptable(info: TokenInfo, *, app_id: str, required_scopes: Iterable[str], now: float) -> None:
    """Return if a token may be stored: valid, of our app, of a known type, with a user, every scope and a long life.

    Raises LoginError.
    """
    if info.app_id != app_id:
        raise TokenRefusedError("token-of-another-app")
    if not info.is_valid:
        raise TokenRefusedError("token-invalid", facebook_subcode=info.subcode)
    if info.token_type not in {"USER", "SYSTEM_USER"}:
        raise TokenRefusedError("token-kind-unsupported")
    if not info.user_id:
        raise TokenRefusedError("token-without-user")
    missing = sorted(set(required_scopes) - set(info.scopes))
    if missing:
        raise LoginError("permission-missing", missing_scopes=missing)
    if info.expires_at != NEVER and info.expires_at < now + MIN_LIFETIME_S:
        raise TokenRefusedError("token-short-lived", seconds_left=int(info.expires_at - now))


def is_short(seconds: float) -> bool:
    """Return whether a token with this much time left should be extended."""
    return seconds < LONG_LIFETIME_S


def is_better(new: TokenInfo, old: TokenInfo) -> bool:
    """Return whether a token may replace another: valid, same owner, no fewer scopes, at least an hour longer."""
    return (
        new.is_valid
        and (new.app_id, new.user_id, new.token_type) == (old.app_id, old.user_id, old.token_type)
        and set(new.scopes) >= set(old.scopes)
        and old.expires_at != NEVER
        and (new.expires_at == NEVER or new.expires_at >= old.expires_at + MIN_GAIN_S)
    )


def warning(ends_at: int, *, now: float) -> int | None:
    """Return the warning that is due, as its number of days (14, 7, 3 or 1), or None."""
    if ends_at == NEVER:
        return None
    return min((days for days in WARNING_DAYS if ends_at - now <= days * DAY_S), default=None)


def days_left(ends_at: int, *, now: float) -> int:
    """Return the days until an end, rounded up; 0 once it has passed."""
    return max(0, math.ceil((ends_at - now) / DAY_S))


def next_date_at(record: ConnectionRecord, *, now: float) -> int:
    """Return when the next warning or end of this record is due, or 0."""
    if record.token_expires_at != NEVER and record.token_expires_at <= now:
        return int(now) + PAST_END_S
    ends = [end for end in (record.token_expires_at, record.data_access_expires_at) if end != NEVER]
    moments = [end - days * DAY_S for end in ends for days in (*WARNING_DAYS, 0)]
    return min((moment for moment in moments if moment > now), default=0)


def next_check_at(record: ConnectionRecord, *, now: float) -> int:
    """Return when to check next: within a day, or earlier if a warning or an end is due."""
    daily = int(now + DAY_S * random.uniform(0.9, 1.0))  # noqa: S311  spreads the checks over the day
    date = next_date_at(record, now=now)
    return min(daily, date) if date else daily


def failure_pause_s(failures: int) -> int:
    """Return the pause after so many failures in a row: five minutes, doubling, at most a day."""
    return min(DAY_S, 300 * 2 ** (failures - 1)) if failures < STUCK_FAILURES else DAY_S


def extension_pause_s(refused: int) -> int:
    """Return the pause after so many refused extensions in a row: a day, doubling, at most a week."""
    return int(min(7, 2 ** max(0, refused - 1)) * DAY_S)


def end_of(info: TokenInfo, *, now: float) -> tuple[Literal["expired", "revoked"], str] | None:
    """Return status and reason for a token that Facebook calls invalid, or None if it names no cause."""
    if info.subcode == EXPIRED_SUBCODE or 0 < info.expires_at <= now:
        return "expired", "expired"
    reason = REVOKED_REASONS.get(info.subcode or 0)
    return ("revoked", reason) if reason else None
