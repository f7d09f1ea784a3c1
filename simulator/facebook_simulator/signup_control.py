"""Serve the control endpoint that signs a business up without a browser."""

import json
from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, Response, jsonify

from facebook_simulator.body import one_of, read, reject
from facebook_simulator.consent import LoginRequest
from facebook_simulator.dialog_error import DialogError
from facebook_simulator.opener import XD_ARBITER
from facebook_simulator.signup import STEPS, Choice, Ending, SignUp
from facebook_simulator.state import State

_CHOICES = {one.name for one in fields(Choice)} - {"person"}
_REQUEST = {"client_id", "config_id", "extras", "fallback_redirect_uri", "state"}


class SignupControl:
    """The view of `/_control/signup`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the route."""
        app.add_url_rule("/_control/signup", "control/signup", self.sign_up, methods=["POST"])

    def sign_up(self) -> Response:
        """Sign up as a person does in the pop-up. The answer has its messages, and what FB.login's callback gets.

        `url` is the address of a pop-up. Without it, the pop-up is that of an allowed page, for `config_id`.
        """
        sent = read(_CHOICES | _REQUEST | {"url", "person", "cancel", "report", "opener"})
        key = sent.get("person", self._state.people[0].key)
        person = self._state.person(key) or reject(f"person: nobody here is called {key!r}")
        choice = Choice(person, **{name: sent[name] for name in _CHOICES & sent.keys()})
        try:
            login = LoginRequest.parse(urlsplit(sent["url"]).query if "url" in sent else self._query(sent), self._state)
            if not login.is_signup:
                reject("this is no sign-up: send the URL of a pop-up with the config_id of a configuration")
            dialog = SignUp(login if sent.get("opener", True) else login.without_opener(), self._state)
        except DialogError as error:
            reject(str(error))
        if "cancel" in sent:
            return jsonify(_described(dialog.cancel(one_of(sent["cancel"], STEPS, "cancel"))))
        return jsonify(_described(dialog.report() if sent.get("report") else dialog.finish(choice)))

    def _query(self, sent: dict[str, Any]) -> str:
        """Return the query of the pop-up that the SDK opens for a page of the app."""
        app = self._state.apps.get(sent.get("client_id", self._state.app.id)) or self._state.app
        origin = next(iter(app.sdk_domains), "").rstrip("/")
        query = {
            "client_id": app.id,
            "redirect_uri": f"http://localhost{XD_ARBITER}?version=46#{urlencode({'cb': 'f1', 'origin': origin})}",
            "config_id": next((one.id for one in app.configurations), ""),
            "response_type": "code",
            "override_default_response_type": "true",
        }
        for name in _REQUEST & sent.keys():
            query[name] = sent[name] if isinstance(sent[name], str) else json.dumps(sent[name])
        return urlencode(query)


def _described(ending: Ending) -> dict[str, Any]:
    parts = urlsplit(ending.location)
    answer = dict(parse_qsl(parts.fragment if ending.origin else parts.query))
    return {
        "messages": [json.loads(one) for one in (*ending.messages, *ending.later)],
        "answer": {} if ending.stays else {name: answer[name] for name in answer if name not in {"cb", "origin"}},
        "location": "" if ending.origin else ending.location,
    }
