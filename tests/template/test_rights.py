"""What each role may do, in full, and whom the stack's roles, topic, queue, key and functions let in."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.template.iam import listed, of_document, statements
from tests.template.resolve import Deployment, deploy
from tests.template.rights import RIGHTS, Right, rights

KEY = "arn:aws:kms:eu-west-1:111122223333:key/mine"
POLICIES = {"AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::IAM::ManagedPolicy"}
LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
TRUST = {
    "AlertRuleRole": {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnEquals": {"aws:SourceArn": "arn:aws:events:eu-west-1:111122223333:rule/shop-alerts"},
        },
    },
    "ScheduleInvokeRole": {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
    },
}
"""Whom a role trusts, where that is not Lambda."""


def granted(properties: Mapping[str, Any]) -> Iterator[Right]:
    for statement in statements(properties):
        assert statement.keys() <= {"Effect", "Action", "Resource", "Condition"}
        assert statement["Effect"] == "Allow"
        condition = tuple(
            (operator, key, tuple(listed(values)))
            for operator, about in statement.get("Condition", {}).items()
            for key, values in about.items()
        )
        for action in listed(statement["Action"]):
            for resource in listed(statement["Resource"]):
                yield Right(action, resource, condition)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"TokenKey": KEY, "ParameterPrefix": "/of/ours"},
        {"TokenKey": KEY, "PreviousTokenKey": KEY.replace("mine", "earlier")},
        {"PreviousTokenKey": KEY},
        {"ForwardWebhooks": "enabled"},
    ],
)
@pytest.mark.parametrize("role", RIGHTS)
def test_role_has_exactly_these_rights(translated: dict[str, Any], role: str, parameters: dict[str, str]) -> None:
    deployment = deploy(translated, **parameters)
    assert Counter(granted(deployment.properties(role))) == Counter(rights(role, deployment))


def test_there_is_no_other_role_or_policy(deployment: Deployment) -> None:
    found = {
        name
        for name, resource in deployment.resources.items()
        if "Policy" in resource["Type"] or resource["Type"].startswith("AWS::IAM::")
    }
    assert found == {*RIGHTS, "AlertTopicPolicy", "AlertFailuresPolicy"}


def test_role_has_only_its_own_policy(deployment: Deployment) -> None:
    for name, role in deployment.of_type("AWS::IAM::Role").items():
        assert role.keys() == {"AssumeRolePolicyDocument", "Policies"}, name
        (policy,) = role["Policies"]
        assert policy.keys() == {"PolicyName", "PolicyDocument"}, name
    # Attached by operators to roles of their own.
    for policy in ("TokenReaderPolicy", "LinkCreatorPolicy"):
        assert deployment.properties(policy).keys() == {"Description", "PolicyDocument"}


@pytest.mark.parametrize("role", sorted(RIGHTS.keys() - {"TokenReaderPolicy", "LinkCreatorPolicy"}))
def test_role_can_be_assumed_only_by_its_service(deployment: Deployment, role: str) -> None:
    assert of_document(deployment.properties(role)["AssumeRolePolicyDocument"]) == [TRUST.get(role, LAMBDA)]


def test_every_role_is_bounded_where_the_account_demands_it(translated: dict[str, Any]) -> None:
    boundary = "arn:aws:iam::111122223333:policy/boundary"
    roles = deploy(translated, PermissionsBoundary=boundary).of_type("AWS::IAM::Role")
    assert {role["PermissionsBoundary"] for role in roles.values()} == {boundary}


def test_the_topic_takes_messages_of_this_stacks_alarms(deployment: Deployment) -> None:
    policy = deployment.properties("AlertTopicPolicy")
    topic = "arn:aws:sns:eu-west-1:111122223333:shop-AlertTopic"
    assert policy["Topics"] == [topic]
    assert of_document(policy["PolicyDocument"]) == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "111122223333"},
                "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:shop-*"},
            },
        }
    ]


def test_the_queue_of_lost_alerts_takes_them_of_the_rule(deployment: Deployment) -> None:
    policy = deployment.properties("AlertFailuresPolicy")
    assert policy["Queues"] == ["https://sqs.eu-west-1.amazonaws.com/111122223333/shop-AlertFailures"]
    assert of_document(policy["PolicyDocument"]) == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "arn:aws:sqs:eu-west-1:111122223333:shop-AlertFailures",
            "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:eu-west-1:111122223333:rule/shop-alerts"}},
        }
    ]


def test_the_key_leaves_it_to_the_accounts_policies(deployment: Deployment) -> None:
    assert of_document(deployment.properties("TokenEncryptionKey")["KeyPolicy"]) == [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ]


def test_a_function_is_invoked_by_its_own_routes_only(deployment: Deployment) -> None:
    api = "arn:aws:execute-api:eu-west-1:111122223333:shop-Api/*/"
    permissions = deployment.of_type("AWS::Lambda::Permission").values()
    assert {(permission["FunctionName"], permission["SourceArn"].removeprefix(api)) for permission in permissions} == {
        ("shop-AuthorizeFunction", "GET/connect"),
        ("shop-AuthorizeFunction", "GET/connect/*"),
        ("shop-AuthorizeFunction", "GET/reconnect/*"),
        ("shop-CallbackFunction", "GET/callback"),
        ("shop-CallbackFunction", "POST/callback/signup"),
        ("shop-DeauthorizeFunction", "POST/deauthorize"),
        ("shop-DeleteDataFunction", "POST/data-deletion"),
        ("shop-DeleteDataFunction", "GET/data-deletion/*"),
        ("shop-WhatsAppWebhookFunction", "GET/whatsapp-webhook"),
        ("shop-WhatsAppWebhookFunction", "POST/whatsapp-webhook"),
        ("shop-FallbackFunction", "*"),
    }
    for permission in permissions:
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["Action"] == "lambda:InvokeFunction"
    assert not deployment.of_type("AWS::Lambda::Url")
