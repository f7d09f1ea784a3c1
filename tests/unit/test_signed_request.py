import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from whatsapp_connect.errors import SignedRequestError
from whatsapp_connect.signed_request import SignedRequest, verify

SECRET = "0123456789abcdef0123456789abcdef"
OLD_SECRET = "fedcba9876543210fedcba9876543210"
PAYLOAD: dict[str, Any] = {"algorithm": "HMAC-SHA256", "issued_at": 1291836800, "user_id": "218471"}


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(payload: object = PAYLOAD, *, secret: str = SECRET) -> str:
    encoded = encode(payload if isinstance(payload, bytes) else json.dumps(payload).encode())
    return f"{encode(hmac.digest(secret.encode(), encoded.encode(), 'sha256'))}.{encoded}"


def refusal(raw: str) -> str:
    with pytest.raises(SignedRequestError) as refused:
        verify(raw, app_secrets=(SECRET, OLD_SECRET))
    return refused.value.reason


def test_request_signed_by_meta_is_read() -> None:
    assert verify(signed(), app_secrets=(SECRET,)) == SignedRequest(user_id="218471", issued_at=1291836800)


@pytest.mark.parametrize("user_id", ["1", "12", "123", "1234", "12345", "1" * 32])
def test_payloads_of_every_length_are_read(user_id: str) -> None:
    """Meta strips the padding, and signs what is left."""
    assert verify(signed(PAYLOAD | {"user_id": user_id}), app_secrets=(SECRET,)).user_id == user_id


def test_both_secrets_are_good_while_rotating() -> None:
    for secret in (SECRET, OLD_SECRET):
        assert verify(signed(secret=secret), app_secrets=(SECRET, OLD_SECRET)).user_id == "218471"


def test_an_algorithm_may_be_in_lower_case_and_more_fields_may_come() -> None:
    payload = PAYLOAD | {
        "algorithm": "hmac-sha256",
        "expires": 1,
        "oauth_token": "x",
        "user": {"locale": "en"},
    }
    assert verify(signed(payload), app_secrets=(SECRET,)).user_id == "218471"


@pytest.mark.parametrize(
    "raw",
    [
        "",
        ".",
        "a.",
        ".a",
        "abc",
        "a.b.c",
        encode(b"{}"),
        signed() + "=",
        signed().replace(".", ".="),
        signed().replace(".", " ."),
        "\u00e9." + signed().partition(".")[2],
        signed() + "A" * 8192,
        "+/+/." + signed().partition(".")[2],
        "A." + signed().partition(".")[2],
    ],
)
def test_malformed_signed_request_is_refused(raw: str) -> None:
    assert refusal(raw) in {"signed-request-malformed", "signature-wrong"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("A.AAAA", "signed-request-malformed"),
        ("AAAAA.AAAA", "signed-request-malformed"),
        (".AAAA", "signed-request-malformed"),
        ("AAAA", "signed-request-malformed"),
        ("\u00e9.AAAA", "signed-request-malformed"),
        ("AAAA.\u00e9", "signed-request-malformed"),
        (f"AAAA.{'A' * 8188}", "signed-request-malformed"),
        (f"AAAA.{'A' * 8187}", "signature-wrong"),
        ("AA.AAAA", "signature-wrong"),
        ("AAA.AAAA", "signature-wrong"),
        ("AAAA.", "signature-wrong"),
    ],
)
def test_malformed_and_foreign_signatures_are_different_errors(raw: str, reason: str) -> None:
    assert refusal(raw) == reason


@pytest.mark.parametrize("issued_at", [1, 253_402_300_799])
def test_any_moment_there_is_may_be_given(issued_at: int) -> None:
    assert verify(signed(PAYLOAD | {"issued_at": issued_at}), app_secrets=(SECRET,)).issued_at == issued_at


def test_signature_with_another_secret_is_refused() -> None:
    assert refusal(signed(secret="x" * 32)) == "signature-wrong"


def test_an_unsigned_payload_is_refused() -> None:
    assert refusal(f"{encode(b'')}.{encode(json.dumps(PAYLOAD).encode())}") == "signed-request-malformed"
    assert refusal(f"{encode(bytes(32))}.{encode(json.dumps(PAYLOAD).encode())}") == "signature-wrong"


def test_a_changed_payload_is_refused() -> None:
    signature = signed().partition(".")[0]
    changed = encode(json.dumps(PAYLOAD | {"user_id": "1"}).encode())
    assert refusal(f"{signature}.{changed}") == "signature-wrong"


def test_nothing_is_read_before_the_signature_is_checked() -> None:
    assert refusal(f"{encode(bytes(32))}.{encode(b'not json')}") == "signature-wrong"


@pytest.mark.parametrize("algorithm", ["none", "HMAC-SHA1", "", None, 256, ["HMAC-SHA256"]])
def test_another_algorithm_is_refused(algorithm: object) -> None:
    assert refusal(signed(PAYLOAD | {"algorithm": algorithm})) == "algorithm-wrong"


@pytest.mark.parametrize(
    "payload",
    [
        b"not json",
        b"\xff\xfe",
        b"[" * 100_000,
        [],
        "text",
        None,
        PAYLOAD | {"user_id": 218471},
        PAYLOAD | {"user_id": ""},
        PAYLOAD | {"user_id": "../x"},
        PAYLOAD | {"user_id": "1" * 33},
        PAYLOAD | {"issued_at": "1291836800"},
        PAYLOAD | {"issued_at": True},
        PAYLOAD | {"issued_at": -1},
        PAYLOAD | {"issued_at": 0},
        PAYLOAD | {"issued_at": False},
        PAYLOAD | {"issued_at": 1.5},
        PAYLOAD | {"issued_at": 253_402_300_800},
        {"algorithm": "HMAC-SHA256"},
    ],
)
def test_signed_payload_without_the_needed_fields_is_refused(payload: object) -> None:
    assert refusal(signed(payload)) == "signed-request-malformed"
