"""Serve the message templates of an account. They are stored, and stay pending."""

import secrets
from typing import Any

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.access import Access
from facebook_simulator.answer import json_response
from facebook_simulator.errors import GraphError
from facebook_simulator.listing import page, select
from facebook_simulator.state import State

_EDGE = "message_templates"
_FIELDS = ("name", "status", "category", "language", "components")


class MessageTemplateApi:
    """The view of `/{waba-id}/message_templates`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._access = Access(state)

    def add_to(self, app: Flask) -> None:
        """Register the route. Faults use its endpoint name."""
        app.add_url_rule(f"/<int:node>/{_EDGE}", _EDGE, self.templates, methods=["GET", "POST", "DELETE"])

    def templates(self, node: int) -> Response:
        """List the templates, create one, or delete those with a name."""
        token = self._access.caller().require_token()
        account = self._access.account(str(node), token, _EDGE)
        stored = self._state.content.templates.setdefault(account.id, [])
        if request.method == "POST":
            template = _template(request.get_json(silent=True))
            stored.append(template)
            return json_response({name: template[name] for name in ("id", "status", "category")}, g.version)
        if request.method == "DELETE":
            name = request.args.get("name")
            if not name:
                raise GraphError(errors.required("name"))
            stored[:] = [one for one in stored if one["name"] != name]
            return json_response({"success": True}, g.version)
        body = page(stored, lambda one: select(one, _FIELDS, "WhatsAppMessageTemplate"), token.value)
        return json_response(body, g.version)


def _template(sent: Any) -> dict[str, Any]:
    sent = sent if isinstance(sent, dict) else {}
    for name in ("name", "language", "category"):
        if not sent.get(name):
            raise GraphError(errors.required(name))
    template_id = str(1_000_000_000_000_000 + secrets.randbelow(10**15))
    return {
        "id": template_id,
        "name": sent["name"],
        "status": "PENDING",
        "category": sent["category"],
        "language": sent["language"],
        "components": sent.get("components", []),
    }
