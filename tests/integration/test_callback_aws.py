"""DynamoDB and Parameter Store refusing, and logins that end half way."""

from collections.abc import Callable
from time import time
from types import ModuleType

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from tests.support import stack
from tests.support.browser import Browser, Reply, assert_ended
from tests.support.facebook import Facebook
from tests.support.stored import Earlier, Kept
from tests.support.outage import WORDS, Outage, watch

MARIA = "122100000000000001"
WAIT = ["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"]
REFUSED = ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [*((code, "aws-busy") for code in WAIT), *((code, "unexpected") for code in REFUSED)],
)
def test_a_fault_while_looking_up_the_state_is_never_read_as_a_bad_state(
    browser: Browser, callback: ModuleType, facebook: Facebook, code: str, reason: str
) -> None:
    query = browser.log_in()
    Outage(callback._dynamodb, "UpdateItem", code, times=1)
    reply = browser.come_back(query)
    line = assert_ended(reply, reason)
    assert (line["aws_error"], line["aws_operation"]) == (code, "UpdateItem")
    assert WORDS not in str(reply)
    assert facebook.exchanges == 0
    assert_ended(browser.come_back(query), "connected")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ParameterNotFound", "app-secret-missing"),
        ("ThrottlingException", "token-not-kept"),
        ("InternalServerError", "token-not-kept"),
        ("AccessDeniedException", "unexpected"),
        ("InvalidKeyId", "unexpected"),
    ],
)
def test_without_the_app_secret_no_code_is_sent(
    browser: Browser, callback: ModuleType, facebook: Facebook, code: str, reason: str
) -> None:
    Outage(callback.vault._client, "GetParameter", code, times=1)
    reply = browser.finish()
    assert_ended(reply, reason)
    assert WORDS not in str(reply)
    assert facebook.exchanges == 0
    assert_ended(browser.finish(), "connected")


@pytest.mark.parametrize("value", ["\n", " \n\t\n "])
def test_an_empty_app_secret_is_a_missing_one(
    browser: Browser, facebook: Facebook, deployed: boto3.Session, value: str
) -> None:
    stack.put_app_secret(deployed, value)
    assert_ended(browser.finish(), "app-secret-missing")
    assert facebook.exchanges == 0


def test_text_that_is_no_app_secret_is_described_in_the_log_and_never_sent(
    browser: Browser, facebook: Facebook, deployed: boto3.Session
) -> None:
    value = f"{stack.APP_SECRET[:-1]}\u0661"
    stack.put_app_secret(deployed, value)
    reply = browser.finish()
    line = assert_ended(reply, "app-secret-malformed")
    assert line["ignored"] == ["line 1: not 32 hexadecimal digits but characters beyond ASCII"]
    assert stack.APP_SECRET[:-1] not in str(reply)
    assert facebook.exchanges == 0


def test_a_byte_order_mark_before_the_app_secret_does_no_harm(
    browser: Browser, facebook: Facebook, deployed: boto3.Session
) -> None:
    stack.put_app_secret(deployed, f"\ufeff{stack.APP_SECRET}\r\n")
    assert_ended(browser.finish(), "connected")
    assert facebook.exchanges == 1


def test_the_first_of_two_app_secrets_is_used(
    browser: Browser, facebook: Facebook, deployed: boto3.Session
) -> None:
    stack.put_app_secret(deployed, f"{stack.APP_SECRET}\nfedcba9876543210fedcba9876543210\n")
    assert_ended(browser.finish(), "connected")
    assert facebook.exchanges == 1


@pytest.mark.parametrize(
    ("code", "reason"),
    [*((code, "token-not-kept") for code in WAIT), *((code, "unexpected") for code in REFUSED)],
)
def test_no_token_is_stored_that_has_no_record(
    browser: Browser, callback: ModuleType, facebook: Facebook, earlier: Earlier, *, code: str, reason: str
) -> None:
    Outage(callback._dynamodb, "UpdateItem", code, skip=1, times=1)
    assert_ended(browser.finish(), reason)
    assert facebook.exchanges == 1
    earlier.assert_unchanged()
    assert_ended(browser.finish(), "connected")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ThrottlingException", "token-not-kept"),
        ("InternalServerError", "token-not-kept"),
        ("TooManyUpdates", "token-not-kept"),
        ("AccessDeniedException", "unexpected"),
        ("InvalidKeyId", "unexpected"),
        ("ParameterLimitExceeded", "unexpected"),
    ],
)
@pytest.mark.usefixtures("pauses")
def test_a_token_that_cannot_be_stored_leaves_the_earlier_one(
    browser: Browser, callback: ModuleType, facebook: Facebook, earlier: Earlier, *, code: str, reason: str
) -> None:
    Outage(callback.vault._client, "PutParameter", code, times=4 if code == "TooManyUpdates" else 1)
    reply = browser.finish()
    line = assert_ended(reply, reason)
    assert line["aws_error"] == code
    assert WORDS not in str(reply)
    assert facebook.exchanges == 1
    earlier.assert_unchanged(lease_taken=True)
    assert_ended(browser.finish(), "connected")


