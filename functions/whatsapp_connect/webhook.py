"""Meta's webhooks about WhatsApp accounts. They are read only after their signature is verified.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_update
"""

import hmac
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from whatsapp_connect.errors import WebhookRefusedError

SOURCE = "whatsapp-connect.webhook"
"""Not that of the stack's own events: rules for those must not get customers' messages."""
EVENT_TYPE = "WhatsAppWebhook"

_OBJECT = "whatsapp_business_account"
_SIGNATURE = re.compile("sha256=([0-9a-f]{64})")
_CHALLENGE = re.compile("[A-Za-z0-9_-]{1,200}")
_ID = re.compile("[0-9]{1,32}")
_FIELD = re.compile("[a-z_]{1,64}")
_EVENT = re.compile("[A-Z_]{1,64}")
_MAX_PARAMETERS = 20
_LISTS: dict[str, tuple[str, ...]] = {
    "history": ("history", "threads", "messages"),
    "smb_app_state_sync": ("state_sync",),
}
"""Where the messages and the contacts of a number of the WhatsApp Business app are.
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/history"""


@dataclass(frozen=True, slots=True)
class Change:
    waba_id: str
    """The account that it is about; "" if that is not said."""
    field: str
    """Facebook's word for the kind of change, or "" if it is not a word."""
    value: Any

    @property
    def is_account_update(self) -> bool:
        return self.field == "account_update" and self.waba_id != ""

    @property
    def business_id(self) -> str:
        """The business that owns the account, or "" if that is not said."""
        return _id(_account_info(self.value).get("owner_business_id"))

    @property
    def event(self) -> str:
        """Facebook's word for what has happened to the account, or ""."""
        event = self.value.get("event") if isinstance(self.value, dict) else None
        return event if isinstance(event, str) and _EVENT.fullmatch(event) else ""

    def details(self, *, stack: str, max_bytes: int) -> list[dict[str, Any]]:
        """Return the details of events for EventBridge.

        A history is sent once for ever, so it becomes as many events as it needs to be no larger than `max_bytes`. Each has
        some of the messages, and everything else. What cannot be divided further stays larger.
        """
        detail = {"stack": stack, "waba_id": self.waba_id, "field": self.field, "value": self.value}
        if self.field in _LISTS and len(json.dumps(detail)) > max_bytes:
            halves = _halves(self.value, _LISTS[self.field])
            return [
                part for half in halves for part in replace(self, value=half).details(stack=stack, max_bytes=max_bytes)
            ] or [detail]
        return [detail]


def _halves(value: Any, names: tuple[str, ...]) -> list[Any]:
    """Return two values that have half of a value's innermost lists each, or none if there is nothing to halve.

    `names` has the list, and the list in each of its items.
    """
    name, *inner = names
    items = value.get(name) if isinstance(value, dict) else None
    if not isinstance(items, list) or not items:
        return []
    if len(items) > 1:
        middle = len(items) // 2
        return [{**value, name: items[:middle]}, {**value, name: items[middle:]}]
    return [{**value, name: [half]} for half in _halves(items[0], tuple(inner))] if inner else []


def challenge(raw_query: str, *, verify_token: str) -> str:
    """Return the challenge that Meta wants repeated. Raises WebhookRefusedError."""
    try:
        sent = dict(parse_qsl(raw_query, max_num_fields=_MAX_PARAMETERS))
    except ValueError:
        sent = {}
    text = sent.get("hub.challenge", "")
    if sent.get("hub.mode") != "subscribe" or not _CHALLENGE.fullmatch(text):
        raise WebhookRefusedError("request-malformed")
    if not hmac.compare_digest(sent.get("hub.verify_token", "").encode(), verify_token.encode()):
        raise WebhookRefusedError("verify-token-wrong")
    return text


def verify(body: bytes, signature: str, *, app_secrets: Iterable[str]) -> None:
    """Return if the body is signed with one of the app secrets. Raises WebhookRefusedError."""
    found = _SIGNATURE.fullmatch(signature)
    if not found:
        raise WebhookRefusedError("signature-missing")
    is_signed = False
    for secret in app_secrets:  # all of them, so that the time taken reveals nothing
        is_signed |= hmac.compare_digest(hmac.digest(secret.encode(), body, "sha256").hex(), found[1])
    if not is_signed:
        raise WebhookRefusedError("signature-wrong")


def changes(body: bytes) -> list[Change] | None:
    """Return the changes in a webhook about WhatsApp accounts, or None if it is something else."""
    try:
        payload = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(payload, dict) or payload.get("object") != _OBJECT or not isinstance(payload.get("entry"), list):
        return None
    return list(_changes(payload["entry"]))


def _changes(entries: list[Any]) -> Iterator[Change]:
    for entry in entries:
        items = entry.get("changes") if isinstance(entry, dict) else None
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict):
                field, value = item.get("field"), item.get("value")
                word = field if isinstance(field, str) and _FIELD.fullmatch(field) else ""
                yield Change(_waba_id(value) or _id(entry.get("id")), word, value)


def _waba_id(value: object) -> str:
    """Return the account that a value names, or "". Where it does, the entry has another ID."""
    return _id(_account_info(value).get("waba_id"))


def _account_info(value: object) -> dict[str, Any]:
    about = value.get("waba_info") if isinstance(value, dict) else None
    return about if isinstance(about, dict) else {}


def _refuse(_: str) -> NoReturn:
    """Refuse NaN and Infinity. They are not JSON, and EventBridge would refuse them later."""
    raise ValueError


def _id(value: object) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else ""
