"""What IAM decides where the emulator does not: encryption contexts, source conditions, another stack's resources."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.template.iam import Request, allows, of_document, statements
from tests.template.resolve import Deployment, deploy
from tests.template.rights import RIGHTS, parameter, rights

CONTEXT = "kms:EncryptionContext:PARAMETER_ARN"
ACCOUNT, OTHER_ACCOUNT = "111122223333", "999988887777"
TOKEN, METADATA, SECRET = "/connections/1/access-token", "/connections/1/metadata", "/app-secret"
PIN, VERIFY_TOKEN = "/pins/1", "/webhook-verify-token"
PURPOSE = "kms:EncryptionContext:purpose"
RECORD, RECORD_PIN = "access-token", "pin"
"""Instead of a parameter: the token or a PIN in a record, which are encrypted for a purpose of their own."""
MAY_USE_THE_KEY = {
    ("CallbackRole", "kms:Decrypt", SECRET),
    ("CallbackRole", "kms:Encrypt", TOKEN),
    ("CallbackRole", "kms:GenerateDataKey", TOKEN),
    ("CallbackRole", "kms:Encrypt", RECORD),
    ("PublishRole", "kms:Decrypt", RECORD),
    ("PublishRole", "kms:Decrypt", RECORD_PIN),
    ("PublishRole", "kms:Encrypt", TOKEN),
    ("PublishRole", "kms:Encrypt", PIN),
    ("PublishRole", "kms:GenerateDataKey", TOKEN),
    ("ScheduleRole", "kms:Decrypt", SECRET),
    # It compares the version of a token parameter, and has no right to read it.
    ("CheckRole", "kms:Decrypt", SECRET),
    ("CheckRole", "kms:Decrypt", RECORD),
    ("CheckRole", "kms:Encrypt", RECORD),
    ("CheckRole", "kms:Decrypt", PIN),
    ("CheckRole", "kms:Decrypt", RECORD_PIN),
    ("CheckRole", "kms:Encrypt", RECORD_PIN),
    ("DeauthorizeRole", "kms:Decrypt", SECRET),
    ("DeauthorizeRole", "kms:Decrypt", RECORD),
    ("DeleteDataRole", "kms:Decrypt", SECRET),
    ("DeleteDataRole", "kms:Decrypt", RECORD),
    ("WhatsAppWebhookRole", "kms:Decrypt", SECRET),
    ("WhatsAppWebhookRole", "kms:Decrypt", VERIFY_TOKEN),
    ("TokenReaderPolicy", "kms:Decrypt", TOKEN),
}
KEY_ACTIONS = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:CreateGrant")
PATHS = (TOKEN, METADATA, SECRET, PIN, VERIFY_TOKEN, "/connections/access-token", "/another")


def context(deployment: Deployment, what: str) -> dict[str, str]:
    """Return what KMS is told of a token in a record, as Cipher says it, or of a parameter."""
    if what in {RECORD, RECORD_PIN}:
        return {PURPOSE: what, "kms:EncryptionContext:connection_id": "1"}
    return {CONTEXT: parameter(deployment, what)}


@pytest.fixture(scope="module", params=["shop-2", "hop", "shop-prod"])
def neighbour(translated: dict[str, Any], request: pytest.FixtureRequest) -> Deployment:
    """Deploy a second stack into the same account and Region, with a name that is like the first one's."""
    return deploy(translated, request.param)


@pytest.mark.parametrize("role", RIGHTS)
def test_the_key_is_used_for_records_and_named_parameters_only(deployment: Deployment, role: str) -> None:
    policy = statements(deployment.properties(role))
    key = deployment.arn("TokenEncryptionKey")
    allowed = {
        (role, action, what)
        for action in KEY_ACTIONS
        for what in (*PATHS, RECORD, RECORD_PIN)
        if allows(policy, Request(action, key, context(deployment, what)))
    }
    assert allowed == {case for case in MAY_USE_THE_KEY if case[0] == role}
    assert not any(allows(policy, Request(action, key)) for action in KEY_ACTIONS)
    for action in KEY_ACTIONS:
        assert not allows(policy, Request(action, key, {"kms:EncryptionContext:other": "x"}))
        assert not allows(policy, Request(action, key, {PURPOSE: "metadata"}))


@pytest.mark.parametrize("role", RIGHTS)
def test_role_has_no_rights_on_another_stack(deployment: Deployment, neighbour: Deployment, role: str) -> None:
    policy = statements(deployment.properties(role))
    targets = {right.arn for other in RIGHTS for right in rights(other, neighbour)} - {"*"}
    targets = {arn.replace("*", "1") for arn in targets if not arn.endswith("event-bus/default")}
    assert len(targets) > 20
    for arn in targets:
        for action in {action for about in RIGHTS.values() for action in about} - {"dynamodb:ListStreams"}:
            for told in ({}, context(deployment, TOKEN), context(deployment, RECORD)):
                assert not allows(policy, Request(action, arn, told)), (action, arn)


