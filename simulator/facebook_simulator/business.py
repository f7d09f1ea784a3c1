"""Serve the endpoints that list business portfolios and the WhatsApp accounts of one."""

from flask import Flask, Response, g

from facebook_simulator import errors
from facebook_simulator.access import Access
from facebook_simulator.answer import json_response
from facebook_simulator.caller import Caller
from facebook_simulator.errors import GraphError
from facebook_simulator.listing import page
from facebook_simulator.model import Token
from facebook_simulator.nodes import Nodes
from facebook_simulator.state import State
from facebook_simulator.world import Account

ASSIGNED = "assigned_whatsapp_business_accounts"
OWNED = "owned_whatsapp_business_accounts"
CLIENTS = "client_whatsapp_business_accounts"


class BusinessApi:
    """The views of these endpoints. All but the first need business_management."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._access = Access(state)
        self._nodes = Nodes(state)

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names."""
        app.add_url_rule(f"/me/{ASSIGNED}", ASSIGNED, self.assigned)
        app.add_url_rule(f"/<int:node>/{ASSIGNED}", ASSIGNED, self.assigned)
        app.add_url_rule("/me/businesses", "me/businesses", self.businesses)
        app.add_url_rule(f"/<int:node>/{OWNED}", OWNED, self.owned)
        app.add_url_rule(f"/<int:node>/{CLIENTS}", CLIENTS, self.clients)

    def assigned(self, node: int | None = None) -> Response:
        """List the accounts assigned to a system user. By default the list is empty, even if the token reaches some."""
        caller = self._access.caller()
        token = caller.require_token()
        if node is not None and str(node) != token.identity.user_id:
            raise GraphError(errors.unsupported("GET", str(node)))
        if token.identity.type != "SYSTEM_USER":
            raise GraphError(errors.nonexisting_field(ASSIGNED, "User"))
        has_list = self._state.settings.assigned_accounts == "listed"
        return self._list(self._reached(token) if has_list else [], caller)

    def businesses(self) -> Response:
        """List the portfolios of a person, or the one of a system user."""
        token = self._access.caller().require_token()
        found = self._state.businesses_of(token) if self._may_list(token) else ()
        return json_response(page(found, self._nodes.business, token.value), g.version)

    def owned(self, node: int) -> Response:
        """List the accounts that a portfolio owns and the token reaches."""
        return self._of_business(str(node), OWNED)

    def clients(self, node: int) -> Response:
        """List the accounts that others have shared with a portfolio and the token reaches."""
        return self._of_business(str(node), CLIENTS)

    def _of_business(self, node: str, edge: str) -> Response:
        caller = self._access.caller()
        token = caller.require_token()
        if node in self._state.accounts and node in token.accounts:
            raise GraphError(errors.nonexisting_field(edge, "WhatsAppBusinessAccount"))
        business = next((one for one in self._state.businesses_of(token) if one.id == node), None)
        if business is None:
            raise GraphError(errors.unsupported("GET", node))
        if not self._may_list(token):
            return self._list([], caller)
        accounts = business.accounts if edge == OWNED else business.client_accounts
        return self._list([one for one in accounts if one.id in token.accounts], caller)

    def _may_list(self, token: Token) -> bool:
        """Return whether the token may list portfolios. If not, Facebook answers an empty list or a refusal."""
        if "business_management" in token.scopes:
            return True
        if self._state.settings.businesses_without_permission == "refused":
            raise GraphError(errors.BUSINESS_PERMISSION_MISSING)
        return False

    def _reached(self, token: Token) -> list[Account]:
        return [self._state.accounts[one] for one in token.accounts if one in self._state.accounts]

    def _list(self, accounts: list[Account], caller: Caller) -> Response:
        value = caller.require_token().value
        body = page(accounts, lambda account: self._nodes.account(account, caller.app.id), value)
        return json_response(body, g.version)
