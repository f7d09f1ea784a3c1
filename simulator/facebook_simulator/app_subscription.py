"""Serve `/{app-id}/subscriptions`, where an app sets the address of its webhooks with its own token.

https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
"""

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.answer import json_response
from facebook_simulator.caller import identify, parameters
from facebook_simulator.errors import GraphError
from facebook_simulator.model import App
from facebook_simulator.state import State
from facebook_simulator.webhook import verification_problem

_OBJECT = "whatsapp_business_account"


class AppSubscriptionApi:
    """The view of this endpoint."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the route. Faults use its endpoint name."""
        app.add_url_rule("/<int:node>/subscriptions", "subscriptions", self.subscriptions, methods=["GET", "POST"])

    def subscriptions(self, node: int) -> Response:
        """Show the address of the app's webhooks, or change it once it has repeated the challenge."""
        caller = identify(request, self._state)
        if caller.token or caller.app.id != str(node):
            raise GraphError(errors.unsupported(request.method, str(node)))
        if request.method == "POST":
            self._change(caller.app)
            return json_response({"success": True}, g.version)
        url = caller.app.whatsapp_webhook_url
        fields = [{"name": "account_update", "version": g.version}]
        data = [{"object": _OBJECT, "callback_url": url, "active": True, "fields": fields}] if url else []
        return json_response({"data": data}, g.version)

    def _change(self, app: App) -> None:
        sent = parameters(request)
        for name in ("object", "callback_url", "verify_token", "fields"):
            if not sent.get(name):
                raise GraphError(errors.required(name))
        if sent["object"] != _OBJECT:
            raise GraphError(errors.invalid_parameter("object", f"must be {_OBJECT}"))
        url, verify_token = sent["callback_url"], sent["verify_token"]
        if problem := verification_problem(url, verify_token):
            raise GraphError(errors.unverified_callback(problem))
        self._state.configure_app(app.id, {"whatsapp_webhook_url": url, "webhook_verify_token": verify_token})
