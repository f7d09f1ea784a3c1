"""Serve `subscribed_apps`: the apps that receive the webhooks of a WhatsApp account."""

from flask import Flask, Response, g, request

from facebook_simulator import errors
from facebook_simulator.access import Access
from facebook_simulator.answer import json_response
from facebook_simulator.caller import parameters
from facebook_simulator.errors import GraphError
from facebook_simulator.state import State
from facebook_simulator.webhook import verification_problem

_EDGE = "subscribed_apps"


class SubscriptionApi:
    """The view of `/{waba-id}/subscribed_apps`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._access = Access(state)

    def add_to(self, app: Flask) -> None:
        """Register the route. Faults use its endpoint name."""
        app.add_url_rule(f"/<int:node>/{_EDGE}", _EDGE, self.subscribed_apps, methods=["GET", "POST", "DELETE"])

    def subscribed_apps(self, node: int) -> Response:
        """List the subscribed apps. POST adds the calling app or changes its override, DELETE removes it.

        A POST without `override_callback_uri` removes the override.
        https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override/
        """
        caller = self._access.caller()
        account = self._access.account(str(node), caller.require_token(), _EDGE)
        subscription = (account.id, caller.app.id)
        if request.method == "POST":
            self._state.subscribe(account, caller.app, self._override(subscription))
            return json_response({"success": True}, g.version)
        if request.method == "DELETE":
            self._state.subscriptions.pop(subscription, None)
            return json_response({"success": True}, g.version)
        return json_response(
            {"data": [self._describe(app_id, account.id) for app_id in self._apps(account.id)]}, g.version
        )

    def _override(self, subscription: tuple[str, str]) -> str:
        sent = parameters(request)
        override = sent.get("override_callback_uri", "")
        if override:
            if subscription not in self._state.subscriptions:
                raise GraphError(errors.NOT_SUBSCRIBED)
            if not sent.get("verify_token"):
                raise GraphError(errors.required("verify_token"))
            if problem := verification_problem(override, sent["verify_token"]):
                raise GraphError(errors.unverified_callback(problem))
        return override

    def _apps(self, account_id: str) -> list[str]:
        return [app_id for app_id in self._state.apps if (account_id, app_id) in self._state.subscriptions]

    def _describe(self, app_id: str, account_id: str) -> dict[str, object]:
        app = self._state.apps[app_id]
        about: dict[str, object] = {
            "whatsapp_business_api_data": {
                "id": app.id,
                "link": f"{request.host_url}games/?app_id={app.id}",
                "name": app.name,
            }
        }
        if override := self._state.subscriptions[account_id, app_id]:
            about["override_callback_uri"] = override
        return about
