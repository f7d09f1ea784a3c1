"""Webhooks about WhatsApp accounts: what is believed, and what of it is read."""

import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from whatsapp_connect.errors import WebhookRefusedError
from whatsapp_connect.webhook import Change, challenge, changes, verify

SECRET, OTHER = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
BODY = b'{"object": "whatsapp_business_account"}'
ASKED = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "ours"}


def signature(body: bytes = BODY, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


def reason(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(WebhookRefusedError) as refused:
        call(*arguments, **named)
    return refused.value.reason


def sent(*entries: Any) -> bytes:
    return json.dumps({"object": "whatsapp_business_account", "entry": list(entries)}).encode()


@pytest.mark.parametrize("secrets", [(SECRET,), (SECRET, OTHER), (OTHER, SECRET)])
def test_body_signed_with_any_of_the_secrets_is_believed(secrets: tuple[str, ...]) -> None:
    verify(BODY, signature(), app_secrets=secrets)


@pytest.mark.parametrize("secrets", [(), (OTHER,), (SECRET.upper(),), (SECRET[:-1],)])
def test_body_signed_with_no_secret_is_not(secrets: tuple[str, ...]) -> None:
    assert reason(verify, BODY, signature(), app_secrets=secrets) == "signature-wrong"


def test_signature_of_another_body_is_not_believed() -> None:
    assert reason(verify, BODY + b" ", signature(), app_secrets=(SECRET,)) == "signature-wrong"
    assert reason(verify, BODY, "sha256=" + "0" * 64, app_secrets=(SECRET,)) == "signature-wrong"


@pytest.mark.parametrize(
    "header",
    ["", "sha256=", signature()[7:], signature().upper(), signature() + "0", signature()[:-1], "sha1=" + "0" * 40, "é"],
)
def test_header_of_another_form_is_no_signature(header: str) -> None:
    assert reason(verify, BODY, header, app_secrets=(SECRET,)) == "signature-missing"


def test_challenge_is_repeated_to_who_knows_the_verify_token() -> None:
    assert challenge(urlencode(ASKED), verify_token="ours") == "1158201444"
    assert challenge(urlencode(ASKED | {"hub.challenge": "a_B-9" * 40}), verify_token="ours") == "a_B-9" * 40


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"hub.verify_token": "other"}, "verify-token-wrong"),
        ({"hub.verify_token": "our"}, "verify-token-wrong"),
        ({"hub.mode": "unsubscribe"}, "request-malformed"),
        ({"hub.challenge": "<b>"}, "request-malformed"),
        ({"hub.challenge": "1" * 201}, "request-malformed"),
        ({str(number): "x" for number in range(18)}, "request-malformed"),
    ],
)
def test_challenge_is_not_repeated(change: dict[str, str], expected: str) -> None:
    assert reason(challenge, urlencode(ASKED | change), verify_token="ours") == expected


def test_as_many_parameters_as_meta_could_send_are_read() -> None:
    more = {str(number): "x" for number in range(17)}
    assert challenge(urlencode(ASKED | more), verify_token="ours") == "1158201444"


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        (
            {"id": "2", "changes": [{"field": "account_update", "value": {"waba_info": {"waba_id": "3"}}}]},
            ("3", "account_update", True),
        ),
        ({"id": "2", "changes": [{"field": "account_update", "value": {}}]}, ("2", "account_update", True)),
        ({"id": 2, "changes": [{"field": "account_update", "value": {}}]}, ("2", "account_update", True)),
        ({"id": "2", "changes": [{"field": "account_update"}]}, ("2", "account_update", True)),
        ({"changes": [{"field": "account_update", "value": {}}]}, ("", "account_update", False)),
        ({"id": True, "changes": [{"field": "account_update"}]}, ("", "account_update", False)),
        ({"id": "2/3", "changes": [{"field": "account_update"}]}, ("", "account_update", False)),
        ({"id": "2" * 33, "changes": [{"field": "account_update"}]}, ("", "account_update", False)),
        ({"id": "2" * 32, "changes": [{"field": "messages"}]}, ("2" * 32, "messages", False)),
        ({"id": "2", "changes": [{"field": "Account_Update"}]}, ("2", "", False)),
        ({"id": "2", "changes": [{"field": "a" * 65}]}, ("2", "", False)),
        ({"id": "2", "changes": [{"field": ["messages"]}]}, ("2", "", False)),
        ({"id": "2", "changes": [{}]}, ("2", "", False)),
    ],
)
def test_change_names_its_account_and_its_kind(entry: dict[str, Any], read: tuple[str, str, bool]) -> None:
    found = changes(sent(entry))
    assert found is not None
    (change,) = found
    assert (change.waba_id, change.field, change.is_account_update) == read


def test_all_changes_of_all_entries_are_read() -> None:
    body = sent(
        {"id": "1", "changes": [{"value": 1}, {"value": 2}]}, "x", {"id": "2", "changes": [3, {"value": 4}]}, {}
    )
    assert [(one.waba_id, one.value) for one in changes(body) or []] == [("1", 1), ("1", 2), ("2", 4)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b"null",
        b"{}",
        b'{"object": "page", "entry": []}',
        b'{"object": "whatsapp_business_account"}',
        b'{"object": "whatsapp_business_account", "entry": {}}',
        b'{"object": "whatsapp_business_account", "entry": [NaN]}',
    ],
)
def test_body_that_is_something_else_has_no_changes(body: bytes) -> None:
    assert changes(body) is None


def test_event_holds_what_meta_sent() -> None:
    change = Change("3", "messages", {"text": "Hello"})
    assert change.details(stack="shop", max_bytes=1_000) == [
        {"stack": "shop", "waba_id": "3", "field": "messages", "value": {"text": "Hello"}}
    ]
