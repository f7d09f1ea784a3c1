"""One connection's story in words, and what to do next. Pure; times are epoch seconds."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from whatsapp_connect import events, lifecycle
from whatsapp_connect_cli.output import DAY, ago, day

_WHY = {
    "app-not-authorized": "the person removed the app at Facebook",
    "app-removed": "the person removed the app at Facebook; what is left is being deleted",
    "checkpoint": "Facebook wants the person to log in at facebook.com and prove who they are",
    "data-access-expired": "the person has not used the app for 90 days",
    "deletion-requested": "the person asked for their data to be deleted, which is under way",
    "expired": "the token came to its end and Facebook did not extend it",
    "logged-out": "the person logged out of Facebook in a way that ends tokens",
    "parameter-missing": "somebody deleted the token's parameter by hand",
    "password-changed": "the person changed their password, or Facebook ended their sessions for security",
    "role-lost": "the person lost their role in the business",
    "token-invalid": "Facebook no longer accepts the token and does not say why",
    "token-of-another-user": "somebody wrote another person's token into the parameter",
    "user-unconfirmed": "the person's Facebook account is not confirmed",
}
_ALIVE = frozenset({"active", "expiring"})


class Story(NamedTuple):
    sentences: list[str]
    next: list[str]


def days_left(record: Mapping[str, Any], *, now: float) -> int | None:
    """Return whole days until the token ends, or None for one that does not end or is not there."""
    ends_at = int(record.get("token_expires_at", 0))
    if not ends_at or record["status"] not in _ALIVE:
        return None
    return max(0, int((ends_at - now) // DAY))


def numbers(record: Mapping[str, Any], *, most: int) -> str:
    known = [number["display_phone_number"] for number in record.get("phone_numbers", [])]
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more


def tell(
    record: Mapping[str, Any],
    *,
    metadata: str | None,
    now: float,
    connect_url: str,
    required_scopes: tuple[str, ...] = (),
) -> Story:
    """Tell what there is to know of a connection; `metadata` is the text that readers get."""
    if "token_version" not in record:
        return Story(
            [f"{record['connection_id']} is being connected: no token is stored yet."],
            ["Wait a few minutes. A login that was cut off is cleared away by itself."],
        )
    sentences = [_standing(record), _account(record), *_token(record, now=now), *_checks(record, now=now)]
    return Story(
        sentences,
        _next(record, metadata=metadata, now=now, connect_url=connect_url, required_scopes=required_scopes),
    )


def _standing(record: Mapping[str, Any]) -> str:
    connection_id, reason = record["connection_id"], record.get("reason") or ""
    match record["status"]:
        case "active":
            return f"{connection_id} is connected and works."
        case "expiring":
            return f"{connection_id} works, but not for long: something about it ends soon."
        case status:
            why = _WHY.get(reason, reason or "no reason was kept")
            return f"{connection_id} is {status}: {why}. Readers find no token."


def _account(record: Mapping[str, Any]) -> str:
    names = list(dict.fromkeys(number["verified_name"] for number in record["phone_numbers"]))
    if not names:
        accounts = ", ".join(record["waba_ids"])
        return f"WhatsApp Business accounts: {accounts or 'none shared'}. No phone number is known."
    return f"It is {', '.join(names[:3])}, with {numbers(record, most=3)}."


def _token(record: Mapping[str, Any], *, now: float) -> list[str]:
    kind = {"USER": "a person's", "SYSTEM_USER": "a system user's"}[record["token_type"]]
    found = [
        f"Facebook user {record['user_id']} connected it on {day(int(record['connected_at']))}."
        if "connected_at" in record
        else f"Facebook user {record['user_id']} is connecting it."
    ]
    if record["status"] not in _ALIVE:
        return found
    found.append(f"The token, {kind}, is version {record['token_version']} of {record['parameter_name']}.")
    if ends_at := int(record["token_expires_at"]):
        extended = ends_at - lifecycle.EXTEND_WITHIN
        found.append(
            f"It ends on {day(ends_at)}, {ago(now - ends_at)}. Facebook is asked to extend it every day"
            f"{'.' if extended <= now else f' from {day(extended)} on.'}"
        )
    else:
        found.append("It does not expire.")
    if renewed_at := int(record.get("renewed_at") or 0):
        found.append(f"It was last extended on {day(renewed_at)}.")
    if access := int(record["data_access_expires_at"]):
        over = "ended" if access <= now else "ends"
        found.append(f"Access to the person's data {over} on {day(access)}, {ago(now - access)}.")
    return found


def _checks(record: Mapping[str, Any], *, now: float) -> list[str]:
    found = []
    if checked_at := int(record.get("checked_at", 0)):
        found.append(f"Facebook last vouched for it {ago(now - checked_at)}.")
    if failures := int(record.get("failures", 0)):
        found.append(f"The last {failures} check{'s' * (failures > 1)} came to nothing; the token is kept.")
    return found


def _next(
    record: Mapping[str, Any],
    *,
    metadata: str | None,
    now: float,
    connect_url: str,
    required_scopes: tuple[str, ...],
) -> list[str]:
    found = []
    again = _again(record, connect_url)
    if record.get("reason") in lifecycle.FORGET:
        return ["Nothing: the next hourly run deletes what is left."]
    if record["status"] not in _ALIVE:
        return [f"Have it connected again: {again}"]
    if record.get("warned_days") is not None:
        found.append(f"Have it connected again before it ends: {again}")
    elif record.get("data_access_warned_days") is not None:
        suffix = "" if again.startswith("whatsapp-connect") else "?auth_type=reauthorize"
        found.append(f"Have it connected again, to keep access to the data: {again}{suffix}")
    if missing := sorted(set(required_scopes) - set(record["scopes"])):
        found.append(f"It lacks {', '.join(missing)}. Have it connected again: {again}")
    if int(record.get("failures", 0)) >= lifecycle.ALARMING_FAILURES:
        found.append(
            "See why checks fail: whatsapp-connect doctor, and `check failed` in RenewFunction's log."
        )
    if metadata is None or json.loads(metadata) != events.metadata(record):
        found.append(
            "Readers find other metadata than the record's. If that is so a minute from now:"
            f" whatsapp-connect connections renew {record['connection_id']}"
        )
    if int(record.get("lease_until", 0)) > now:
        found.append("A login or a check is at work on it right now.")
    return found or ["Nothing."]


def _again(record: Mapping[str, Any], connect_url: str) -> str:
    if record["connection_id"] == record["user_id"]:
        return connect_url
    return f"whatsapp-connect links create {record['connection_id']}"
