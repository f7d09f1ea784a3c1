"""Meta's signed_request. It is read only after its signature is verified.

https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
"""

import hmac
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from whatsapp_connect.app_secret import AppSecrets
from whatsapp_connect.errors import SignedRequestError
from whatsapp_connect.model import MAX_TIME_S

_MAX_CHARACTERS = 8192
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    user_id: str
    """App-scoped."""
    issued_at: int
    """Epoch seconds, by Facebook's clock."""


def verify(raw: str, *, app_secrets: Iterable[str]) -> SignedRequest:
    """Return the content of a request that is signed with one of the app secrets. Raises SignedRequestError."""
    unverified_signature, dot, unverified_payload = raw.partition(".")
    if not dot or len(raw) > _MAX_CHARACTERS or not raw.isascii():
        raise SignedRequestError("signed-request-malformed")
    signature = _decode(unverified_signature)
    signed_by_meta = False
    for secret in app_secrets:  # all of them, so that the time taken reveals nothing
        expected = hmac.digest(secret.encode(), unverified_payload.encode(), "sha256")
        signed_by_meta |= hmac.compare_digest(expected, signature)
    if not signed_by_meta:
        raise SignedRequestError("signature-wrong")
    return _read(unverified_payload)


def verify_sender(raw: str, *, app_secrets: Callable[..., AppSecrets]) -> SignedRequest:
    """Do as verify(). If no secret in memory matches, read them again: the operator may have rotated them."""
    try:
        return verify(raw, app_secrets=app_secrets().values)
    except SignedRequestError as error:
        if error.reason != "signature-wrong":
            raise
    return verify(raw, app_secrets=app_secrets(again=True).values)


def confirmation_code(request: SignedRequest, app_secret: str) -> str:
    """Return the code for a data deletion. Nobody can guess it, and a repeated request gets the same one."""
    text = f"data-deletion {request.user_id} {request.issued_at}"
    return hmac.new(app_secret.encode(), text.encode(), "sha256").hexdigest()[:24]


def _read(payload: str) -> SignedRequest:
    try:
        fields = json.loads(_decode(payload))
    except (ValueError, RecursionError):
        raise SignedRequestError("signed-request-malformed") from None
    if not isinstance(fields, dict):
        raise SignedRequestError("signed-request-malformed")
    algorithm, user_id, issued_at = (fields.get(name) for name in ("algorithm", "user_id", "issued_at"))
    if not isinstance(algorithm, str) or algorithm.upper() != "HMAC-SHA256":
        raise SignedRequestError("algorithm-wrong")
    if not isinstance(user_id, str) or not re.fullmatch("[0-9]{1,32}", user_id):
        raise SignedRequestError("signed-request-malformed")
    if not isinstance(issued_at, int) or isinstance(issued_at, bool) or not 0 < issued_at <= MAX_TIME_S:
        raise SignedRequestError("signed-request-malformed")
    return SignedRequest(user_id=user_id, issued_at=issued_at)


def _decode(text: str) -> bytes:
    """Decode base64url as Meta writes it, without padding."""
    if not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise SignedRequestError("signed-request-malformed")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
