"""Make the webhooks about a number that a business uses in the WhatsApp Business app, too: contacts, chats, new messages.

https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/onboarding-business-app-users
https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/history
"""

import base64
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from facebook_simulator.account_update import pack
from facebook_simulator.model import App
from facebook_simulator.sender import Parcel
from facebook_simulator.state import State
from facebook_simulator.world import Account, Phone

CONTACTS = "smb_app_state_sync"
HISTORY = "history"
ECHOES = "smb_message_echoes"
SYNC_TYPES = (CONTACTS, HISTORY)

_CUSTOMERS = ("12025550180", "12025550181")
_DAY_S = 86_400
# The days before the sign-up that a phase is about, and how much of the history has been sent with it.
_PHASES = ((0, 55), (30, 80), (120, 100))
_NOT_SHARED = "History sync is turned off by the business from the WhatsApp Business App"


@dataclass(frozen=True, slots=True)
class PhoneWebhook:
    """A webhook about a phone number. `kind` is its field."""

    kind: str
    url: str
    app: App
    account: Account
    phone: Phone
    details: dict[str, Any] = field(repr=False)
    variant: str = "good"

    @property
    def subject(self) -> str:
        """The ID of the phone number."""
        return self.phone.id

    def parcel(self) -> Parcel:
        """Return the HTTP request."""
        metadata = {"display_phone_number": _digits(self.phone), "phone_number_id": self.phone.id}
        value = {"messaging_product": "whatsapp", "metadata": metadata, **self.details}
        entry = {"id": self.account.id, "changes": [{"value": value, "field": self.kind}]}
        return pack(self.variant, {"object": "whatsapp_business_account", "entry": [entry]}, self.app.secret)


class BusinessApp:
    """The WhatsApp Business app on the phone of a business. It tells the apps that are subscribed to the account."""

    def __init__(self, state: State) -> None:
        self._state = state

    def sync(self, sync_type: str, account: Account, phone: Phone) -> None:
        """Send the contacts or the chats in the background."""
        details = [self._contacts()] if sync_type == CONTACTS else self._history(phone)
        for app in self._subscribed(account):
            self._state.outbox.send_later(*(self._webhook(sync_type, app, account, phone, one) for one in details))

    def write(self, account: Account, phone: Phone, to: str, text: str) -> list[PhoneWebhook]:
        """Return the webhooks about a message that the business has written in the app."""
        echo = {
            "from": _digits(phone),
            "to": to,
            "id": _message_id(),
            "timestamp": str(self._state.clock.now()),
            "type": "text",
            "text": {"body": text},
        }
        details = {"message_echoes": [echo]}
        return [self._webhook(ECHOES, app, account, phone, details) for app in self._subscribed(account)]

    def _subscribed(self, account: Account) -> list[App]:
        """Return the subscribed apps that have an address."""
        apps = self._state.apps.values()
        subscribed = [app for app in apps if (account.id, app.id) in self._state.subscriptions]
        return [app for app in subscribed if self._state.override_of(account, app.id) or app.whatsapp_webhook_url]

    def _webhook(self, kind: str, app: App, account: Account, phone: Phone, details: dict[str, Any]) -> PhoneWebhook:
        own = self._state.content.webhooks.get(phone.id)
        url = own or self._state.override_of(account, app.id) or app.whatsapp_webhook_url
        return PhoneWebhook(kind, url, app, account, phone, details)

    def _contacts(self) -> dict[str, Any]:
        now = str(self._state.clock.now())
        return {
            "state_sync": [
                {
                    "type": "contact",
                    "contact": {"full_name": f"Customer {number}", "first_name": "Customer", "phone_number": customer},
                    "action": "add",
                    "metadata": {"timestamp": now},
                }
                for number, customer in enumerate(_CUSTOMERS, 1)
            ]
        }

    def _history(self, phone: Phone) -> list[dict[str, Any]]:
        """Return the chunks in the order of sending, or the error of a business that shares no chats."""
        if not phone.shares_history:
            error = {
                "code": 2593109,
                "title": _NOT_SHARED,
                "message": _NOT_SHARED,
                "error_data": {"details": "History sharing is turned off by the business"},
            }
            return [{"history": [{"errors": [error]}]}]
        placeholder = self._old_message(phone, 0, 0) | {"type": "media_placeholder"}
        del placeholder["text"]
        chunks = []
        for phase, (days, progress) in enumerate(_PHASES):
            messages = [self._old_message(phone, days, index) for index in range(self._state.settings.history_messages)]
            if phase == 0:
                messages.append(placeholder)
            metadata = {"phase": phase, "chunk_order": 1, "progress": progress}
            threads = [{"id": _CUSTOMERS[0], "messages": messages}]
            chunks.append({"history": [{"metadata": metadata, "threads": threads}]})
        image = {"mime_type": "image/jpeg", "sha256": secrets.token_hex(32), "id": str(secrets.randbelow(10**16))}
        kept = {name: placeholder[name] for name in ("from", "id", "timestamp")}
        chunks.insert(1, {"messages": [kept | {"type": "image", "image": image}]})
        return chunks

    def _old_message(self, phone: Phone, days: int, index: int) -> dict[str, Any]:
        from_customer = index % 2 == 1
        return {
            "from": _CUSTOMERS[0] if from_customer else _digits(phone),
            "id": _message_id(),
            "timestamp": str(self._state.clock.now() - days * _DAY_S - 60 * (index + 1)),
            "type": "text",
            "text": {"body": "Thank you!" if from_customer else "Your order is ready."},
            "history_context": {"status": "READ"},
        }


def _digits(phone: Phone) -> str:
    return re.sub(r"\D", "", phone.display_phone_number)


def _message_id() -> str:
    return f"wamid.{base64.b64encode(secrets.token_bytes(42)).decode()}"
