"""The metadata parameter and the events of a connection. Neither holds a secret. Pure."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from whatsapp_connect.model import (
    MAX_SENT_EVENTS,
    MAX_UNSENT_EVENTS,
    NEVER,
    NO_ANSWER,
    ConnectionRecord,
    EventType,
    HistoryEvent,
    PhoneNumber,
    Sync,
)

SOURCE = "whatsapp-connect"
SCHEMA_VERSION = 1
NEEDS_A_PERSON = frozenset(
    {
        "Expiring",
        "Expired",
        "Revoked",
        "ScopesReduced",
        "AccountsLost",
        "OnboardingFailed",
        "SyncFailed",
        "DataAccessEnded",
        "CheckFailed",
    }
)
"""Events that are mailed to operators."""
_LISTS = (
    "lost_scopes",
    "added_waba_ids",
    "lost_waba_ids",
    "subscribed_waba_ids",
    "registered_phone_number_ids",
    "failed_waba_ids",
    "failed_phone_number_ids",
)
"""Facts that are lists. A record holds them as text."""
MAX_METADATA_BYTES = 8192
"""What Parameter Store takes."""


def add_event(record: ConnectionRecord, kind: EventType, *, now: float, **facts: str | int | None) -> ConnectionRecord:
    """Return the record with one more event in its history. Sent events before the last 20 are dropped.

    `facts` are true at this moment only. The status and the end of the token are added.
    """
    last = record.history[-1].sequence if record.history else record.published.last_sent
    # No number is used twice, even if the table is restored from an earlier time.
    sequence = max(last + 1, int(now * 1000))
    moment: dict[str, str | int | None] = {
        "status": record.status,
        "status_reason": record.status_reason,
        "expires_at": record.token_expires_at,
        **facts,
    }
    sent = [event for event in record.history if event.sequence <= record.published.last_sent]
    kept = sent[-MAX_SENT_EVENTS:] + list(unsent(record))[-MAX_UNSENT_EVENTS + 1 :]
    return replace(record, history=(*kept, HistoryEvent(sequence, kind, int(now), moment)))


def unsent(record: ConnectionRecord) -> tuple[HistoryEvent, ...]:
    """Return the events that were not sent yet, oldest first."""
    return tuple(event for event in record.history if event.sequence > record.published.last_sent)


def metadata(record: ConnectionRecord) -> dict[str, Any]:
    """Return the metadata of a connection.

    Times are ISO 8601 in UTC, or null: `expires_at` is null for a token that does not expire. If they exceed 8 KB, the
    last items of the longest lists are left out, and `truncated` is true.
    """
    known: dict[str, Any] = {
        "user_id": record.user_id,
        "token_type": record.token_type,
        "token_version": record.published.version,
        "issued_at": iso(record.issued_at),
        "expires_at": iso(record.token_expires_at),
        "data_access_expires_at": iso(record.data_access_expires_at),
        "scopes": list(record.scopes),
        "waba_ids": list(record.waba_ids),
        "phone_numbers": [
            {
                "id": number.id,
                "display_phone_number": number.display_phone_number,
                "verified_name": number.verified_name,
                "waba_id": account.id,
                "status": number.status,
                "registered": number.registered,
                **_business_app(number),
            }
            for account in record.proven_accounts
            for number in account.numbers
        ],
        "accounts": [
            {
                "id": account.id,
                "name": account.name,
                "subscribed": account.subscribed,
                "can_send": account.can_send,
                "problem_code": account.problem_code,
            }
            for account in record.proven_accounts
        ],
        "usable": record.is_usable,
        "status": record.status,
        "status_reason": record.status_reason,
        "graph_version": record.graph_version,
        "label": record.label,
        "tags": dict(record.tags),
        "language": record.language,
        "truncated": record.is_truncated,
    }
    excess = len(parameter_text(known)) - MAX_METADATA_BYTES
    lists = ("phone_numbers", "accounts", "waba_ids", "scopes")
    sizes = {name: [len(parameter_text(item)) + len(", ") for item in known[name]] for name in lists}
    while excess > 0:
        longest = max(lists, key=lambda name: sum(sizes[name]))
        known[longest].pop()
        excess -= sizes[longest].pop()
        known["truncated"] = True
    return known


def _business_app(number: PhoneNumber) -> dict[str, Any]:
    """Return what has become of contacts and history of a number of the WhatsApp Business app; nothing for others."""
    if not number.is_on_biz_app:
        return {}
    return {"business_app": {"contacts": _outcome(number.contacts), "history": _outcome(number.history)}}


def _outcome(sync: Sync) -> str:
    if not sync.asked_at:
        return ""
    return {0: "started", NO_ANSWER: "unanswered"}.get(sync.code, "refused")


def parameter_text(value: Any) -> str:
    """Return JSON that Parameter Store accepts as a parameter's value.

    Parameter Store refuses text in double brackets, and a business may be called `{{summer}} sale`. In JSON, "{{" occurs
    only in strings, where a bracket can also be written as an escape sequence.
    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    return json.dumps(value).replace("{{", r"\u007b\u007b")


