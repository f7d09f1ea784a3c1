"""Serve the endpoints of the Graph API that are not about WhatsApp: oauth/access_token, oauth/revoke, debug_token, me."""

import hmac
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.answer import json_response
from facebook_simulator.caller import Caller, check_proof, identify, is_app_token, parameters
from facebook_simulator.death import death
from facebook_simulator.errors import GraphError, GraphFailure
from facebook_simulator.model import WHATSAPP_SCOPES, App, Token
from facebook_simulator.state import State

EXTEND = "fb_exchange_token"
EXCHANGE = "authorization_code"

_SIXTY_DAYS_S = 60 * 86_400
_ASSET_SCOPES = frozenset({*WHATSAPP_SCOPES, "whatsapp_business_manage_events"})


def grant_type(sent: dict[str, str]) -> str | None:
    """Return the grant type of a request to the token endpoint. A request with a code may leave it out."""
    return sent.get("grant_type") or (EXCHANGE if "code" in sent else None)


class GraphApi:
    """The views of these endpoints."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names."""
        app.add_url_rule("/oauth/access_token", "oauth/access_token", self.access_token, methods=["GET", "POST"])
        app.add_url_rule("/oauth/revoke", "oauth/revoke", self.revoke)
        app.add_url_rule("/debug_token", "debug_token", self.debug_token)
        app.add_url_rule("/me", "me", self.me)

    def access_token(self) -> Response:
        """Exchange a code for a token, or a token for one that lasts longer."""
        if request.method == "HEAD":
            raise GraphError(errors.unsupported("HEAD", "oauth"))
        sent = parameters(request)
        app = self._app(sent, needs_redirect=grant_type(sent) != EXTEND)
        if grant_type(sent) == EXTEND:
            return self._extend(app, sent)
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
        token = self._state.redeem(app, sent["code"], sent["redirect_uri"])
        return _token_response(token, token.issued_at, tell_expiry=self._state.settings.exchange_tells_expiry)

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
        return _token_response(extended, since, tell_expiry=settings.extend_tells_expiry)

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

    def debug_token(self) -> Response:
        """Show what Facebook knows about a token. The answer for an invalid token is not an error."""
        viewer = identify(request, self._state)
        if viewer.token and viewer.token.identity.user_id not in viewer.app.roles:
            raise GraphError(errors.NOT_A_DEVELOPER)
        value = request.args.get("input_token")
        if not value:
            raise GraphError(errors.required("input_token"))
        token = self._state.token(value)
        if token is None and is_app_token(value, viewer.app):
            data = {
                "app_id": viewer.app.id,
                "type": "APP",
                "application": viewer.app.name,
                "is_valid": True,
                "scopes": [],
            }
        elif token is None:
            data = {"error": _debug_error(errors.malformed_token(value)), "is_valid": False, "scopes": []}
        elif token.identity.app_id != viewer.app.id:
            raise GraphError(errors.FOREIGN_TOKEN)
        else:
            data = self._state.distortion.apply(self._inspect(token, viewer.app))
        return json_response({"data": data}, g.version)

    def _inspect(self, token: Token, app: App) -> dict[str, Any]:
        failure = self._state.fault_of(token)
        data: dict[str, Any] = {
            "app_id": app.id,
            "type": token.identity.type,
            "application": app.name,
            "data_access_expires_at": self._state.data_access_expires_at(token),
        }
        if failure:
            data["error"] = _debug_error(failure)
        data |= {"expires_at": token.expires_at, "is_valid": failure is None}
        if token.long_lived:
            data["issued_at"] = token.issued_at
        return data | {
            "scopes": list(token.scopes),
            "granular_scopes": [_granular(scope, token) for scope in token.scopes],
            "user_id": token.identity.user_id,
        }

    def me(self) -> Response:
        """Show the person or system user to whom the token belongs."""
        identity = identify(request, self._state).require_token().identity
        fields: dict[str, str] = {"id": identity.user_id, "name": identity.name}
        if identity.business_id:
            fields["client_business_id"] = identity.business_id
        asked = [name for name in request.args.get("fields", "name").split(",") if name]
        for name in asked:
            if name not in fields:
                raise GraphError(errors.nonexisting_field(name, "User"))
        return json_response({name: fields[name] for name in dict.fromkeys([*asked, "id"])}, g.version)


def _token_response(token: Token, since: int, *, tell_expiry: bool) -> Response:
    body: dict[str, Any] = {"access_token": token.value, "token_type": "bearer"}
    if tell_expiry and token.expires_at:
        body["expires_in"] = token.expires_at - since
    return json_response(body, g.version)


def _check_redirect(redirect_uri: str | None) -> None:
    if not redirect_uri:
        raise GraphError(errors.missing_parameter("redirect_uri"))
    parts = urlsplit(redirect_uri)
    if not (parts.scheme and parts.netloc):
        raise GraphError(errors.RELATIVE_REDIRECT)


def _granular(scope: str, token: Token) -> dict[str, Any]:
    if scope in _ASSET_SCOPES and token.accounts:
        return {"scope": scope, "target_ids": list(token.accounts)}
    return {"scope": scope}


def _debug_error(failure: GraphFailure) -> dict[str, Any]:
    error: dict[str, Any] = {"code": failure.code, "message": failure.message}
    if failure.subcode is not None:
        error["subcode"] = failure.subcode
    return error
