"""Serve `register` and `deregister`, which say whether a phone number is used with the Cloud API."""

import re

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.access import Access
from facebook_simulator.answer import json_response
from facebook_simulator.caller import parameters
from facebook_simulator.errors import GraphError
from facebook_simulator.state import State

PIN = re.compile(r"\d{6}")


class RegistrationApi:
    """The views of `/{phone-number-id}/register` and `/{phone-number-id}/deregister`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._access = Access(state)

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names."""
        app.add_url_rule("/<int:node>/register", "register", self.register, methods=["POST"])
        app.add_url_rule("/<int:node>/deregister", "deregister", self.deregister, methods=["POST"])

    def register(self, node: int) -> Response:
        """Register a phone number with a PIN of six digits. The first one is kept, and later calls need the same."""
        _, phone = self._access.phone(str(node), self._access.caller().require_token())
        sent = parameters(request)
        if sent.get("messaging_product") != "whatsapp":
            raise GraphError(errors.required("messaging_product"))
        if not PIN.fullmatch(sent.get("pin", "")):
            raise GraphError(errors.invalid_parameter("pin", "must be 6 characters long"))
        self._state.register(phone.id, sent["pin"])
        return json_response({"success": True}, g.version)

    def deregister(self, node: int) -> Response:
        """End the use of a phone number with the Cloud API. Its PIN stays."""
        _, phone = self._access.phone(str(node), self._access.caller().require_token())
        self._state.deregister(phone.id)
        return json_response({"success": True}, g.version)
