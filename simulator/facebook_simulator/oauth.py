"""Serve the endpoints that give tokens and take them back: oauth/access_token and oauth/revoke."""

import hmac
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.answer import json_response
from facebook_simulator.caller import Caller, app_token, check_proof, identify, parameters
from facebook_simulator.death import death
from facebook_simulator.errors import GraphError
from facebook_simulator.model import App, Token
from facebook_simulator.state import State

EXTEND = "fb_exchange_token"
EXCHANGE = "authorization_code"
CLIENT_CREDENTIALS = "client_credentials"

_SIXTY_DAYS_S = 60 * 86_400


def grant_type(sent: dict[str, str]) -> str | None:
    """Return the grant type of a request to the token endpoint. A request with a code may leave it out."""
    return sent.get("grant_type") or (EXCHANGE if "code" in sent else None)


class TokenApi:
    """The views of these endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names."""
        app.add_url_rule("/oauth/access_token", "oauth/access_token", self.access_token, methods=["GET", "POST"])
        app.add_url_rule("/oauth/revoke", "oauth/revoke", self.revoke)

    def access_token(self) -> Response:
        """Exchange a code for a token, or a token for one that lasts longer, or give the app its own token."""
        if request.method == "HEAD":
            raise GraphError(errors.unsupported("HEAD", "oauth"))
        sent = parameters(request)
        kind = grant_type(sent)
        is_exchange = kind not in {EXTEND, CLIENT_CREDENTIALS}
        app = self._app(sent, needs_redirect=is_exchange and not self._state.is_sdk_code(sent.get("code", "")))
        if kind == EXTEND:
            return self._extend(app, sent)
        if kind == CLIENT_CREDENTIALS:
            return json_response({"access_token": app_token(app), "token_type": "bearer"}, g.version)
        return self._exchange(app, sent)

    def _app(self, sent: dict[str, str], *, needs_redirect: bool) -> App:
        if not sent.get("client_id"):
            raise GraphError(errors.missing_parameter("client_id"))
        app = self._state.apps.get(sent["client_id"])
        if app is None:
            raise GraphError(errors.UNKNOWN_APP)
        if needs_redirect:
            _check_redirect(sent.get("redirect_uri"))
        if not sent.get("client_secret"):
            raise GraphError(errors.missing_parameter("client_secret"))
        if not hmac.compare_digest(app.secret.encode(), sent["client_secret"].encode()):
            raise GraphError(errors.WRONG_SECRET)
        return app

    def _exchange(self, app: App, sent: dict[str, str]) -> Response:
        if not sent.get("code"):
            raise GraphError(errors.MISSING_CODE)
        token = self._state.redeem(app, sent["code"], sent.get("redirect_uri"))
        return self._token_response(token, token.issued_at, tell_expiry=self._state.settings.exchange_tells_expiry)

    def _extend(self, app: App, sent: dict[str, str]) -> Response:
        token = self._own_token(app, sent, EXTEND)
        check_proof(sent, token.value, Caller(app, None), self._state.clock.now())
        if failure := self._state.fault_of(token):
            raise GraphError(failure)
        settings = self._state.settings
        lifetime = settings.extend_lifetime
        if token.identity.type == "SYSTEM_USER":
            lifetime = (
                _SIXTY_DAYS_S if sent.get("set_token_expires_in_60_days") == "true" else settings.system_user_lifetime
            )
        extended = self._state.extend(token, lifetime=lifetime)
        since = extended.issued_at if extended != token else self._state.clock.now()
        return self._token_response(extended, since, tell_expiry=settings.extend_tells_expiry)

    def _token_response(self, token: Token, since: int, *, tell_expiry: bool) -> Response:
        body: dict[str, Any] = {"access_token": token.value, "token_type": "bearer"}
        if self._state.settings.zero_expires_in:
            body["expires_in"] = 0
        elif tell_expiry and token.expires_at:
            body["expires_in"] = token.expires_at - since
        return json_response(body, g.version)

    def revoke(self) -> Response:
        """Revoke `revoke_token`. The caller's token must belong to the same person or system user."""
        if request.method == "HEAD":
            raise GraphError(errors.unsupported("HEAD", "oauth"))
        sent = parameters(request)
        app = self._app(sent, needs_redirect=False)
        caller = identify(request, self._state)
        revoked = self._own_token(app, sent, "revoke_token")
        if caller.app.id != app.id or (caller.token and caller.token.identity.user_id != revoked.identity.user_id):
            raise GraphError(errors.NOT_A_USER_TOKEN)
        self._state.kill(death("revoked", app.id), value=revoked.value)
        return json_response({"success": True}, g.version)

    def _own_token(self, app: App, sent: dict[str, str], name: str) -> Token:
        """Return the token in a parameter. Raises GraphError if it was not made for this app."""
        value = sent.get(name)
        if not value:
            raise GraphError(errors.required(name))
        token = self._state.token(value)
        if token is None:
            raise GraphError(errors.malformed_token(value))
        if token.identity.app_id != app.id:
            raise GraphError(errors.NOT_A_USER_TOKEN)
        return token


def _check_redirect(redirect_uri: str | None) -> None:
    if not redirect_uri:
        raise GraphError(errors.missing_parameter("redirect_uri"))
    parts = urlsplit(redirect_uri)
    if not (parts.scheme and parts.netloc):
        raise GraphError(errors.RELATIVE_REDIRECT)
