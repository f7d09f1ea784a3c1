"""Serve the control endpoints that send a deauthorize or deletion request to the app, correctly signed or not."""

from dataclasses import asdict
from typing import Any

from flask import Flask, Response, jsonify

from facebook_simulator.body import one_of, optional_tuple, read, reject
from facebook_simulator.outbox import Kind, Notice
from facebook_simulator.state import State
from facebook_simulator.variant import VARIANTS

_MAX_TIMES = 100


class Notification:
    """The views under `/_control/`. They only send requests to the app, and do not change the person's grant."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the routes."""
        routes = {
            "deauthorize": ("POST", self.deauthorize),
            "data-deletion": ("POST", self.data_deletion),
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

    def deliveries(self) -> Response:
        """Wait until nothing is being sent, and list all requests that were sent to the app."""
        return jsonify({"deliveries": [asdict(one) for one in self._state.outbox.deliveries()]})

    def clear(self) -> Response:
        """Delete the list of sent requests."""
        self._state.outbox.clear()
        return self.deliveries()

    def _notify(self, kind: Kind) -> Response:
        sent = read(
            {
                "person",
                "user_id",
                "app_id",
                "issued_at",
                "secret",
                "variant",
                "set",
                "without",
                "times",
                "async",
            }
        )
        notice = self._notice(kind, sent)
        times = sent.get("times", 1)
        if not isinstance(times, int) or not 1 <= times <= _MAX_TIMES:
            reject(f"times: {times!r} is not a number from 1 to {_MAX_TIMES}")
        outbox = self._state.outbox
        if sent.get("async", False):
            outbox.send_later(*[notice] * times)
            deliveries = []
        else:
            deliveries = [outbox.send(notice) for _ in range(times)]
        return jsonify({"user_id": notice.user_id, "deliveries": [asdict(one) for one in deliveries]})

    def _notice(self, kind: Kind, sent: dict[str, Any]) -> Notice:
        app_id = sent.get("app_id", self._state.app.id)
        app = self._state.apps.get(app_id) or reject(f"app_id: there is no app {app_id!r}")
        notice = Notice(
            kind=kind,
            app=app,
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