def test_a_first_connection_that_cannot_be_stored_is_known_and_due_soon(
    browser: Browser, callback: ModuleType, kept: Kept
) -> None:
    Outage(callback.vault._client, "PutParameter", "AccessDeniedException")
    assert_ended(browser.finish(), "unexpected")
    assert kept.parameters() == {}
    (record,) = kept.records()
    assert record["status"] == "pending"
    assert int(record["next_check_at"]) <= time() + 300
    assert not record.keys() & {"token_version", "connected_at", "lease_until", "lease_owner"}


def test_two_writers_of_one_parameter_wait_for_each_other(
    browser: Browser, callback: ModuleType, kept: Kept, pauses: list[float]
) -> None:
    Outage(callback.vault._client, "PutParameter", "TooManyUpdates", times=3)
    assert_ended(browser.finish(), "connected")
    assert len(pauses) == 3
    assert kept.token(MARIA)


@pytest.mark.parametrize(
    ("code", "reason"),
    [*((code, "token-not-kept") for code in WAIT), *((code, "unexpected") for code in REFUSED)],
)
def test_a_token_stored_but_not_recorded_is_due_for_a_check_soon(
    browser: Browser, callback: ModuleType, kept: Kept, code: str, reason: str
) -> None:
    Outage(callback._dynamodb, "UpdateItem", code, skip=2, times=1)
    assert_ended(browser.finish(), reason)
    assert kept.token(MARIA)
    (record,) = kept.records()
    assert record["status"] == "pending"
    assert "token_version" not in record
    assert record["due"] == "due"
    assert int(record["next_check_at"]) <= time() + 300


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url="https://dynamodb.example"),
        ConnectTimeoutError(endpoint_url="https://dynamodb.example"),
        ReadTimeoutError(endpoint_url="https://dynamodb.example"),
    ],
)
def test_dynamodb_out_of_reach_is_a_reason_to_wait(
    browser: Browser, callback: ModuleType, facebook: Facebook, error: Exception
) -> None:
    def fail(**_: object) -> None:
        raise error

    watch(callback._dynamodb, "UpdateItem", fail)
    assert_ended(browser.finish(), "aws-busy")
    assert facebook.exchanges == 0


@pytest.mark.usefixtures("pauses")
def test_the_sdk_waits_out_a_little_throttling(browser: Browser, callback: ModuleType) -> None:
    for client, operation in ((callback._dynamodb, "UpdateItem"), (callback.vault._client, "PutParameter")):
        Outage(client, operation, "ThrottlingException", times=2, on_the_wire=True)
    assert_ended(browser.finish(), "connected")


def die(**_: object) -> None:
    raise SystemExit


def test_a_login_that_dies_holding_the_lease_delays_the_next_one_and_no_more(
    browser: Browser,
    callback: ModuleType,
    earlier: Earlier,
    kept: Kept,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(callback.vault, "put_token", die_with_arguments)
        with pytest.raises(SystemExit):
            browser.finish()
    earlier.assert_unchanged(lease_taken=True)
    with monkeypatch.context() as patch:
        patch.setattr("whatsapp_connect.connections.monotonic", lambda: float("inf"))
        assert_ended(browser.finish(), "connection-busy")
    earlier.assert_unchanged(lease_taken=True)
    monkeypatch.setattr(callback.connections, "_clock", lambda: time() + 32)
    assert_ended(browser.finish(), "connected")
    record = kept.record(MARIA)
    assert record
    assert record["token_version"] == 2
    assert "lease_until" not in record


def die_with_arguments(*_: object) -> None:
    raise SystemExit


def test_a_login_that_dies_between_token_and_record_is_made_good_by_the_next(
    browser: Browser, callback: ModuleType, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(callback.connections, "finish", lambda *_, **__: die())
        with pytest.raises(SystemExit):
            browser.finish()
    assert kept.records()[0]["status"] == "pending"
    monkeypatch.setattr(callback.connections, "_clock", lambda: time() + 32)
    assert_ended(browser.finish(), "connected")
    (record,) = kept.records()
    assert (record["status"], record["token_version"]) == ("active", 2)


def test_a_writer_that_was_overtaken_does_not_finish(
    browser: Browser,
    new_browser: Callable[[], Browser],
    callback: ModuleType,
    kept: Kept,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put_token = callback.vault.put_token
    overtaking: list[Reply | None] = []

    def put_token_late(*arguments: object) -> object:
        version = put_token(*arguments)
        if not overtaking:
            monkeypatch.setattr(callback.connections, "_clock", lambda: time() + 32)
            overtaking.append(None)
            overtaking[0] = new_browser().finish()
        return version

    monkeypatch.setattr(callback.vault, "put_token", put_token_late)
    late = browser.finish()
    assert late.title == "We could not save the connection"
    assert late.metric("LoginEnded") == ["connection-busy"]
    record = kept.record(MARIA)
    assert record
    assert (record["status"], record["token_version"], record["generation"]) == ("active", 2, 2)


def test_a_writer_at_work_is_waited_for(
    browser: Browser, callback: ModuleType, kept: Kept, pauses: list[float]
) -> None:
    lease = callback.connections.begin_login(MARIA, user_id=MARIA, parameter_name="/x", deadline=0)
    calls: list[None] = []

    def give_back_at_the_third(**_: object) -> None:
        calls.append(None)
        if len(calls) == 3:
            callback.connections.abandon(lease)

    watch(callback._dynamodb, "UpdateItem", give_back_at_the_third)
    assert_ended(browser.finish(), "connected")
    assert len(pauses) == 1
    assert kept.record(MARIA)
