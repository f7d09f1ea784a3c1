"""Serve `system_user_access_tokens`, with which an app fetches the token of a client business again."""

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.answer import json_response
from facebook_simulator.caller import Caller, identify, parameters
from facebook_simulator.errors import GraphError
from facebook_simulator.model import Token
from facebook_simulator.state import State


class SystemUserTokenApi:
    """The view of `/{client-business-id}/system_user_access_tokens`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the route. Faults use its endpoint name."""
        name = "system_user_access_tokens"
        app.add_url_rule(f"/<int:business>/{name}", name, self.fetch, methods=["POST"])

    def fetch(self, business: int) -> Response:
        """Return the token of the client's system user; with `fetch_only` an existing one, else a new one.

        The caller is a system user with business_management. It has to send appsecret_proof.
        """
        caller = identify(request, self._state)
        token = caller.require_token()
        sent = parameters(request)
        if "appsecret_proof" not in sent:
            raise GraphError(errors.PROOF_MISSING)
        if token.identity.type != "SYSTEM_USER" or "business_management" not in token.scopes:
            raise GraphError(errors.BUSINESS_PERMISSION_MISSING)
        known = self._newest(caller, str(business))
        if known is None:
            raise GraphError(errors.unsupported("POST", str(business)))
        if sent.get("fetch_only", "").lower() not in {"true", "1"}:
            known = self._state.issue_token(
                known.identity, known.scopes, known.accounts, lifetime=self._state.settings.system_user_lifetime
            )
        return json_response({"access_token": known.value}, g.version)

    def _newest(self, caller: Caller, business_id: str) -> Token | None:
        """Return the newest valid token of the client's system user for the caller's app.

        If the code of a sign-up was never exchanged, the token is made here.
        """
        for identity in self._state.identities():
            if identity.business_id == business_id and identity.app_id == caller.app.id:
                tokens = self._state.tokens(identity)
                grant = self._state.grant_of(identity)
                if not tokens and grant.granted:
                    lifetime = self._state.settings.system_user_lifetime
                    scopes = tuple(sorted(grant.granted))
                    return self._state.issue_token(identity, scopes, grant.accounts, lifetime=lifetime)
                return next((one for one in tokens if not self._state.fault_of(one)), None)
        return None
