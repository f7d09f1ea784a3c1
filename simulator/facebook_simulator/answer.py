"""Make JSON answers with the headers that Facebook sends."""

import secrets
from typing import Any

from flask import Request, Response, json

from facebook_simulator.errors import LANGUAGES, GraphFailure


def json_response(body: Any, version: str, status: int = 200, trace: str | None = None) -> Response:
    """Return an answer of the Graph API."""
    response = Response(json.dumps(body), status, content_type="application/json; charset=UTF-8")
    response.headers.update(
        {
            "Cache-Control": "no-store",
            "Pragma": "no-cache",
            "Expires": "Sat, 01 Jan 2000 00:00:00 GMT",
            "Access-Control-Allow-Origin": "*",
            "facebook-api-version": version,
            "x-fb-trace-id": trace or _trace(),
            "x-fb-rev": "1030000000",
            "x-fb-debug": secrets.token_urlsafe(48),
        }
    )
    return response


def failure_response(failure: GraphFailure, version: str, language: str) -> Response:
    """Return an error answer of the Graph API."""
    trace = _trace()
    response = json_response(failure.body(trace=trace, language=language), version, failure.status, trace)
    response.headers["WWW-Authenticate"] = failure.challenge
    return response


def language_of(request: Request) -> str:
    """Return the language for texts that people see: from `locale`, else from the browser."""
    asked = request.args.get("locale", "").partition("_")[0]
    if asked in LANGUAGES:
        return asked
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def _trace() -> str:
    return f"A{secrets.token_urlsafe(16)}"
