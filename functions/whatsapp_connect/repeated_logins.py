"""Publish the tokens of a person who logs in again and again less often. Pure. Times are epoch seconds.

Parameter Store accepts few writes a second, for the whole account and Region. One person must not use them up.
"""

from dataclasses import replace

from whatsapp_connect import record_changes
from whatsapp_connect.model import ConnectionRecord

PUBLISH_AFTER_S = 10
"""When publish takes over from a callback that was cut off."""
LOGINS_PER_HOUR = 10
"""Logins of one living connection whose token is published at once."""
HOLD_S = 300
"""How often the token of later logins is published. Until then readers have the earlier token, which still works."""


def held(before: ConnectionRecord, after: ConnectionRecord, *, now: float) -> ConnectionRecord:
    """Return the record of a login, to be published later if there were too many logins within an hour.

    A connection that was dead is published at once. Another login does not put the time off.
    """
    if not before.is_alive or record_changes.logins_since(before, now - 3_600) < LOGINS_PER_HOUR:
        return after
    is_waiting = before.publish_at is not None and is_held(before, now=now)
    return replace(after, publish_not_before=before.publish_not_before if is_waiting else int(now) + HOLD_S)


def is_held(record: ConnectionRecord, *, now: float) -> bool:
    """Return whether a record waits for longer than for a callback that is at work."""
    return record.publish_not_before > now + PUBLISH_AFTER_S
