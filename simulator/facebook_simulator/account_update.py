"""Make the webhooks with which Facebook tells an app about a WhatsApp account: object, entry, signature.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_update
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from facebook_simulator.model import App
from facebook_simulator.sender import Parcel

EVENTS = (
    "PARTNER_ADDED",
    "PARTNER_REMOVED",
    "PARTNER_APP_INSTALLED",
    "PARTNER_APP_UNINSTALLED",
    "ACCOUNT_DELETED",
    "DISABLED_UPDATE",
    "ACCOUNT_RESTRICTION",
    "ACCOUNT_OFFBOARDED",
    "ACCOUNT_RECONNECTED",
)

_APP_EVENTS = {"PARTNER_APP_INSTALLED", "PARTNER_APP_UNINSTALLED"}
_WITH_ACCOUNT = {*_APP_EVENTS, "PARTNER_ADDED", "PARTNER_REMOVED", "ACCOUNT_DELETED"}
_OVERSIZED_BYTES = 3 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class AccountUpdate:
    """A webhook to send. `changed` replaces fields of `value` before `variant` changes the request.

    Facebook sends it to the app's own address, also if the account has an override.
    """

    event: str
    app: App
    waba_id: str
    owner_business_id: str
    issued_at: int
    variant: str = "good"
    secret: str | None = field(default=None, repr=False)
    changed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The field of the webhook."""
        return "account_update"

    @property
    def subject(self) -> str:
        """The ID of the account."""
        return self.waba_id

    @property
    def url(self) -> str:
        """The app's address for webhooks; "" if it has none."""
        return self.app.whatsapp_webhook_url

    def payload(self) -> dict[str, Any]:
        """Return the JSON object. Where `value` names the account, the entry has another ID, as in Meta's examples."""
        value = {"event": self.event, **self._details(), **self.changed}
        entry_id = self.owner_business_id if "waba_info" in value else self.waba_id
        changes = [{"value": value, "field": "account_update"}]
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": entry_id, "time": self.issued_at, "changes": changes}],
        }

    def parcel(self) -> Parcel:
        """Return the HTTP request."""
        return pack(self.variant, self.payload(), self.app.secret if self.secret is None else self.secret)

    def _details(self) -> dict[str, Any]:
        if self.event in _WITH_ACCOUNT:
            about = {"waba_id": self.waba_id, "owner_business_id": self.owner_business_id}
            return {"waba_info": about | ({"partner_app_id": self.app.id} if self.event in _APP_EVENTS else {})}
        if self.event == "DISABLED_UPDATE":
            return {"ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "November 26, 2026"}}
        if self.event == "ACCOUNT_RESTRICTION":
            restriction = {"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": self.issued_at}
            return {"restriction_info": [restriction]}
        return {}


def pack(variant: str, payload: dict[str, Any], secret: str) -> Parcel:
    """Return a webhook request with the payload, changed or forged as `variant` says."""
    body = _BODIES.get(variant, _json)(payload)
    return Parcel("POST", "", "application/json", body, _SIGNATURES.get(variant, _signature)(body, secret))


def _json(payload: object) -> bytes:
    return json.dumps(payload, separators=(",", ":")).encode()


def _signature(body: bytes, secret: str) -> tuple[tuple[str, str], ...]:
    return (("X-Hub-Signature-256", f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"),)


def _old_signature(body: bytes, secret: str) -> tuple[tuple[str, str], ...]:
    return (("X-Hub-Signature", f"sha1={hmac.new(secret.encode(), body, 'sha1').hexdigest()}"),)


def _other_field(payload: dict[str, Any]) -> bytes:
    value = {"messaging_product": "whatsapp", "metadata": {}, "messages": []}
    entry = payload["entry"][0] | {"changes": [{"value": value, "field": "messages"}]}
    return _json(payload | {"entry": [entry]})


def _two_entries(payload: dict[str, Any]) -> bytes:
    other = {"id": "300000000000098", "time": 0, "changes": [{"value": {}, "field": "account_alerts"}]}
    return _json(payload | {"entry": [other, *payload["entry"]]})


_BODIES: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "oversized": lambda payload: _json(payload | {"filler": "x" * _OVERSIZED_BYTES}),
    "not_json": lambda _: b"object=whatsapp_business_account",
    "json_array": lambda payload: _json([payload]),
    "other_object": lambda payload: _json(payload | {"object": "page"}),
    "other_field": _other_field,
    "two_entries": _two_entries,
}
_SIGNATURES: dict[str, Callable[[bytes, str], tuple[tuple[str, str], ...]]] = {
    "unsigned": lambda _body, _secret: (),
    "bad_signature": lambda body, secret: _signature(body + b" ", secret),
    "old_signature": _old_signature,
}
WEBHOOK_VARIANTS = ("good", *_BODIES, *_SIGNATURES)
