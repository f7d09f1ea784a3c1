"""Sign calls to the Graph API, and recognise answers that refuse the token."""

import hashlib
import hmac
from collections.abc import Mapping
from time import time

from whatsapp_connect_reader.errors import TokenRefused

_TOKEN_REFUSED = frozenset({0, 190})
"""Authorization errors in https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes."""


def appsecret_proof(access_token: str, app_secret: str) -> dict[str, str]:
    """Return the query parameter which proves that a call comes from the app. Some apps require it."""
    return {"appsecret_proof": _signature(access_token, app_secret)}


def timestamped_appsecret_proof(access_token: str, app_secret: str, *, now: float | None = None) -> dict[str, str]:
    """Return the query parameters of a proof that Facebook accepts for five minutes. Make a new one for each call.

    `now` is in epoch seconds.
    """
    seconds = str(int(time() if now is None else now))
    return {
        "appsecret_proof": _signature(f"{access_token}|{seconds}", app_secret),
        "appsecret_time": seconds,
    }


def raise_if_refused(answer: object) -> None:
    """Raise TokenRefused if the parsed JSON of an answer has error code 190 or 0.

    Facebook uses these codes for a refused token, with different HTTP statuses.
    """
    error = answer.get("error") if isinstance(answer, Mapping) else None
    code = error.get("code") if isinstance(error, Mapping) else None
    if isinstance(error, Mapping) and type(code) is int and code in _TOKEN_REFUSED:
        subcode = error.get("error_subcode")
        raise TokenRefused(subcode if type(subcode) is int else None, code=code)


def _signature(message: str, app_secret: str) -> str:
    return hmac.new(app_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
