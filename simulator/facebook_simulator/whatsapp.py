"""Serve the WhatsApp endpoints of the Graph API: accounts, phone numbers, subscriptions and registration."""

import base64
import binascii
import re
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.answer import json_response
from facebook_simulator.caller import Caller, identify, parameters
from facebook_simulator.errors import GraphError
from facebook_simulator.model import Token
from facebook_simulator.state import State
from facebook_simulator.world import Account, Phone

_ACCOUNT_FIELDS = ("name", "currency", "timezone_id", "message_template_namespace")
_PHONE_FIELDS = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "webhook_configuration",
)
_PAGE_ITEMS = 25
_PIN = re.compile(r"\d{6}")


class WhatsAppApi:
    """The views of the WhatsApp endpoints. They answer 401 to an invalid token; other endpoints answer 400."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names."""
        app.add_url_rule("/<int:node>", "node", self.node)
        app.add_url_rule("/<int:node>/phone_numbers", "phone_numbers", self.phone_numbers)
        app.add_url_rule(
            "/<int:node>/subscribed_apps",
            "subscribed_apps",
            self.subscribed_apps,
            methods=["GET", "POST", "DELETE"],
        )
        app.add_url_rule("/<int:node>/register", "register", self.register, methods=["POST"])

    def node(self, node: int) -> Response:
        """Show an account or a phone number."""
        token = self._caller().require_token()
        for account in self._state.accounts.values():
            for phone in account.phones:
                if phone.id == str(node):
                    self._check_access(token, account)
                    return json_response(
                        _select(_phone(phone), _PHONE_FIELDS, "WhatsAppBusinessPhoneNumber"), g.version
                    )
        account = self._account(node, token)
        return json_response(_select(_account(account), _ACCOUNT_FIELDS, "WhatsAppBusinessAccount"), g.version)

    def phone_numbers(self, node: int) -> Response:
        """List a page of an account's phone numbers. The link to the next page contains the token, as Facebook's does."""
        token = self._caller().require_token()
        phones = self._account(node, token).phones
        limit = _limit(request.args.get("limit"))
        start = _position(request.args.get("after")) + 1
        page = phones[start : start + limit]
        body: dict[str, Any] = {
            "data": [_select(_phone(phone), _PHONE_FIELDS, "WhatsAppBusinessPhoneNumber") for phone in page]
        }
        if page:
            last = start + len(page) - 1
            body["paging"] = {"cursors": {"before": _cursor(start), "after": _cursor(last)}}
            if last + 1 < len(phones):
                query = {"access_token": token.value, "limit": limit, "after": _cursor(last)}
                if "fields" in request.args:
                    query["fields"] = request.args["fields"]
                body["paging"]["next"] = f"{request.base_url}?{urlencode(query)}"
        return json_response(body, g.version)

    def subscribed_apps(self, node: int) -> Response:
        """List the apps that receive the account's webhooks. POST adds the calling app, DELETE removes it."""
        caller = self._caller()
        account = self._account(node, caller.require_token())
        subscription = (account.id, caller.app.id)
        if request.method == "POST":
            self._state.subscriptions.add(subscription)
            return json_response({"success": True}, g.version)
        if request.method == "DELETE":
            self._state.subscriptions.discard(subscription)
            return json_response({"success": True}, g.version)
        data = [
            {
                "whatsapp_business_api_data": {
                    "id": app.id,
                    "link": f"{request.host_url}games/?app_id={app.id}",
                    "name": app.name,
                }
            }
            for app in self._state.apps.values()
            if (account.id, app.id) in self._state.subscriptions
        ]
        return json_response({"data": data}, g.version)

    def register(self, node: int) -> Response:
        """Register a phone number for the Cloud API. The call needs messaging_product and a PIN of six digits."""
        token = self._caller().require_token()
        sent = parameters(request)
        for account in self._state.accounts.values():
            if any(phone.id == str(node) for phone in account.phones):
                self._check_access(token, account)
                if sent.get("messaging_product") != "whatsapp":
                    raise GraphError(errors.required("messaging_product"))
                if not _PIN.fullmatch(sent.get("pin", "")):
                    raise GraphError(errors.invalid_parameter("pin", "must be 6 characters long"))
                return json_response({"success": True}, g.version)
        raise GraphError(errors.unsupported("POST", str(node)))

    def _caller(self) -> Caller:
        try:
            return identify(request, self._state)
        except GraphError as error:
            if error.failure.code == 190:
                raise GraphError(error.failure.with_status(401)) from None
            raise

    def _account(self, node: int, token: Token) -> Account:
        account = self._state.accounts.get(str(node))
        if account is None:
            raise GraphError(errors.unsupported(request.method, str(node)))
        self._check_access(token, account)
        return account

    def _check_access(self, token: Token, account: Account) -> None:
        if account.id not in token.accounts or "whatsapp_business_management" not in token.scopes:
            raise GraphError(errors.PERMISSION_MISSING)
        if self._state.settings.data_access_expired == "permission" and self._state.data_access_ended(token):
            raise GraphError(errors.DATA_ACCESS_ENDED)


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "currency": "EUR",
        "timezone_id": "1",
        "message_template_namespace": f"namespace_{account.id}",
    }


def _phone(phone: Phone) -> dict[str, Any]:
    return {
        "id": phone.id,
        "verified_name": phone.verified_name,
        "code_verification_status": "VERIFIED",
        "display_phone_number": phone.display_phone_number,
        "quality_rating": "GREEN",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "webhook_configuration": {"application": "https://example.com/webhook"},
        "name_status": "APPROVED",
        "status": "CONNECTED",
        "messaging_limit_tier": "TIER_1K",
        "account_mode": "LIVE",
        "is_official_business_account": False,
        "is_pin_enabled": True,
    }


def _select(node: dict[str, Any], default: tuple[str, ...], node_type: str) -> dict[str, Any]:
    asked = [name for name in request.args.get("fields", "").split(",") if name] or list(default)
    for name in asked:
        if name not in node:
            raise GraphError(errors.nonexisting_field(name, node_type))
    return {name: node[name] for name in dict.fromkeys([*asked, "id"])}


def _limit(text: str | None) -> int:
    return max(1, min(int(text), 100)) if text and text.isdecimal() else _PAGE_ITEMS


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"position:{position}".encode()).decode()


def _position(cursor: str | None) -> int:
    """Return the index that a cursor points to; -1 without a cursor. Raises GraphError."""
    if not cursor:
        return -1
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("position:"))
    except (ValueError, binascii.Error):
        raise GraphError(errors.invalid_parameter("after", "is not a cursor")) from None
