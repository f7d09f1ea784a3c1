"""Identify and authorize the caller of the Graph API."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from flask import Request

from facebook_simulator import errors
from facebook_simulator.errors import GraphError
from facebook_simulator.model import App, Token
from facebook_simulator.state import State

_PROOF_LIFETIME_S = 300


@dataclass(frozen=True, slots=True)
class Caller:
    """The app that calls. `token` is the user's or system user's token, or None if it used its app token."""

    app: App
    token: Token | None

    def require_token(self) -> Token:
        """Return the user's or system user's token. Raises GraphError for an app token."""
        if self.token is None:
            raise GraphError(errors.NO_TOKEN)
        return self.token


def parameters(request: Request) -> dict[str, str]:
    """Return the parameters of the query, the form and the JSON body. Later ones replace earlier ones."""
    sent: dict[str, str] = {**request.args, **request.form}
    body: Any = request.get_json(silent=True)
    if isinstance(body, dict):
        sent |= {key: str(value) for key, value in body.items()}
    return sent


def content(request: Request) -> dict[str, Any]:
    """Return the body, from JSON or from a form. Facebook reads the values of a form as JSON where they are lists or objects."""
    body: Any = request.get_json(silent=True)
    if isinstance(body, dict):
        return body
    return {name: _value(text) for name, text in request.form.items()}


def _value(text: str) -> Any:
    if not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def user_asked_about(request: Request, state: State) -> str | None:
    """Return the user ID of the token that a request asks about, else of the token that it is made with."""
    sent = parameters(request)
    bearer = request.headers.get("Authorization", "").partition(" ")[2].strip()
    names = ("input_token", "fb_exchange_token", "access_token")
    values = [sent[name] for name in names if name in sent] or [bearer]
    token = state.token(values[0])
    return token.identity.user_id if token else None


def token_place(request: Request) -> str | None:
    """Return where the caller put the token: "query", "header" or "body"; None without a token."""
    if "access_token" in request.args:
        return "query"
    if request.headers.get("Authorization", "").startswith(("Bearer ", "OAuth ")):
        return "header"
    return "body" if "access_token" in parameters(request) else None


def identify(request: Request, state: State) -> Caller:
    """Return the caller after checking its access token and appsecret_proof. Raises GraphError."""
    sent = parameters(request)
    value = sent.get("access_token") or request.headers.get("Authorization", "").partition(" ")[2].strip()
    if not value:
        raise GraphError(errors.NO_TOKEN)
    caller = _app_caller(value, state) if "|" in value else _token_caller(value, state)
    check_proof(sent, value, caller, state.clock.now())
    return caller


def _app_caller(value: str, state: State) -> Caller:
    app = state.apps.get(value.partition("|")[0])
    if app is None or not is_app_token(value, app):
        raise GraphError(errors.BAD_SIGNATURE)
    return Caller(app, None)


def is_app_token(value: str, app: App) -> bool:
    """Return whether this is a token of the app itself: its ID and its secret, or the one that app_token returns."""
    return any(hmac.compare_digest(own.encode(), value.encode()) for own in (f"{app.id}|{app.secret}", app_token(app)))


def app_token(app: App) -> str:
    """Return the token of the app that Facebook gives for its secret. It does not contain the secret."""
    digest = hmac.digest(app.secret.encode(), b"app token", "sha256")
    return f"{app.id}|{base64.urlsafe_b64encode(digest).decode()[:27]}"


def _token_caller(value: str, state: State) -> Caller:
    token = state.token(value)
    if token is None:
        raise GraphError(errors.malformed_token(value))
    if failure := state.fault_of(token):
        raise GraphError(failure)
    return Caller(state.apps[token.identity.app_id], token)


def check_proof(sent: dict[str, str], value: str, caller: Caller, now: int) -> None:
    """Raise GraphError for a wrong appsecret_proof of the token `value`, or if a required one is missing."""
    proof = sent.get("appsecret_proof")
    if proof is None:
        if caller.token and caller.app.require_app_secret:
            raise GraphError(errors.PROOF_MISSING)
        return
    made_at = sent.get("appsecret_time")
    if made_at is not None and not (made_at.isdecimal() and abs(now - int(made_at)) <= _PROOF_LIFETIME_S):
        raise GraphError(errors.PROOF_WRONG)
    message = value if made_at is None else f"{value}|{made_at}"
    right = hmac.new(caller.app.secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), proof.encode()):
        raise GraphError(errors.PROOF_WRONG)
