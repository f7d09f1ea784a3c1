"""Make requests with a signed_request: as Facebook sends it, in unusual forms, and forged."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from facebook_simulator.sender import Parcel
from facebook_simulator.signed_request import encode, sign, sign_bytes, signature

_FORM = "application/x-www-form-urlencoded"
_OVERSIZED_BYTES = 200_000
HOUR_S = 3_600

Payload = Mapping[str, Any]


def pack(variant: str, payload: Payload, secret: str) -> Parcel:
    """Return a request with the signed payload, changed or forged as `variant` says."""
    altered = _PAYLOADS[variant](payload) if variant in _PAYLOADS else payload
    signed_request = _SIGNATURES.get(variant, sign)(altered, secret)
    return _PARCELS.get(variant, _form)(signed_request)


def _bad_signature(payload: Payload, secret: str) -> str:
    signed = sign(payload, secret)
    return ("B" if signed[0] == "A" else "A") + signed[1:]


def _unsigned(payload: Payload, secret: str) -> str:
    return "." + sign(payload, secret).partition(".")[2]


def _no_dot(payload: Payload, secret: str) -> str:
    return sign(payload, secret).replace(".", "")


def _padded(payload: Payload, secret: str) -> str:
    """Return a signed_request with padding in both parts. The payload gets spaces until it needs padding."""
    text = json.dumps(payload).encode()
    text += b" " * ((1 - len(text)) % 3)
    encoded = urlsafe_b64encode(text).decode()
    return f"{urlsafe_b64encode(signature(encoded, secret)).decode()}.{encoded}"


def _not_base64(_: Payload, secret: str) -> str:
    return f"{encode(signature('{}', secret))}.{{}}"


def _form(signed_request: str) -> Parcel:
    return Parcel("POST", "", _FORM, urlencode({"signed_request": signed_request}).encode())


def _repeated_field(signed_request: str) -> Parcel:
    return Parcel("POST", "", _FORM, urlencode([("signed_request", signed_request)] * 2).encode())


def _json_body(signed_request: str) -> Parcel:
    return Parcel("POST", "", "application/json", json.dumps({"signed_request": signed_request}).encode())


def _in_query(signed_request: str) -> Parcel:
    return Parcel("POST", urlencode({"signed_request": signed_request}), _FORM, b"")


_PAYLOADS: dict[str, Callable[[Payload], Payload]] = {
    "wrong_algorithm": lambda payload: {**payload, "algorithm": "HMAC-SHA512"},
    "lowercase_algorithm": lambda payload: {**payload, "algorithm": "hmac-sha256"},
    "no_algorithm": lambda payload: {name: payload[name] for name in payload if name != "algorithm"},
    "expires_field": lambda payload: {**payload, "expires": payload.get("issued_at", 0) + HOUR_S},
    "extra_fields": lambda payload: {
        **payload,
        "oauth_token": "EAAsimulated",
        "user": {"country": "nl", "locale": "nl_NL"},
    },
    "oversized": lambda payload: {**payload, "filler": "x" * _OVERSIZED_BYTES},
}
_SIGNATURES: dict[str, Callable[[Payload, str], str]] = {
    "bad_signature": _bad_signature,
    "unsigned": _unsigned,
    "no_dot": _no_dot,
    "padded": _padded,
    "not_base64": _not_base64,
    "not_json": lambda _, secret: sign_bytes(b"user_id=1", secret),
    "json_array": lambda _, secret: sign_bytes(b"[]", secret),
}
_PARCELS: dict[str, Callable[[str], Parcel]] = {
    "missing_field": lambda _: Parcel("POST", "", _FORM, b"other=1"),
    "empty_field": lambda _: Parcel("POST", "", _FORM, b"signed_request="),
    "repeated_field": _repeated_field,
    "json_body": _json_body,
    "in_query": _in_query,
    "get_probe": lambda _: Parcel("GET", "", "", b""),
}
VARIANTS = ("good", *_PAYLOADS, *_SIGNATURES, *_PARCELS)
