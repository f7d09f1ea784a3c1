"""Meta's webhooks about WhatsApp accounts. They are read only after their signature is verified.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_update
"""

import hmac
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
_MAX_PARAMETERS = 20


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

    def detail(self, *, stack: str) -> dict[str, Any]:
        """Return the detail of an event for EventBridge."""
        return {"stack": stack, "waba_id": self.waba_id, "field": self.field, "value": self.value}


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
    about = value.get("waba_info") if isinstance(value, dict) else None
    return _id(about.get("waba_id")) if isinstance(about, dict) else ""


def _refuse(_: str) -> NoReturn:
    """Refuse NaN and Infinity. They are not JSON, and EventBridge would refuse them later."""
    raise ValueError


def _id(value: object) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _ID.fullmatch(text) else ""
