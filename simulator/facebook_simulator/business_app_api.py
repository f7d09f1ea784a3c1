"""Serve `smb_app_data`, which starts the synchronization of a number of the WhatsApp Business app, and its controls."""

import secrets
from dataclasses import asdict

from flask import Flask, Response, g, jsonify, request

from facebook_simulator import errors
from facebook_simulator.access import Access
from facebook_simulator.answer import json_response
from facebook_simulator.body import read, reject
from facebook_simulator.business_app import SYNC_TYPES, BusinessApp
from facebook_simulator.caller import parameters
from facebook_simulator.errors import GraphError
from facebook_simulator.state import State


class BusinessAppApi:
    """The views of `/{phone-number-id}/smb_app_data` and of the control endpoint `message-echo`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._access = Access(state)
        self._app = BusinessApp(state)

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use the endpoint name "smb_app_data"."""
        app.add_url_rule("/<int:node>/smb_app_data", "smb_app_data", self.smb_app_data, methods=["POST"])
        app.add_url_rule("/_control/message-echo", "control/message-echo", self.message_echo, methods=["POST"])

    def smb_app_data(self, node: int) -> Response:
        """Start a synchronization. The answer comes before the webhooks, which only subscribed apps get."""
        account, phone = self._access.phone(str(node), self._access.caller().require_token())
        sent = parameters(request)
        if sent.get("messaging_product") != "whatsapp":
            raise GraphError(errors.required("messaging_product"))
        sync_type = sent.get("sync_type", "")
        if sync_type not in SYNC_TYPES:
            raise GraphError(errors.invalid_parameter("sync_type", f"must be one of {', '.join(SYNC_TYPES)}"))
        self._state.start_sync(phone, sync_type)
        self._app.sync(sync_type, account, phone)
        return json_response({"messaging_product": "whatsapp", "request_id": secrets.token_hex(8)}, g.version)

    def message_echo(self) -> Response:
        """Write a message in the WhatsApp Business app. The subscribed apps get it as a webhook."""
        sent = read({"id", "to", "text"})
        account, phone = self._state.phone(sent.get("id", "")) or reject(f"id: there is no number {sent.get('id')!r}")
        webhooks = self._app.write(account, phone, str(sent.get("to", "12025550180")), str(sent.get("text", "Hello")))
        return jsonify({"deliveries": [asdict(self._state.outbox.send(one)) for one in webhooks]})
