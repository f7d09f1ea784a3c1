"""What a caller of the Graph API needs beside the token."""

import hashlib
import hmac
from collections.abc import Mapping
from time import time

from whatsapp_connect_reader.errors import TokenRefused

_TOKEN_REFUSED = frozenset({0, 190})
"""https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes, authorization errors."""


def appsecret_proof(access_token: str, app_secret: str) -> dict[str, str]:
    """Return the parameter that proves a call to come from the app, for apps that require it."""
    return {"appsecret_proof": _signature(access_token, app_secret)}


def timestamped_appsecret_proof(access_token: str, app_secret: str, *, now: float | None = None) -> dict[str, str]:
    """Return the parameters of a proof that Facebook takes for five minutes. Make one for each call."""
    moment = str(int(time() if now is None else now))
    return {
        "appsecret_proof": _signature(f"{access_token}|{moment}", app_secret),
        "appsecret_time": moment,
    }


def raise_if_refused(answer: object) -> None:
    """Raise TokenRefused if this is the JSON of an answer in which Facebook says that the token is not good.

    Facebook says so by code 190 or 0, under different HTTP statuses.
    """
    error = answer.get("error") if isinstance(answer, Mapping) else None
    code = error.get("code") if isinstance(error, Mapping) else None
    if isinstance(error, Mapping) and type(code) is int and code in _TOKEN_REFUSED:
        raise TokenRefused(error.get("error_subcode"), code=code)


def _signature(message: str, app_secret: str) -> str:
    return hmac.new(app_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
