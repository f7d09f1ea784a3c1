"""What a changed connection record means to others: the metadata parameter and the lifecycle events.

Both are projections of the record and hold no secret. Records here are plain Python values, with whole numbers.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from whatsapp_connect.lifecycle import ALARMING_FAILURES

Record = Mapping[str, Any]
EventType = Literal[
    "Connected",
    "Reconnected",
    "Renewed",
    "Expiring",
    "Expired",
    "Revoked",
    "Deleted",
    "ScopesReduced",
    "RenewalFailed",
    "Recovered",
]

SOURCE = "whatsapp-connect"
SCHEMA_VERSION = 1
NEEDS_A_PERSON = frozenset({"Expiring", "Expired", "Revoked", "ScopesReduced", "RenewalFailed"})
LONGEST_METADATA = 8192
"""Bytes that Parameter Store takes."""
_NEVER = 0


class Event(NamedTuple):
    type: EventType
    detail: dict[str, Any]


def metadata(record: Record | None) -> dict[str, Any] | None:
    """Return what readers may know of a connection, or None while it has never had a token.

    Times are ISO 8601 in UTC, and null where there is none: expires_at for a token that does not expire. Of phone
    numbers, then of accounts and permissions, there are as many as fit: a change whose metadata Parameter Store refused would hold up
    those behind it.
    """
    if record is None or "token_version" not in record:
        return None
    told = {
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
        "status_reason": record.get("reason"),
        "graph_version": record["graph_version"],
    }
    for items in (told["phone_numbers"], told["waba_ids"], told["scopes"]):
        while items and (excess := len(parameter_text(told)) - LONGEST_METADATA) > 0:
            while items and excess > 0:
                excess -= len(parameter_text(items.pop())) + len(", ")
    return told


def parameter_text(value: Any) -> str:
    """Return JSON that Parameter Store accepts as a parameter's value.

    Parameter Store refuses text in double brackets, and a business may be called `{{summer}} sale`. In JSON, "{{" occurs
    only in strings, where a bracket can also be written as an escape sequence.
    """
    return json.dumps(value).replace("{{", r"\u007b\u007b")


def lifecycle_events(old: Record | None, new: Record | None, *, connect_url: str) -> list[Event]:
    """Return what the change of a record means to others, in the order to tell it.

    `connect_url` is where a person connects again.
    """
    before, after = old or {}, new or {}
    if "token_version" not in before and "token_version" not in after:
        return []  # a login that has not stored a token yet is nobody's business
    if new is None:
        return [_event("Deleted", before, {}, connect_url)]
    found = [
        *_of_token(before, after),
        *_of_status(before, after),
        *_of_warnings(before, after),
        *_of_scopes(before, after),
        *_of_failures(before, after),
    ]
    return [_event(event_type, after, more, connect_url) for event_type, more in found]


_Found = Iterator[tuple[EventType, dict[str, Any]]]


def _of_token(before: Record, after: Record) -> _Found:
    if before.get("connected_at") != after.get("connected_at"):
        yield ("Reconnected" if "connected_at" in before else "Connected"), {}
    elif before.get("token_version") != after["token_version"]:
        yield "Renewed", {}


def _of_status(before: Record, after: Record) -> _Found:
    if before.get("status") != after["status"]:
        match after["status"]:
            case "expired":
                yield "Expired", {}
            case "revoked":
                yield "Revoked", {}


def _of_warnings(before: Record, after: Record) -> _Found:
    for cause, attribute in (("token", "warned_days"), ("data-access", "data_access_warned_days")):
        if attribute in after and before.get(attribute) != after[attribute]:
            yield "Expiring", {"cause": cause, "days_left": int(after[attribute])}


def _of_scopes(before: Record, after: Record) -> _Found:
    if lost := sorted(set(before.get("scopes", [])) - set(after.get("scopes", []))):
        yield "ScopesReduced", {"lost_scopes": lost}


def _of_failures(before: Record, after: Record) -> _Found:
    failures_before, failures = int(before.get("failures", 0)), int(after.get("failures", 0))
    if failures_before < ALARMING_FAILURES <= failures:
        yield "RenewalFailed", {"failures": failures}
    if failures_before >= ALARMING_FAILURES and failures == 0 and after["status"] in {"active", "expiring"}:
        yield "Recovered", {}


_AGAIN = "Ask for it to be connected again, with {again}."
_MESSAGES: dict[EventType, str] = {
    "Connected": "was connected. Its token ends: {expires_at}.",
    "Reconnected": "was connected again. Its token ends: {expires_at}.",
    "Renewed": "was renewed. Its token ends: {expires_at}.",
    "Expiring": (
        "has an access token that ends on {expires_at}, and Facebook has not extended it. "
        f"From then on nothing can be sent or received. {_AGAIN}"
    ),
    "Expired": f"has lost its access token, which expired. Nothing can be sent or received. {_AGAIN}",
    "Revoked": (
        "has lost its access token, which Facebook no longer accepts ({status_reason}). "
        f"Nothing can be sent or received. {_AGAIN}"
    ),
    "ScopesReduced": "has lost the permission {lost_scopes}. Calls that need it fail. " + _AGAIN,
    "RenewalFailed": "could not be checked {failures} times in a row. Its token is kept. See the logs.",
    "Recovered": "can be checked again.",
    "Deleted": "was deleted, with its token and everything known about it.",
}
_DATA_ACCESS_MESSAGE = (
    "loses access to the person's data on {data_access_expires_at}, and calls may fail from then on. "
    + _AGAIN
)


def _event(event_type: EventType, record: Record, more: dict[str, Any], connect_url: str) -> Event:
    detail = {
        "schema_version": SCHEMA_VERSION,
        "connection_id": record["connection_id"],
        "access_token_parameter": record["parameter_name"],
        **(metadata(record) or {}),
        **more,
    }
    is_data_access = more.get("cause") == "data-access"
    has_link = record["connection_id"] != record["user_id"]
    if event_type in NEEDS_A_PERSON and not has_link:
        detail["connect_url"] = connect_url + "?auth_type=reauthorize" * is_data_access
    words = _DATA_ACCESS_MESSAGE if is_data_access else _MESSAGES[event_type]
    again = (
        f"a new link: whatsapp-connect links create {record['connection_id']}"
        if has_link
        else "the link below"
    )
    in_words = detail | {"expires_at": detail["expires_at"] or "never", "again": again}
    if "lost_scopes" in more:
        in_words["lost_scopes"] = ", ".join(more["lost_scopes"])
    detail["message"] = f"WhatsApp connection {record['connection_id']} {words.format(**in_words)}"
    return Event(event_type, detail)


def _iso(seconds: Any) -> str | None:
    if int(seconds) == _NEVER:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
