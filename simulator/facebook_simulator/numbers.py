"""Serve what an app sets for a phone number: its business profile, its settings, its PIN and the address of its webhooks."""

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.access import Access
from facebook_simulator.answer import json_response
from facebook_simulator.caller import content
from facebook_simulator.errors import GraphError
from facebook_simulator.registration import PIN
from facebook_simulator.state import State
from facebook_simulator.webhook import verification_problem

_PROFILE = ("about", "address", "description", "email", "profile_picture_url", "websites", "vertical")


class NumberApi:
    """The views of these endpoints. They store what is sent and check little of it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._access = Access(state)

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names."""
        app.add_url_rule("/<int:node>/whatsapp_business_profile", "profile", self.profile, methods=["GET", "POST"])
        app.add_url_rule("/<int:node>/settings", "settings", self.settings, methods=["GET", "POST"])
        app.add_url_rule("/<int:node>", "node/change", self.change, methods=["POST"])

    def profile(self, node: int) -> Response:
        """Show or change the business profile."""
        phone_id = self._phone(node)
        stored = self._state.content.profiles.setdefault(phone_id, {"about": "Hello", "vertical": "OTHER"})
        if request.method == "POST":
            sent = content(request)
            if sent.get("messaging_product") != "whatsapp":
                raise GraphError(errors.required("messaging_product"))
            stored |= {name: sent[name] for name in _PROFILE if name in sent}
            return json_response({"success": True}, g.version)
        asked = [name for name in request.args.get("fields", "").split(",") if name]
        for name in asked:
            if name not in {*_PROFILE, "messaging_product", "id"}:
                raise GraphError(errors.nonexisting_field(name, "WhatsAppBusinessProfile"))
        shown = {name: value for name, value in stored.items() if not asked or name in asked}
        return json_response({"data": [shown | {"messaging_product": "whatsapp"}]}, g.version)

    def settings(self, node: int) -> Response:
        """Show or change the settings of a phone number."""
        phone_id = self._phone(node)
        stored = self._state.content.settings.setdefault(phone_id, {"calling": {"status": "DISABLED"}})
        if request.method == "POST":
            stored |= content(request)
            return json_response({"success": True}, g.version)
        return json_response(stored, g.version)

    def change(self, node: int) -> Response:
        """Change the PIN of a phone number, or the address of its webhooks. An empty address removes it."""
        phone_id = self._phone(node)
        sent = content(request)
        if "pin" in sent:
            if not PIN.fullmatch(str(sent["pin"])):
                raise GraphError(errors.invalid_parameter("pin", "must be 6 characters long"))
            self._state.change_phone(phone_id, pin=str(sent["pin"]))
        webhook = sent.get("webhook_configuration")
        if isinstance(webhook, dict):
            url = str(webhook.get("override_callback_uri", ""))
            if url and (problem := verification_problem(url, str(webhook.get("verify_token", "")))):
                raise GraphError(errors.unverified_callback(problem))
            self._state.content.webhooks[phone_id] = url
        return json_response({"success": True}, g.version)

    def _phone(self, node: int) -> str:
        _, phone = self._access.phone(str(node), self._access.caller().require_token())
        return phone.id
