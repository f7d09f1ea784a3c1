"""What other services refuse, as the strict layer before the emulator knows it."""

import base64
from typing import Any

import pytest

from local.strict import access, http_api, services
from local.strict.limits import DEFAULT, ON_AWS, Limits
from local.strict.pace import Pace
from local.strict.refusal import Refusal

EVENTS, CLOUDWATCH = "events.amazonaws.com", "cloudwatch.amazonaws.com"


def code(answer: Refusal | None) -> str | None:
    return answer and answer.code


@pytest.mark.parametrize(
    ("size", "expected"), [(0, "ValidationException"), (1, None), (4096, None), (4097, "ValidationException")]
)
def test_kms_encrypts_up_to_4096_bytes(size: int, expected: str | None) -> None:
    plaintext = base64.b64encode(b"x" * size).decode()
    assert code(services.refuse_encrypt({"Plaintext": plaintext})) == expected


@pytest.mark.parametrize(("token", "expected"), [("x" * 36, None), ("x" * 37, "ValidationException"), (None, None)])
def test_transaction_token_has_36_characters_at_most(token: str | None, expected: str | None) -> None:
    assert code(services.refuse_transaction_token({"ClientRequestToken": token})) == expected


@pytest.mark.parametrize(("visibility", "expected"), [(59, "InvalidParameterValueException"), (60, None)])
def test_queue_hides_a_message_as_long_as_the_function_may_run(visibility: int, expected: str | None) -> None:
    refusal = services.refuse_event_source(visibility_timeout=visibility, function_timeout=60)
    assert code(refusal) == expected


def test_second_schedule_of_a_name_conflicts_within_its_group() -> None:
    existing = {"default/hourly"}
    assert code(services.refuse_schedule("hourly", group="default", existing=existing)) == "ConflictException"
    assert services.refuse_schedule("hourly", group="other", existing=existing) is None


@pytest.mark.parametrize(
    ("regions", "is_new", "is_refused"),
    [
        (set(), True, False),
        ({"us-east-1"}, True, True),
        ({"eu-west-1"}, True, True),
        ({"us-east-1"}, False, False),
        ({"eu-west-1"}, False, True),
    ],
)
def test_dashboard_of_another_stack_is_not_overwritten(regions: set[str], *, is_new: bool, is_refused: bool) -> None:
    refusal = services.refuse_dashboard("d", region="us-east-1", regions=regions, is_new=is_new)
    assert bool(refusal) == is_refused


def test_attached_policy_cannot_be_deleted() -> None:
    assert code(services.refuse_policy_deletion(attachments=1)) == "DeleteConflict"
    assert services.refuse_policy_deletion(attachments=0) is None


def statement(**about: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"Service": EVENTS},
        "Action": "sns:Publish",
        "Resource": "t",
    } | about


def test_eventbridge_meets_no_topic_statement_with_a_condition() -> None:
    plain, conditional = statement(), statement(Condition={"StringEquals": {"aws:SourceAccount": "1"}})
    denied = conditional | {"Effect": "Deny"}
    policy = {"Version": "2012-10-17", "Statement": [plain, conditional, denied]}
    assert access.for_eventbridge(policy) == policy | {"Statement": [plain, denied]}
    assert access.for_eventbridge({"Statement": conditional})["Statement"] == []


@pytest.mark.parametrize(
    ("principal", "is_named"),
    [
        ({"Service": EVENTS}, True),
        ({"Service": [CLOUDWATCH, EVENTS]}, True),
        ("*", True),
        ({"AWS": "*"}, True),
        ({"Service": CLOUDWATCH}, False),
        ({"AWS": "arn:aws:iam::000000000000:root"}, False),
        (None, False),
    ],
)
def test_service_acts_by_statements_that_name_it(principal: object, *, is_named: bool) -> None:
    assert bool(access.naming(EVENTS, {"Statement": [statement(Principal=principal)]})["Statement"]) == is_named


def test_policies_get_encryption_context_and_event_source() -> None:
    context = {"connection_id": "1", "purpose": "access-token"}
    assert access.condition_keys("kms", {"EncryptionContext": context}) == {
        "kms:EncryptionContext:connection_id": "1",
        "kms:EncryptionContext:purpose": "access-token",
        "kms:EncryptionContextKeys": ["connection_id", "purpose"],
    }
    entry = {"Source": "whatsapp-connect", "DetailType": "Connected"}
    assert access.condition_keys("events", {"Entries": [entry, entry | {"DetailType": "Expired"}]}) == {
        "events:source": "whatsapp-connect",
        "events:detail-type": ["Connected", "Expired"],
    }
    sender = {"FromEmailAddress": "=?utf-8?q?L=C3=B6we?= <service@example.com>"}
    assert access.condition_keys("ses", sender) == {"ses:FromAddress": "service@example.com"}
    assert access.condition_keys("ssm", {"Name": "a"}) == {}


@pytest.mark.parametrize(
    ("operation", "request_", "is_advanced", "expected"),
    [
        ("PutParameter", {}, False, "kms:Encrypt"),
        ("PutParameter", {}, True, "kms:GenerateDataKey"),
        ("GetParameter", {"WithDecryption": True}, False, "kms:Decrypt"),
        ("GetParameter", {}, False, None),
        ("DeleteParameter", {}, False, None),
    ],
)
def test_parameter_store_uses_the_key_with_the_rights_of_its_caller(
    operation: str, request_: dict[str, Any], *, is_advanced: bool, expected: str | None
) -> None:
    assert access.key_action(operation, request_, is_advanced=is_advanced) == expected


def test_pace_allows_a_burst_and_then_the_rate() -> None:
    now = [100.0]
    pace = Pace(lambda: now[0])

    def taken(requests: int, key: str = "writes") -> int:
        return sum(pace.allows(key, rate=3, burst=3) for _ in range(requests))

    assert taken(5) == 3
    assert taken(1, key="of another account") == 1
    now[0] += 1 / 3 + 1e-6
    assert taken(5) == 1
    now[0] += 60
    assert taken(5) == 3


STAGE = {
    "defaultRouteSettings": {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10},
    "routeSettings": {"GET /connect": {"throttlingRateLimit": 20, "throttlingBurstLimit": 40}},
}


@pytest.mark.parametrize(
    ("stage", "route", "expected"),
    [
        (STAGE, "GET /connect", (20, 40)),
        (STAGE, "GET /callback", (5, 10)),
        ({}, "GET /connect", None),
        ({"defaultRouteSettings": None}, "GET /connect", None),
    ],
)
def test_route_is_throttled_by_its_own_setting_or_the_stages(
    stage: dict[str, Any], route: str, expected: tuple[int, int] | None
) -> None:
    assert http_api.throttle(stage, route) == expected


def test_limits_reach_the_emulator_as_they_are() -> None:
    assert Limits.from_json(ON_AWS.to_json()) == ON_AWS != DEFAULT
