"""Everything each role may do, and a reader. A right that is added must be added here, by somebody who can say why."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.template.resolve import Deployment

RIGHTS = {
    "AuthorizeRole": {
        "logs:CreateLogStream": "AuthorizeLogGroup",
        "logs:PutLogEvents": "AuthorizeLogGroup",
        "dynamodb:PutItem": "StateTable",
        "dynamodb:GetItem": "LinkTable",
    },
    "CallbackRole": {
        "logs:CreateLogStream": "CallbackLogGroup",
        "logs:PutLogEvents": "CallbackLogGroup",
        "dynamodb:UpdateItem": "StateTable ConnectionTable LinkTable",
        "dynamodb:GetItem": "LinkTable",
        "ssm:GetParameter": "/app-secret",
        "ssm:PutParameter": "/connections/*/access-token",
        "kms:Decrypt": "TokenEncryptionKey",
        "kms:Encrypt": "TokenEncryptionKey",
        "kms:GenerateDataKey": "TokenEncryptionKey",
    },
    "AnnounceRole": {
        "logs:CreateLogStream": "AnnounceLogGroup",
        "logs:PutLogEvents": "AnnounceLogGroup",
        "dynamodb:DescribeStream": "ConnectionTable",
        "dynamodb:GetRecords": "ConnectionTable",
        "dynamodb:GetShardIterator": "ConnectionTable",
        "dynamodb:ListStreams": "*",
        "ssm:PutParameter": "/connections/*/metadata",
        "ssm:DeleteParameter": "/connections/*/metadata",
        "events:PutEvents": ":event-bus/default",
        "sqs:SendMessage": "AnnounceFailures",
    },
    "RenewRole": {
        "logs:CreateLogStream": "RenewLogGroup",
        "logs:PutLogEvents": "RenewLogGroup",
        "dynamodb:UpdateItem": "ConnectionTable",
        "dynamodb:DeleteItem": "ConnectionTable",
        "dynamodb:GetItem": "ConnectionTable",
        "dynamodb:Query": "/index/by-due",
        "ssm:GetParameter": "/app-secret /connections/*",
        "ssm:GetParametersByPath": "/connections",
        "ssm:PutParameter": "/connections/*/access-token",
        "ssm:DeleteParameter": "/connections/*/access-token",
        "sqs:SendMessage": "RenewFailures",
        "kms:Decrypt": "TokenEncryptionKey",
        "kms:Encrypt": "TokenEncryptionKey",
        "kms:GenerateDataKey": "TokenEncryptionKey",
    },
    "FallbackRole": {
        "logs:CreateLogStream": "FallbackLogGroup",
        "logs:PutLogEvents": "FallbackLogGroup",
    },
    "AlertRuleRole": {"sns:Publish": "AlertTopic"},
    "RenewScheduleRole": {"lambda:InvokeFunction": "RenewFunction", "sqs:SendMessage": "RenewFailures"},
    "DeauthorizeRole": {
        "logs:CreateLogStream": "DeauthorizeLogGroup",
        "logs:PutLogEvents": "DeauthorizeLogGroup",
        "dynamodb:UpdateItem": "ConnectionTable",
        "dynamodb:DeleteItem": "ConnectionTable",
        "dynamodb:Query": "/index/by-user",
        "ssm:GetParameter": "/app-secret",
        "ssm:DeleteParameter": "/connections/*/access-token",
        "kms:Decrypt": "TokenEncryptionKey",
    },
    "DeleteDataRole": {
        "logs:CreateLogStream": "DeleteDataLogGroup",
        "logs:PutLogEvents": "DeleteDataLogGroup",
        "dynamodb:UpdateItem": "ConnectionTable",
        "dynamodb:DeleteItem": "ConnectionTable",
        "dynamodb:Query": "/index/by-user",
        "dynamodb:PutItem": "StateTable",
        "dynamodb:GetItem": "StateTable",
        "ssm:GetParameter": "/app-secret",
        "ssm:DeleteParameter": "/connections/*/access-token",
        "kms:Decrypt": "TokenEncryptionKey",
    },
    "TokenReaderPolicy": {
        "ssm:GetParameter": "/connections/*",
        "ssm:GetParameters": "/connections/*",
        "kms:Decrypt": "TokenEncryptionKey",
    },
}

CONTEXTS = {
    "CallbackRole": {
        "kms:Decrypt": "/app-secret",
        "kms:Encrypt": "/connections/*/access-token",
        "kms:GenerateDataKey": "/connections/*/access-token",
    },
    "RenewRole": {
        "kms:Decrypt": "/app-secret /connections/*/access-token",
        "kms:Encrypt": "/connections/*/access-token",
        "kms:GenerateDataKey": "/connections/*/access-token",
    },
    "DeauthorizeRole": {"kms:Decrypt": "/app-secret"},
    "DeleteDataRole": {"kms:Decrypt": "/app-secret"},
    "TokenReaderPolicy": {"kms:Decrypt": "/connections/*/access-token"},
}
"""The parameters for which the key may be used: Parameter Store names them in the encryption context.

https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
"""


class Right(NamedTuple):
    """One action on one ARN, under a condition: (operator, key, values), or nothing."""

    action: str
    arn: str
    condition: tuple[tuple[str, str, tuple[str, ...]], ...]


def rights(role: str, deployment: Deployment) -> Iterator[Right]:
    """Return what the tables above give a role, in full."""
    for action, places in RIGHTS[role].items():
        for place in places.split():
            yield Right(action, _arn(place, action, deployment), tuple(_conditions(role, action, deployment)))


def parameter(deployment: Deployment, path: str) -> str:
    """Return the ARN of a parameter below the stack's prefix."""
    prefix = deployment.outputs["ParameterPrefix"]
    return f"arn:aws:ssm:{deployment.region}:{deployment.account}:parameter{prefix}{path}"


def _conditions(role: str, action: str, deployment: Deployment) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    if action.startswith("kms:"):
        arns = tuple(parameter(deployment, path) for path in CONTEXTS[role][action].split())
        operator = "StringLike" if any("*" in arn for arn in arns) else "StringEquals"
        yield operator, "kms:EncryptionContext:PARAMETER_ARN", arns
    if action == "events:PutEvents":
        yield "StringEqualsIfExists", "events:source", ("whatsapp-connect",)


def _arn(place: str, action: str, deployment: Deployment) -> str:
    match place[0], action:
        case "*", _:
            arn = "*"
        case "/", "dynamodb:Query":
            arn = deployment.arn("ConnectionTable") + place
        case "/", _:
            arn = parameter(deployment, place)
        case ":", _:
            arn = f"arn:aws:events:{deployment.region}:{deployment.account}{place}"
        case _, "dynamodb:DescribeStream" | "dynamodb:GetRecords" | "dynamodb:GetShardIterator":
            arn = deployment.value({"Fn::GetAtt": [place, "StreamArn"]})
        case _, action if action.startswith("kms:"):
            arn = deployment.outputs["TokenKeyArn"]
        case _:
            arn = deployment.arn(place)
    return arn
