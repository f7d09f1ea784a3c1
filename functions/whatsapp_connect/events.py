"""What a changed connection record means to others: the metadata parameter and the lifecycle events.

Both are projections of the record and hold no secret. Records here are plain Python values, with whole numbers.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

Record = Mapping[str, Any]
EventType = Literal["Connected", "Reconnected"]

SOURCE = "whatsapp-connect"
_NEVER = 0


def metadata(record: Record | None) -> dict[str, Any] | None:
    """Return what readers may know of a connection, or None while it has never had a token.

    Times are ISO 8601 in UTC, and null where there is none: expires_at for a token that does not expire.
    """
    if record is None or "token_version" not in record:
        return None
    return {
        "user_id": record["user_id"],
        "token_type": record["token_type"],
        "token_version": int(record["token_version"]),
        "issued_at": _iso(record["issued_at"]),
        "expires_at": _iso(record["token_expires_at"]),
        "data_access_expires_at": _iso(record["data_access_expires_at"]),
        "scopes": list(record["scopes"]),
        "waba_ids": list(record["waba_ids"]),
        "phone_numbers": [dict(number) for number in record["phone_numbers"]],
        "status": record["status"],
        "graph_version": record["graph_version"],
    }


def event_type(old: Record | None, new: Record | None) -> EventType | None:
    """Return the lifecycle event that a change of a record is, if it is one."""
    if new is None or "connected_at" not in new:
        return None
    if old is None or "connected_at" not in old:
        return "Connected"
    if (old["connected_at"], old["token_version"]) != (new["connected_at"], new["token_version"]):
        return "Reconnected"
    return None


def detail(record: Record) -> dict[str, Any]:
    """Return the detail of a lifecycle event: whose it is, where the token is, and the metadata."""
    return {
        "connection_id": record["connection_id"],
        "access_token_parameter": record["parameter_name"],
        **(metadata(record) or {}),
    }


def _iso(seconds: Any) -> str | None:
    if int(seconds) == _NEVER:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
