"""Serve the control endpoints that send deauthorize and deletion requests and webhooks to the app, signed or forged."""

from dataclasses import asdict
from typing import Any

from flask import Flask, Response, jsonify

from facebook_simulator.account_update import WEBHOOK_VARIANTS, AccountUpdate
from facebook_simulator.body import one_of, optional_tuple, read, reject
from facebook_simulator.model import App
from facebook_simulator.outbox import Kind, Message, Notice
from facebook_simulator.state import State
from facebook_simulator.variant import VARIANTS

_MAX_TIMES = 100
_SENDING = {"app_id", "issued_at", "secret", "variant", "set", "times", "async"}


class Notification:
    """The views under `/_control/`. They only send requests to the app, and change nothing in the simulator."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the routes."""
        routes = {
            "deauthorize": ("POST", self.deauthorize),
            "data-deletion": ("POST", self.data_deletion),
            "account-update": ("POST", self.account_update),
        }
        for path, (method, view) in routes.items():
            app.add_url_rule(f"/_control/{path}", f"control/{path}", view, methods=[method])
        app.add_url_rule("/_control/deliveries", "control/deliveries", self.deliveries, methods=["GET"])
        app.add_url_rule("/_control/deliveries", "control/deliveries/clear", self.clear, methods=["DELETE"])

    def deauthorize(self) -> Response:
        """Send a deauthorize request, as if a person had removed the app."""
        return self._notify("deauthorize")

    def data_deletion(self) -> Response:
        """Send a deletion request for a person."""
        return self._notify("data_deletion")

    def account_update(self) -> Response:
        """Send a webhook about a WhatsApp account."""
        sent = read(_SENDING | {"event", "waba_id"})
        app = self._app(sent)
        waba_id = str(sent.get("waba_id", next(iter(self._state.accounts))))
        account = self._state.accounts.get(waba_id)
        owner = self._state.owner_of(account) if account else None
        notice = AccountUpdate(
            event=str(sent.get("event", "PARTNER_REMOVED")),
            app=app,
            waba_id=waba_id,
            owner_business_id=owner.id if owner else "",
            issued_at=sent.get("issued_at", self._state.clock.now()),
            variant=one_of(sent.get("variant", "good"), WEBHOOK_VARIANTS, "variant"),
            secret=sent.get("secret"),
            changed=sent.get("set", {}),
        )
        if not notice.url:
            reject("whatsapp_webhook_url: the app has none")
        return jsonify({"waba_id": waba_id, "deliveries": self._send(notice, sent)})

    def deliveries(self) -> Response:
        """Wait until nothing is being sent, and list all requests that were sent to the app."""
        return jsonify({"deliveries": [asdict(one) for one in self._state.outbox.deliveries()]})

    def clear(self) -> Response:
        """Delete the list of sent requests."""
        self._state.outbox.clear()
        return self.deliveries()

    def _notify(self, kind: Kind) -> Response:
        sent = read(_SENDING | {"person", "user_id", "without"})
        notice = self._notice(kind, sent)
        return jsonify({"user_id": notice.user_id, "deliveries": self._send(notice, sent)})

    def _send(self, notice: Message, sent: dict[str, Any]) -> list[dict[str, Any]]:
        """Send a notice as often as asked, and return the deliveries; [] if they are sent in the background."""
        times = sent.get("times", 1)
        if not isinstance(times, int) or not 1 <= times <= _MAX_TIMES:
            reject(f"times: {times!r} is not a number from 1 to {_MAX_TIMES}")
        outbox = self._state.outbox
        if sent.get("async", False):
            outbox.send_later(*[notice] * times)
            return []
        return [asdict(outbox.send(notice)) for _ in range(times)]

    def _app(self, sent: dict[str, Any]) -> App:
        app_id = sent.get("app_id", self._state.app.id)
        return self._state.apps.get(app_id) or reject(f"app_id: there is no app {app_id!r}")

    def _notice(self, kind: Kind, sent: dict[str, Any]) -> Notice:
        notice = Notice(
            kind=kind,
            app=self._app(sent),
            user_id=str(sent["user_id"]) if "user_id" in sent else self._person_id(sent),
            issued_at=sent.get("issued_at", self._state.clock.now()),
            variant=one_of(sent.get("variant", "good"), VARIANTS, "variant"),
            secret=sent.get("secret"),
            changed=sent.get("set", {}),
            without=optional_tuple(sent.get("without")) or (),
        )
        if not notice.url:
            reject(f"{kind}_url: the app has none")
        return notice

    def _person_id(self, sent: dict[str, Any]) -> str:
        key = sent.get("person", self._state.people[0].key)
        person = self._state.person(key) or reject(f"person: nobody here is called {key!r}")
        return person.id
