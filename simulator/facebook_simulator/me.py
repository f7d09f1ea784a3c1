"""Serve `/me`: the person or system user to whom a token belongs."""

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.answer import json_response
from facebook_simulator.caller import identify
from facebook_simulator.errors import GraphError
from facebook_simulator.model import Token
from facebook_simulator.state import State

_PERSON_FIELDS = ("id", "name", "first_name", "last_name", "email")


class MeApi:
    """The view of `/me`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the route. Faults use its endpoint name."""
        app.add_url_rule("/me", "me", self.me)

    def me(self) -> Response:
        """Show the requested fields. A field whose permission is missing is left out, as Facebook does."""
        token = identify(request, self._state).require_token()
        is_person = token.identity.type == "USER"
        known = _PERSON_FIELDS if is_person else ("id", "name", "client_business_id")
        asked = [name for name in request.args.get("fields", "name").split(",") if name]
        for name in asked:
            if name not in known:
                raise GraphError(errors.nonexisting_field(name, "User" if is_person else "SystemUser"))
        values = self._values(token)
        return json_response(
            {name: values[name] for name in dict.fromkeys([*asked, "id"]) if name in values}, g.version
        )

    def _values(self, token: Token) -> dict[str, str]:
        identity = token.identity
        values = {"id": identity.user_id, "name": identity.name}
        if identity.business_id:
            return values | {"client_business_id": identity.business_id}
        first, _, last = identity.name.partition(" ")
        values |= {"first_name": first, "last_name": last}
        person = self._state.person(identity.user_id)
        if person and "email" in token.scopes:
            values["email"] = f"{person.key}@example.com"
        return values
