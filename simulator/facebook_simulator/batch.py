"""Serve batch requests: several calls of the Graph API in one.

https://developers.facebook.com/docs/graph-api/batch-requests
"""

import json
from typing import Any

from flask import Flask, Response, g, request
from werkzeug.test import Client

from facebook_simulator import errors
from facebook_simulator.answer import json_response
from facebook_simulator.caller import identify, parameters
from facebook_simulator.errors import GraphError
from facebook_simulator.state import State
from facebook_simulator.version import BATCH_PATH

_MAX_CALLS = 50
_FORM = "application/x-www-form-urlencoded"


class BatchApi:
    """The view of a POST to a version, such as `/v26.0`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_to(self, app: Flask) -> None:
        """Register the route. Faults use its endpoint name."""
        app.add_url_rule(BATCH_PATH, "batch", self.batch, methods=["POST"])
        self._flask = app

    def batch(self) -> Response:
        """Make the calls one after the other, and return the list of their answers."""
        identify(request, self._state)
        answers = [self._call(call) for call in _calls(parameters(request).get("batch", ""))]
        return json_response(answers, g.version)

    def _call(self, call: dict[str, Any]) -> dict[str, Any]:
        headers = {"Host": request.host, "Authorization": request.headers.get("Authorization", "")}
        if outer := parameters(request).get("access_token"):
            headers["Authorization"] = f"Bearer {outer}"
        path = str(call.get("relative_url", "")).lstrip("/")
        answer = Client(self._flask).open(
            f"/{path}" if path.startswith("v") and path[1:2].isdecimal() else f"/{g.version}/{path}",
            method=str(call.get("method", "GET")),
            headers=headers,
            data=str(call["body"]) if "body" in call else None,
            content_type=_FORM if "body" in call else None,
        )
        return {
            "code": answer.status_code,
            "headers": [{"name": name, "value": value} for name, value in answer.headers],
            "body": answer.get_data(as_text=True),
        }


def _calls(text: str) -> list[dict[str, Any]]:
    try:
        calls = json.loads(text)
    except ValueError:
        calls = None
    if not isinstance(calls, list) or not all(isinstance(one, dict) for one in calls):
        raise GraphError(errors.required("batch"))
    if len(calls) > _MAX_CALLS:
        raise GraphError(errors.invalid_parameter("batch", f"must have at most {_MAX_CALLS} requests"))
    return calls
