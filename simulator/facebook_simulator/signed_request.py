"""Make Meta's signed_request: `base64url(signature) "." base64url(payload)`, both without padding."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

ALGORITHM = "HMAC-SHA256"


def sign(payload: Mapping[str, Any], secret: str) -> str:
    """Return the signed_request with this payload, signed with an app secret."""
    return sign_bytes(json.dumps(payload, separators=(",", ":")).encode(), secret)


def sign_bytes(payload: bytes, secret: str) -> str:
    """Return the signed_request with a payload that may be anything."""
    encoded = encode(payload)
    return f"{encode(signature(encoded, secret))}.{encoded}"


def signature(encoded_payload: str, secret: str) -> bytes:
    """Return the signature of the encoded payload, because Facebook signs the payload after encoding it."""
    return hmac.digest(secret.encode(), encoded_payload.encode(), "sha256")


def encode(data: bytes) -> str:
    """Return base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
