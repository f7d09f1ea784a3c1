"""Serve the message templates of an account. They are stored, and stay pending."""

import secrets
from typing import Any

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.access import Access
from facebook_simulator.answer import json_response
from facebook_simulator.caller import content
from facebook_simulator.errors import GraphError
from facebook_simulator.listing import page, select
from facebook_simulator.state import State

_EDGE = "message_templates"
_FIELDS = ("name", "status", "category", "language", "components")

_UNSET_FIELDS = (
    "correct_category",
    "cta_url_link_tracking_opted_out",
    "degrees_of_freedom_spec",
    "is_primary_device_delivery_only",
    "last_updated_time",
    "library_template_name",
    "message_send_ttl_seconds",
    "parameter_format",
    "previous_category",
    "quality_score",
    "rejected_reason",
    "rejection_reason",
    "sub_category",
)


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
            template = _template(content(request))
            stored.append(template)
            return json_response({name: template[name] for name in ("id", "status", "category")}, g.version)
        if request.method == "DELETE":
            name = request.args.get("name")
            if not name:
                raise GraphError(errors.required("name"))
            stored[:] = [one for one in stored if one["name"] != name]
            return json_response({"success": True}, g.version)
        body = page(stored, lambda one: select(one, _FIELDS, "WhatsAppMessageTemplate", _UNSET_FIELDS), token.value)
        if "summary" in request.args:
            body["summary"] = _summary(len(stored), request.args["summary"].split(","))
        return json_response(body, g.version)


def _summary(count: int, asked: list[str]) -> dict[str, Any]:
    known = {
        "total_count": count,
        "message_template_count": count,
        "message_template_limit": 250,
        "are_translations_complete": True,
    }
    return {name: known[name] for name in asked if name in known}


def _template(sent: dict[str, Any]) -> dict[str, Any]:
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
