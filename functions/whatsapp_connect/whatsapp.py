"""What the Graph API says of WhatsApp accounts and does for them: numbers, health, subscription, registration.

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from whatsapp_connect import facebook_responses
from whatsapp_connect.errors import AccountUnknownError, FacebookError
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.model import MAX_PHONE_NUMBERS, AccessToken, Condition, PhoneNumber, SyncKind

_MAX_PAGES = 20
_MAX_IDS = 200
_NUMBER_FIELDS = "id,display_phone_number,verified_name,status,platform_type,is_on_biz_app,last_onboarded_time"
_SYNC_TYPES: dict[SyncKind, str] = {"contacts": "smb_app_state_sync", "history": "history"}
_PARAMETER_REFUSED = 100
_DOES_NOT_EXIST = 33


class WhatsAppClient:
    """`deadline` is when the caller must have the answer, on the monotonic clock. Every method raises LoginError."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def phone_numbers(self, waba_id: str, token: AccessToken, *, deadline: float) -> tuple[PhoneNumber, ...]:
        """Return an account's phone numbers, at most 250. Raises AccountUnknownError if the ID is not an account."""
        try:
            items = list(
                islice(
                    self._items(f"{waba_id}/phone_numbers", token, fields=_NUMBER_FIELDS, deadline=deadline),
                    MAX_PHONE_NUMBERS,
                )
            )
        except FacebookError as error:
            if error.fields.get("facebook_code") == _PARAMETER_REFUSED:
                is_missing = error.fields.get("facebook_subcode") == _DOES_NOT_EXIST
                raise AccountUnknownError(is_missing=is_missing) from None
            raise
        return tuple(facebook_responses.phone_number(item) for item in items)

    def condition(self, waba_id: str, token: AccessToken, *, deadline: float) -> Condition:
        """Return an account's name, and whether it can send messages."""
        params = {"fields": "name,health_status", "appsecret_proof": self._graph.proof(token)}
        answer = self._graph.call("GET", waba_id, params=params, bearer=token.value, deadline=deadline, of="user")
        return facebook_responses.condition(answer)

    def is_subscribed(self, waba_id: str, token: AccessToken, *, deadline: float) -> bool:
        """Return whether our app receives an account's webhooks."""
        items = islice(self._items(f"{waba_id}/subscribed_apps", token, deadline=deadline), _MAX_IDS)
        return self._graph.app_id in map(facebook_responses.subscribed_app, items)

    def subscribe(self, waba_id: str, token: AccessToken, *, deadline: float) -> None:
        """Subscribe our app to an account's webhooks. If it is subscribed, this removes an override of its address.

        https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override/
        """
        self._post(f"{waba_id}/subscribed_apps", {}, token, deadline=deadline)

    def unsubscribe(self, waba_id: str, token: AccessToken, *, deadline: float) -> None:
        """End the subscription of our app to an account's webhooks."""
        params = {"appsecret_proof": self._graph.proof(token)}
        path = f"{waba_id}/subscribed_apps"
        self._graph.call("DELETE", path, params=params, bearer=token.value, deadline=deadline, of="user")

    def register(self, phone_number_id: str, pin: str, token: AccessToken, *, deadline: float) -> None:
        """Register a phone number for the Cloud API. Send it once: a PIN may be tried ten times in 72 hours."""
        data = {"messaging_product": "whatsapp", "pin": pin}
        self._post(f"{phone_number_id}/register", data, token, deadline=deadline)

    def start_sync(self, phone_number_id: str, kind: SyncKind, token: AccessToken, *, deadline: float) -> None:
        """Have Meta send the contacts or the history of a number of the WhatsApp Business app. Send it once.

        https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/onboarding-business-app-users
        """
        data = {"messaging_product": "whatsapp", "sync_type": _SYNC_TYPES[kind]}
        self._post(f"{phone_number_id}/smb_app_data", data, token, deadline=deadline)

    def assigned_accounts(self, token: AccessToken, *, deadline: float) -> dict[str, str]:
        """Return the names of the accounts that are assigned to a system user, by ID. None proves nothing."""
        return self._names("me/assigned_whatsapp_business_accounts", token, deadline=deadline)

    def businesses(self, token: AccessToken, *, deadline: float) -> list[str]:
        """Return the IDs of a person's businesses. Without business_management the list is empty."""
        return list(self._names("me/businesses", token, deadline=deadline))

    def owned_accounts(self, business_id: str, token: AccessToken, *, deadline: float) -> dict[str, str]:
        """Return the names of the accounts that a business owns, by ID."""
        return self._names(f"{business_id}/owned_whatsapp_business_accounts", token, deadline=deadline)

    def client_accounts(self, business_id: str, token: AccessToken, *, deadline: float) -> dict[str, str]:
        """Return the names of the accounts that others share with a business, by ID."""
        return self._names(f"{business_id}/client_whatsapp_business_accounts", token, deadline=deadline)

    def _names(self, path: str, token: AccessToken, *, deadline: float) -> dict[str, str]:
        items = islice(self._items(path, token, fields="id,name", deadline=deadline), _MAX_IDS)
        return dict(filter(None, map(facebook_responses.named_id, items)))

    def _post(self, path: str, data: dict[str, str], token: AccessToken, *, deadline: float) -> None:
        data = {**data, "appsecret_proof": self._graph.proof(token)}
        self._graph.call("POST", path, data=data, bearer=token.value, deadline=deadline, of="user")

    def _items(self, path: str, token: AccessToken, *, deadline: float, fields: str = "") -> Iterator[dict[str, Any]]:
        """Return the items of a list, page by page."""
        params = {"appsecret_proof": self._graph.proof(token)} | ({"fields": fields} if fields else {})
        for _ in range(_MAX_PAGES):
            answer = self._graph.call("GET", path, params=params, bearer=token.value, deadline=deadline, of="user")
            data = answer.get("data")
            if not isinstance(data, list):
                raise FacebookError("facebook-answer-unreadable")
            yield from (item for item in data if isinstance(item, dict))
            after = facebook_responses.next_cursor(answer)
            if after is None:
                return
            params["after"] = after
