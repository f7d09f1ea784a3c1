"""Serve debug_token, which shows what Facebook knows about a token."""

from typing import Any

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.answer import json_response
from facebook_simulator.caller import identify, is_app_token
from facebook_simulator.errors import GraphError, GraphFailure
from facebook_simulator.model import WHATSAPP_SCOPES, App, Token
from facebook_simulator.state import State

_ASSET_SCOPES = frozenset({*WHATSAPP_SCOPES, "whatsapp_business_manage_events"})

# They are about the person, not about things that could be chosen, so they are not granular.
_PERSONAL_SCOPES = frozenset({"email", "openid", "public_profile", "read_insights"})


class DebuggerApi:
    """The view of `/debug_token`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the route. Faults use its endpoint name."""
        app.add_url_rule("/debug_token", "debug_token", self.debug_token)

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
            businesses = tuple(one.id for one in self._state.businesses_of(token))
            data = self._state.distortion_of(token).apply(self._inspect(token, viewer.app), businesses)
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
        granular_only = self._state.settings.whatsapp_scopes == "granular"
        return data | {
            "scopes": [scope for scope in token.scopes if not (granular_only and scope in _ASSET_SCOPES)],
            "granular_scopes": [
                self._granular(scope, token) for scope in token.scopes if scope not in _PERSONAL_SCOPES
            ],
            "user_id": token.identity.user_id,
        }

    def _granular(self, scope: str, token: Token) -> dict[str, Any]:
        is_hidden = token.identity.type == "SYSTEM_USER" and self._state.settings.system_user_target_ids == "absent"
        if scope in _ASSET_SCOPES and token.accounts and not is_hidden:
            return {"scope": scope, "target_ids": list(token.accounts)}
        return {"scope": scope}


def _debug_error(failure: GraphFailure) -> dict[str, Any]:
    error: dict[str, Any] = {"code": failure.code, "message": failure.message}
    if failure.subcode is not None:
        error["subcode"] = failure.subcode
    return error
