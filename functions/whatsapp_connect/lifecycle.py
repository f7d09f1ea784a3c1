"""What time does to a connection: when to check it, when to extend its token, when to warn. Pure; epoch seconds.

Facebook has no refresh tokens. What can be extended is extended a month before it ends, once a day until that works;
what cannot is warned about, early enough for a person to connect again.
"""

import random
from collections.abc import Mapping
from typing import Any

from whatsapp_connect.model import Inspection

DAY = 86400
EXTEND_WITHIN = 30 * DAY
WARNINGS = (14, 7, 3, 1)
"""Days before the end at which people are warned."""
RETRY_AFTER = 3300
"""Seconds until a check that failed is tried again: by the next hourly run."""
ALARMING_FAILURES = 3
"""Checks that fail in a row before somebody is told."""
LEAST_GAIN = 3600
"""Seconds by which an extended token must outlive the one it replaces."""

FORGET = frozenset({"app-removed", "deletion-requested"})
"""Reasons for which nothing of a connection is kept."""


def warning(ends_at: int, *, now: float) -> int | None:
    """Return the warning that is due, as the days it is named after, or None. An end of 0 is never."""
    if ends_at == 0:
        return None
    return min((days for days in WARNINGS if ends_at - now <= days * DAY), default=None)


def standing(inspection: Inspection, *, now: float) -> dict[str, object]:
    """Return the attributes of a record that say how a living token stands, and when to look again."""
    warned = warning(inspection.expires_at, now=now)
    return {
        "status": "active" if warned is None else "expiring",
        "reason": None,
        "failures": 0,
        "checked_at": int(now),
        "warned_days": warned,
        "data_access_warned_days": warning(inspection.data_access_expires_at, now=now),
        "next_check_at": next_check_at(inspection, now=now),
    }


def next_check_at(inspection: Inspection, *, now: float) -> int:
    """Return when to look again: in about a day, and on time for the next warning and for the end."""
    ends = [end for end in (inspection.expires_at, inspection.data_access_expires_at) if end]
    moments = [end - days * DAY for end in ends for days in (*WARNINGS, 0)]
    daily = now + DAY * random.uniform(0.9, 1.0)  # noqa: S311  spreads the checks over the day
    return int(min([daily, *(moment for moment in moments if moment > now)]))


def wants_extending(inspection: Inspection, *, now: float) -> bool:
    return inspection.expires_at != 0 and inspection.expires_at - now <= EXTEND_WITHIN


def is_better(new: Inspection, old: Inspection) -> bool:
    """Say whether a token may replace another: alive, of the same person, with no fewer permissions, and longer-lived."""
    return (
        new.is_valid
        and new.app_id == old.app_id
        and new.user_id == old.user_id
        and new.token_type == old.token_type
        and set(new.scopes) >= set(old.scopes)
        and outlives(new, old)
    )


def outlives(new: Inspection, old: Inspection) -> bool:
    if old.expires_at == 0:
        return False
    return new.expires_at == 0 or new.expires_at >= old.expires_at + LEAST_GAIN


def is_forgotten(record: Mapping[str, Any], stored_version: int | None) -> bool:
    """Say whether a record only waits for everything it speaks of to be deleted.

    A token newer than the one the record speaks of was stored by a login that came after: it is to be kept.
    """
    return record.get("reason") in FORGET and stored_version in {None, record.get("token_version")}


def why_invalid(inspection: Inspection, *, now: float) -> tuple[str, str]:
    """Return the status and the reason of a connection whose token Facebook calls invalid."""
    if inspection.subcode == EXPIRED or 0 < inspection.expires_at <= now:
        return "expired", "expired"
    return "revoked", _REVOKED.get(inspection.subcode or 0, "token-invalid")


EXPIRED = 463
_REVOKED = {
    458: "app-not-authorized",
    459: "checkpoint",
    460: "password-changed",
    464: "user-unconfirmed",
    467: "logged-out",
    492: "role-lost",
    493: "data-access-expired",
}

GRAPH_VERSIONS_END = {
    "v21.0": "2027-01-21",
    "v22.0": "2027-05-20",
    "v23.0": "2027-10-08",
    "v24.0": "2028-02-18",
    "v25.0": "2028-07-29",
}
"""https://developers.facebook.com/docs/graph-api/changelog, for the versions whose end is announced."""