def detail(
    record: ConnectionRecord,
    event: HistoryEvent,
    *,
    stack: str,
    parameter_name: str,
    reconnect_url: str,
    service_name: str,
) -> dict[str, Any]:
    """Return the detail of an event for EventBridge.

    `reconnect_url` is where the person can connect again, or "". `service_name` is who they know the stack as, or "".
    """
    facts = dict(event.facts)
    ends_at = int(facts.pop("expires_at", None) or NEVER)
    is_data_access = facts.get("cause") == "data-access" or event.type == "DataAccessEnded"
    known: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "event_id": f"{record.connection_id}-{event.sequence}",
        "stack": stack,
        "connection_id": record.connection_id,
        "access_token_parameter": parameter_name,
    }
    # The label is isolated, so that a name from right to left does not turn the sentence around.
    label = f" (\u2066{record.label}\u2069)" if record.label else ""
    subject = f"{f'{service_name}: ' if service_name else ''}WhatsApp connection {record.connection_id}{label}"
    if event.type == "Deleted":
        return known | facts | {"message": f"{subject} {_MESSAGES[event.type]}"}
    known |= metadata(record) | facts | {"expires_at": iso(ends_at)}
    for name in _LISTS:
        if name in facts:
            known[name] = str(facts[name]).split()
    if event.type in NEEDS_A_PERSON and reconnect_url:
        known["reconnect_url"] = reconnect_url + "?auth_type=reauthorize" * is_data_access
    words = _DATA_ACCESS_MESSAGE if facts.get("cause") == "data-access" else _MESSAGES[event.type]
    in_words = known | {
        "expires_at": known["expires_at"] or "never",
        "again": f"send the customer this address: {known['reconnect_url']}"
        if "reconnect_url" in known
        else f"create a new link: whatsapp-connect links create {record.connection_id}",
    }
    in_words |= {name: ", ".join(known[name]) for name in _LISTS if name in facts}
    if event.type == "Onboarded":
        done = {
            "the app is subscribed to {}": known["subscribed_waba_ids"],
            "registered phone numbers: {}": known["registered_phone_number_ids"],
        }
        in_words["done"] = "; ".join(text.format(", ".join(ids)) for text, ids in done.items() if ids)
    if event.type == "OnboardingFailed":
        in_words["failed"] = ", ".join(known["failed_waba_ids"] + known["failed_phone_number_ids"])
    if event.type in {"OnboardingFailed", "SyncFailed"}:
        code = facts["facebook_code"]
        in_words["code"] = f"Facebook's code {code}" if code is not None else "no answer"
    known["message"] = f"{subject} {words.format(**in_words)}"
    return known


_AGAIN = "To connect it again, {again}"
_OTHERWISE = "If that does not help, {again}"
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
    "OwnerChanged": "now belongs to another Facebook account. Its new token follows within a minute.",
    "ScopesReduced": "has lost the permission {lost_scopes}. Calls that need it fail. " + _AGAIN,
    "AccountsChanged": "has other WhatsApp accounts than before.",
    "AccountsLost": (
        "has lost its last WhatsApp account: Facebook says that it does not exist for the token. "
        f"Nothing can be sent or received. {_AGAIN}"
    ),
    "Onboarded": "was set up: {done}.",
    "OnboardingFailed": (
        "was not set up for {failed} ({code}). Until it is, messages may not be sent or received. To see what to do:"
        f" whatsapp-connect connections accounts {{connection_id}}. {_OTHERWISE}"
    ),
    "SyncStarted": (
        "gets the {sync} that the number {phone_number_id} has in the WhatsApp Business app. Meta sends them as webhooks."
    ),
    "SyncFailed": (
        "does not get the {sync} that the number {phone_number_id} has in the WhatsApp Business app ({code}). Meta sends"
        " them only within 24 hours of the sign-up. To ask again: whatsapp-connect numbers sync {connection_id}"
        f" {{phone_number_id}}. {_OTHERWISE}"
    ),
    "DataAccessEnded": f"has lost access to the person's data, after 90 days. Calls may fail. {_AGAIN}",
    "CheckFailed": f"could not be checked {{failures}} times in a row. Its token is kept. See the logs. {_OTHERWISE}",
    "Recovered": "can be checked again.",
    "Deleted": "was deleted, with its token and everything known about it.",
}
_DATA_ACCESS_MESSAGE = (
    "loses access to the person's data on {data_access_expires_at}, and calls may fail from then on. " + _AGAIN
)


def iso(seconds: int) -> str | None:
    """Return epoch seconds as ISO 8601 in UTC, or None for a token that does not expire."""
    if seconds == NEVER:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
