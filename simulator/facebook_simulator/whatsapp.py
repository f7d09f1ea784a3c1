"""Serve WhatsApp accounts, their phone numbers, and single nodes."""

from flask import Flask, Response, g

from facebook_simulator.access import Access
from facebook_simulator.answer import json_response
from facebook_simulator.listing import page
from facebook_simulator.media import describe
from facebook_simulator.nodes import Nodes
from facebook_simulator.state import State


class WhatsAppApi:
    """The views of these endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._access = Access(state)
        self._nodes = Nodes(state)

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names."""
        app.add_url_rule("/<int:node>", "node", self.node)
        app.add_url_rule("/<int:node>/phone_numbers", "phone_numbers", self.phone_numbers)

    def node(self, node: int) -> Response:
        """Show an account, a phone number, a business portfolio or an uploaded file."""
        caller = self._access.caller()
        token = caller.require_token()
        if media := self._state.content.media.get(str(node)):
            self._access.phone(media.phone_id, token)
            return json_response(describe(media), g.version)
        if self._state.phone(str(node)):
            account, phone = self._access.phone(str(node), token)
            return json_response(self._nodes.phone(phone, account, caller.app.id), g.version)
        if self._access.reaches_business(str(node), token):
            business = next(one for one in self._state.businesses_of(token) if one.id == str(node))
            return json_response(self._nodes.business(business), g.version)
        return json_response(self._nodes.account(self._access.account(str(node), token), caller.app.id), g.version)

    def phone_numbers(self, node: int) -> Response:
        """List a page of an account's phone numbers."""
        caller = self._access.caller()
        token = caller.require_token()
        account = self._access.account(str(node), token, "phone_numbers")
        body = page(account.phones, lambda phone: self._nodes.phone(phone, account, caller.app.id), token.value)
        return json_response(body, g.version)
