"""Accept WhatsApp messages. They are not delivered, but stored for tests to read."""

import base64
import re
import secrets
from typing import Any

from flask import Flask, Response, g, jsonify, request

from facebook_simulator import errors
from facebook_simulator.access import Access
from facebook_simulator.answer import json_response
from facebook_simulator.caller import content
from facebook_simulator.errors import GraphError
from facebook_simulator.state import State
from facebook_simulator.world import Account

_MESSAGING = "whatsapp_business_messaging"
_SAMPLE_TEMPLATE = ("hello_world", "en_US")
"""Name and language of the template that Meta puts into accounts with a test number."""
_TYPES = (
    "text",
    "template",
    "image",
    "audio",
    "video",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "reaction",
)


class MessagesApi:
    """The views of `/{phone-number-id}/messages` and of the stored messages."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._access = Access(state)

    def add_to(self, app: Flask) -> None:
        """Register the routes. Faults use their endpoint names."""
        app.add_url_rule("/<int:node>/messages", "messages", self.send, methods=["POST"])
        app.add_url_rule("/_control/messages", "control/messages", self.sent, methods=["GET"])
        app.add_url_rule("/_control/messages", "control/messages/clear", self.clear, methods=["DELETE"])

    def send(self, node: int) -> Response:
        """Accept a message. Its type and the name of a template are checked, other content is not."""
        token = self._access.caller().require_token()
        account, phone = self._access.phone(str(node), token, scope=_MESSAGING)
        if not phone.is_registered:
            raise GraphError(errors.NOT_REGISTERED)
        sent = content(request)
        if sent.get("status") == "read":
            return self._mark_as_read(sent)
        message = _checked(sent)
        if message["type"] == "template":
            self._check_template(account, message["template"])
        digits = re.sub(r"\D", "", str(message["to"]))
        message_id = f"wamid.{base64.b64encode(secrets.token_bytes(42)).decode()}"
        self._state.content.messages.append(
            {"id": message_id, "phone_number_id": str(node), "user_id": token.identity.user_id, **message}
        )
        accepted: dict[str, str] = {"id": message_id}
        if message["type"] == "template":
            accepted["message_status"] = "accepted"
        return json_response(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": message["to"], "wa_id": digits}],
                "messages": [accepted],
            },
            g.version,
        )

    def _check_template(self, account: Account, template: Any) -> None:
        """Refuse a template that the account does not have. A template that was created counts as approved."""
        if not isinstance(template, dict):
            raise GraphError(errors.invalid_parameter("template", "must be an object"))
        language = template.get("language")
        wanted = (template.get("name"), language.get("code") if isinstance(language, dict) else None)
        created = self._state.content.templates.get(account.id, [])
        if wanted not in {_SAMPLE_TEMPLATE, *((one["name"], one["language"]) for one in created)}:
            raise GraphError(errors.NO_TEMPLATE)

    def _mark_as_read(self, sent: dict[str, Any]) -> Response:
        if not sent.get("message_id"):
            raise GraphError(errors.required("message_id"))
        return json_response({"success": True}, g.version)

    def sent(self) -> Response:
        """List the messages, the oldest first."""
        return jsonify({"messages": self._state.content.messages})

    def clear(self) -> Response:
        """Delete the messages."""
        self._state.content.messages.clear()
        return self.sent()


def _checked(sent: dict[str, Any]) -> dict[str, Any]:
    message = {"type": "text"} | sent
    if message.get("messaging_product") != "whatsapp":
        raise GraphError(errors.required("messaging_product"))
    if not message.get("to"):
        raise GraphError(errors.required("to"))
    kind = message["type"]
    if kind not in _TYPES:
        raise GraphError(errors.invalid_parameter("type", f"must be one of {', '.join(_TYPES)}"))
    content = message.get(kind)
    if not content or (kind == "text" and not (isinstance(content, dict) and content.get("body"))):
        raise GraphError(errors.required("text['body']" if kind == "text" else kind))
    return message
