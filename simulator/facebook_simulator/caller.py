"""Who is calling the Graph API, and may they."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from flask import Request

from facebook_simulator import errors
from facebook_simulator.errors import GraphError
from facebook_simulator.model import App, Token
from facebook_simulator.state import State

_PROOF_LIFETIME = 300


@dataclass(frozen=True, slots=True)
class Caller:
    """An app, alone (`token` is None: it used its app token) or on behalf of somebody."""

    app: App
    token: Token | None

    def require_token(self) -> Token:
        """Give the user's or system user's token; an app token will not do."""
        if self.token is None:
            raise GraphError(errors.NO_TOKEN)
        return self.token


def parameters(request: Request) -> dict[str, str]:
    """Everything sent: query, form and JSON body, the later ones winning."""
    sent: dict[str, str] = {**request.args, **request.form}
    body: Any = request.get_json(silent=True)
    if isinstance(body, dict):
        sent |= {key: str(value) for key, value in body.items()}
    return sent


def user_asked_about(request: Request, state: State) -> str | None:
    """Return whose token a request is about: the one it asks about, else the one it is made with."""
    sent = parameters(request)
    bearer = request.headers.get("Authorization", "").partition(" ")[2].strip()
    names = ("input_token", "fb_exchange_token", "access_token")
    values = [sent[name] for name in names if name in sent] or [bearer]
    token = state.token(values[0])
    return token.identity.user_id if token else None


def token_place(request: Request) -> str | None:
    """Where the caller put the token: "query", "header", "body", or nowhere."""
    if "access_token" in request.args:
        return "query"
    if request.headers.get("Authorization", "").startswith(("Bearer ", "OAuth ")):
        return "header"
    return "body" if "access_token" in parameters(request) else None


def identify(request: Request, state: State) -> Caller:
    """Check the access token and appsecret_proof of a call."""
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
    """Return whether this is the app's own token: its id and its secret."""
    return hmac.compare_digest(f"{app.id}|{app.secret}".encode(), value.encode())


def _token_caller(value: str, state: State) -> Caller:
    token = state.token(value)
    if token is None:
        raise GraphError(errors.malformed_token(value))
    if failure := state.fault_of(token):
        raise GraphError(failure)
    return Caller(state.apps[token.identity.app_id], token)


def check_proof(sent: dict[str, str], value: str, caller: Caller, now: int) -> None:
    """Refuse a wrong appsecret_proof of the token `value`, or a missing one where the app requires it."""
    proof = sent.get("appsecret_proof")
    if proof is None:
        if caller.token and caller.app.require_app_secret:
            raise GraphError(errors.PROOF_MISSING)
        return
    made_at = sent.get("appsecret_time")
    if made_at is not None and not (made_at.isdecimal() and abs(now - int(made_at)) <= _PROOF_LIFETIME):
        raise GraphError(errors.PROOF_WRONG)
    message = value if made_at is None else f"{value}|{made_at}"
    right = hmac.new(caller.app.secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(right.encode(), proof.encode()):
        raise GraphError(errors.PROOF_WRONG)
