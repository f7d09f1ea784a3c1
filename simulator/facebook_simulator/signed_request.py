"""Meta's signed_request: `base64url(signature) "." base64url(payload)`, both without padding."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

ALGORITHM = "HMAC-SHA256"


def sign(payload: Mapping[str, Any], secret: str) -> str:
    """Make the signed_request that says `payload`, signed with an app secret."""
    return sign_bytes(json.dumps(payload, separators=(",", ":")).encode(), secret)


def sign_bytes(payload: bytes, secret: str) -> str:
    """Sign a payload that need not be JSON."""
    encoded = encode(payload)
    return f"{encode(signature(encoded, secret))}.{encoded}"


def signature(encoded_payload: str, secret: str) -> bytes:
    """Sign the payload as it is sent: encoded, and not as it was before."""
    return hmac.digest(secret.encode(), encoded_payload.encode(), "sha256")


def encode(data: bytes) -> str:
    """Encode as base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()