@pytest.mark.parametrize("role", RIGHTS)
def test_shared_key_does_not_open_parameters_of_the_other_stack(translated: dict[str, Any], role: str) -> None:
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/shared"
    ours, theirs = deploy(translated, TokenKey=key), deploy(translated, "stall", TokenKey=key)
    policy = statements(ours.properties(role))
    for action in KEY_ACTIONS:
        for path in PATHS:
            assert not allows(policy, Request(action, key, {CONTEXT: parameter(theirs, path)}))


def test_only_this_stacks_rule_gets_the_role_that_publishes(deployment: Deployment) -> None:
    trust = of_document(deployment.properties("AlertRuleRole")["AssumeRolePolicyDocument"])
    rule = deployment.arn("AlertRule")

    def may_assume(service: str, source: Mapping[str, str]) -> bool:
        return allows(trust, Request("sts:AssumeRole", "", source, {"Service": service}))

    assert may_assume("events.amazonaws.com", {"aws:SourceArn": rule, "aws:SourceAccount": ACCOUNT})
    for source in (
        {"aws:SourceArn": rule.replace("shop", "stall"), "aws:SourceAccount": ACCOUNT},
        {"aws:SourceArn": rule + "-2", "aws:SourceAccount": ACCOUNT},
        {"aws:SourceArn": rule.replace(ACCOUNT, OTHER_ACCOUNT), "aws:SourceAccount": OTHER_ACCOUNT},
        {"aws:SourceArn": rule},
        {"aws:SourceAccount": ACCOUNT},
        {},
    ):
        assert not may_assume("events.amazonaws.com", source), source
    assert not may_assume("lambda.amazonaws.com", {"aws:SourceArn": rule, "aws:SourceAccount": ACCOUNT})


def test_only_schedules_of_this_account_get_the_role_that_starts_the_schedule(deployment: Deployment) -> None:
    trust = of_document(deployment.properties("ScheduleInvokeRole")["AssumeRolePolicyDocument"])

    def may_assume(account: str, service: str = "scheduler.amazonaws.com") -> bool:
        context = {"aws:SourceAccount": account}
        return allows(trust, Request("sts:AssumeRole", "", context, {"Service": service}))

    assert may_assume(ACCOUNT)
    assert not may_assume(OTHER_ACCOUNT)
    assert not may_assume(ACCOUNT, "events.amazonaws.com")


def test_only_this_stacks_alarms_reach_the_topic(deployment: Deployment) -> None:
    """CloudFormation names an alarm by stack, logical ID and a random part, so the pattern ends with *."""
    policy = of_document(deployment.properties("AlertTopicPolicy")["PolicyDocument"])

    def may_publish(
        alarm: str,
        account: str = ACCOUNT,
        service: str = "cloudwatch.amazonaws.com",
        topic: str = "AlertTopic",
    ) -> bool:
        source = {
            "aws:SourceArn": f"arn:aws:cloudwatch:eu-west-1:{account}:alarm:{alarm}",
            "aws:SourceAccount": account,
        }
        return allows(policy, Request("sns:Publish", deployment.arn(topic), source, principal={"Service": service}))

    for name in deployment.of_type("AWS::CloudWatch::Alarm"):
        assert may_publish(f"shop-{name}-1A2B3C4D5E6F7")
    assert not may_publish("stall-ThrottlesAlarm-1A2B3C4D5E6F7")
    assert not may_publish("workshop-ThrottlesAlarm-1A2B3C4D5E6F7")
    assert not may_publish("shop-ThrottlesAlarm-1A2B3C4D5E6F7", OTHER_ACCOUNT)
    # EventBridge fulfils no condition in a topic's policy, so a statement for it would be one for everybody's rules.
    assert not may_publish("shop-ThrottlesAlarm-1A2B3C4D5E6F7", service="events.amazonaws.com")


def test_only_this_stacks_rule_reaches_the_queue_of_lost_alerts(deployment: Deployment) -> None:
    policy = of_document(deployment.properties("AlertFailuresPolicy")["PolicyDocument"])
    queue, rule = deployment.arn("AlertFailures"), deployment.arn("AlertRule")

    def may_send(source: str, service: str = "events.amazonaws.com") -> bool:
        request = Request("sqs:SendMessage", queue, {"aws:SourceArn": source}, {"Service": service})
        return allows(policy, request)

    assert may_send(rule)
    assert not may_send(rule.replace("shop", "stall"))
    assert not may_send(rule.replace(ACCOUNT, OTHER_ACCOUNT))
    assert not may_send(rule, "sns.amazonaws.com")


def test_publish_puts_events_of_our_source_only(deployment: Deployment) -> None:
    policy = statements(deployment.properties("PublishRole"))
    bus = f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default"
    assert allows(policy, Request("events:PutEvents", bus, {"events:source": "whatsapp-connect"}))
    assert not allows(policy, Request("events:PutEvents", bus, {"events:source": "aws.ssm"}))
    assert not allows(policy, Request("events:PutEvents", bus))
    assert not allows(policy, Request("events:PutEvents", bus.replace("default", "other")))
