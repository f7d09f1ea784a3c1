"""Serve the endpoints of the Graph API that list and revoke permissions."""

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.answer import json_response
from facebook_simulator.caller import identify
from facebook_simulator.errors import GraphError
from facebook_simulator.model import Identity
from facebook_simulator.outbox import Notice
from facebook_simulator.state import State


class PermissionApi:
    """The views of `/me/permissions` and `/{user-id}/permissions`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names."""
        app.add_url_rule("/me/permissions", "me/permissions", self.permissions)
        app.add_url_rule("/<int:user_id>/permissions", "permissions", self.permissions)
        for path in ("/me/permissions", "/<int:user_id>/permissions"):
            app.add_url_rule(path, "permissions/delete", self.delete, methods=["DELETE"])
            app.add_url_rule(f"{path}/<name>", "permissions/delete", self.delete, methods=["DELETE"])

    def permissions(self, user_id: int | None = None) -> Response:
        """List the granted and the declined permissions."""
        caller = identify(request, self._state)
        token = caller.require_token()
        if user_id is not None and str(user_id) != token.identity.user_id:
            raise GraphError(errors.unsupported("GET", str(user_id)))
        grant = self._state.grant_of(token.identity)
        statuses = dict.fromkeys(sorted(grant.granted), "granted") | dict.fromkeys(sorted(grant.declined), "declined")
        data = [{"permission": name, "status": status} for name, status in statuses.items()]
        return json_response({"data": data}, g.version)

    def delete(self, user_id: int | None = None, name: str | None = None) -> Response:
        """Revoke one permission, or all of them. In the second case the app gets a deauthorize request."""
        identity = self._owner(user_id)
        if name is not None:
            if not self._state.remove_permission(identity, name):
                raise GraphError(errors.invalid_parameter("permission", "must be one that was granted"))
            return json_response({"success": True}, g.version)
        self._state.remove_app(identity)
        notice = Notice(
            kind="deauthorize",
            app=self._state.apps[identity.app_id],
            user_id=self._state.user_in_notices(identity),
            issued_at=self._state.clock.now(),
        )
        if notice.url:
            self._state.outbox.send_later(notice)
        return json_response({"success": True}, g.version)

    def _owner(self, user_id: int | None) -> Identity:
        """Return the owner of the permissions: the caller, or any user if the app itself calls. Raises GraphError."""
        caller = identify(request, self._state)
        if user_id is None:
            return caller.require_token().identity
        identity = self._state.identity(caller.app.id, str(user_id))
        if identity is None or (caller.token and caller.token.identity.user_id != identity.user_id):
            raise GraphError(errors.unsupported("DELETE", str(user_id)))
        return identity
