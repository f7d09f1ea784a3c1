"""Everything each role may do, and a reader. A right that is added must be added here, by somebody who can say why."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.template.resolve import Deployment

RIGHTS = {
    "AuthorizeRole": {
        "logs:CreateLogStream": "AuthorizeLogGroup",
        "logs:PutLogEvents": "AuthorizeLogGroup",
        "dynamodb:PutItem": "StateTable",
        "dynamodb:GetItem": "LinkTable BrakeTable",
    },
    "CallbackRole": {
        "logs:CreateLogStream": "CallbackLogGroup",
        "logs:PutLogEvents": "CallbackLogGroup",
        "dynamodb:UpdateItem": "StateTable ConnectionTable LinkTable BrakeTable",
        "dynamodb:GetItem": "StateTable ConnectionTable LinkTable BrakeTable",
        "ssm:GetParameter": "/app-secret",
        "ssm:PutParameter": "/connections/*/access-token",
        "kms:Decrypt": "TokenEncryptionKey",
        "kms:Encrypt": "TokenEncryptionKey",
        "kms:GenerateDataKey": "TokenEncryptionKey",
    },
    "CreateLinkRole": {
        "logs:CreateLogStream": "CreateLinkLogGroup",
        "logs:PutLogEvents": "CreateLinkLogGroup",
        "dynamodb:PutItem": "LinkTable",
    },
    "PublishRole": {
        "logs:CreateLogStream": "PublishLogGroup",
        "logs:PutLogEvents": "PublishLogGroup",
        "dynamodb:DescribeStream": "ConnectionTable",
        "dynamodb:GetRecords": "ConnectionTable",
        "dynamodb:GetShardIterator": "ConnectionTable",
        "dynamodb:ListStreams": "*",
        "dynamodb:GetItem": "ConnectionTable",
        "dynamodb:UpdateItem": "ConnectionTable",
        "dynamodb:DeleteItem": "ConnectionTable",
        "dynamodb:Query": "/index/by-user",
        "dynamodb:BatchWriteItem": "AccountTable",
        "dynamodb:PutItem": "DeletionTable",
        "ssm:GetParameter": "/connections/*/access-token /connections/*/metadata",
        "ssm:PutParameter": "/connections/*/access-token /connections/*/metadata /pins/*",
        "ssm:DeleteParameter": "/connections/*/access-token /connections/*/metadata /pins/*",
        "kms:Decrypt": "TokenEncryptionKey",
        "kms:Encrypt": "TokenEncryptionKey",
        "kms:GenerateDataKey": "TokenEncryptionKey",
        "events:PutEvents": ":event-bus/default",
        "sqs:SendMessage": "CheckQueue",
    },
    "ScheduleRole": {
        "logs:CreateLogStream": "ScheduleLogGroup",
        "logs:PutLogEvents": "ScheduleLogGroup",
        "dynamodb:UpdateItem": "ConnectionTable BrakeTable",
        "dynamodb:DescribeTable": "ConnectionTable",
        "dynamodb:Query": "/index/by-due /index/by-date /index/by-publishing",
        "sqs:SendMessage": "DueQueue",
        "sqs:GetQueueAttributes": "DueQueue",
        "ssm:GetParameter": "/app-secret",
        "kms:Decrypt": "TokenEncryptionKey",
    },
    "CheckRole": {
        "logs:CreateLogStream": "CheckLogGroup",
        "logs:PutLogEvents": "CheckLogGroup",
        "sqs:ReceiveMessage": "DueQueue CheckQueue",
        "sqs:DeleteMessage": "DueQueue CheckQueue",
        "sqs:GetQueueAttributes": "DueQueue CheckQueue",
        "sqs:SendMessage": "CheckQueue",
        "dynamodb:GetItem": "ConnectionTable BrakeTable",
        "dynamodb:UpdateItem": "ConnectionTable BrakeTable",
        "ssm:GetParameter": "/app-secret /connections/*/access-token /connections/*/metadata /pins/*",
        "kms:Decrypt": "TokenEncryptionKey",
        "kms:Encrypt": "TokenEncryptionKey",
    },
    "FallbackRole": {
        "logs:CreateLogStream": "FallbackLogGroup",
        "logs:PutLogEvents": "FallbackLogGroup",
    },
    "AlertRuleRole": {"sns:Publish": "AlertTopic"},
    "ScheduleInvokeRole": {"lambda:InvokeFunction": "ScheduleFunction"},
    "DeauthorizeRole": {
        "logs:CreateLogStream": "DeauthorizeLogGroup",
        "logs:PutLogEvents": "DeauthorizeLogGroup",
        "dynamodb:GetItem": "ConnectionTable",
        "dynamodb:UpdateItem": "ConnectionTable",
        "dynamodb:Query": "/index/by-user AccountTable",
        "ssm:GetParameter": "/app-secret",
        "kms:Decrypt": "TokenEncryptionKey",
    },
    "DeleteDataRole": {
        "logs:CreateLogStream": "DeleteDataLogGroup",
        "logs:PutLogEvents": "DeleteDataLogGroup",
        "dynamodb:GetItem": "ConnectionTable DeletionTable",
        "dynamodb:UpdateItem": "ConnectionTable",
        "dynamodb:Query": "/index/by-user AccountTable",
        "dynamodb:PutItem": "DeletionTable",
        "ssm:GetParameter": "/app-secret",
        "kms:Decrypt": "TokenEncryptionKey",
    },
    "WhatsAppWebhookRole": {
        "logs:CreateLogStream": "WhatsAppWebhookLogGroup",
        "logs:PutLogEvents": "WhatsAppWebhookLogGroup",
        "dynamodb:Query": "AccountTable",
        "sqs:SendMessage": "CheckQueue",
        "ssm:GetParameter": "/app-secret /webhook-verify-token",
        "kms:Decrypt": "TokenEncryptionKey",
    },
    "LinkCreatorPolicy": {"lambda:InvokeFunction": "CreateLinkFunction"},
    "TokenReaderPolicy": {
        "ssm:GetParameter": "/connections/*",
        "ssm:GetParameters": "/connections/*",
        "sqs:SendMessage": "CheckQueue",
        "kms:Decrypt": "TokenEncryptionKey",
    },
}

IF_FORWARDING = {"WhatsAppWebhookRole": {"events:PutEvents": "WebhookBus"}}
"""What a role may do besides with ForwardWebhooks=enabled."""

PURPOSES = {"access-token", "pin"}
"""The contexts of what is encrypted in a record; every other context is the name of a parameter."""

CONTEXTS = {
    "CallbackRole": {
        "kms:Decrypt": "/app-secret",
        "kms:Encrypt": "/connections/*/access-token access-token",
        "kms:GenerateDataKey": "/connections/*/access-token",
    },
    "PublishRole": {
        "kms:Decrypt": "access-token pin",
        "kms:Encrypt": "/connections/*/access-token /pins/*",
        "kms:GenerateDataKey": "/connections/*/access-token",
    },
    "ScheduleRole": {"kms:Decrypt": "/app-secret"},
    "CheckRole": {"kms:Decrypt": "/app-secret /pins/* access-token pin", "kms:Encrypt": "access-token pin"},
    "DeauthorizeRole": {"kms:Decrypt": "/app-secret access-token"},
    "DeleteDataRole": {"kms:Decrypt": "/app-secret access-token"},
    "WhatsAppWebhookRole": {"kms:Decrypt": "/app-secret /webhook-verify-token"},
    "TokenReaderPolicy": {"kms:Decrypt": "/connections/*/access-token"},
}
"""What the key may be used for: the tokens in the records, and parameters, which Parameter Store names in the context.

https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
"""


class Right(NamedTuple):
    """One action on one ARN, under a condition: (operator, key, values), or nothing."""

    action: str
    arn: str
    condition: tuple[tuple[str, str, tuple[str, ...]], ...]


def rights(role: str, deployment: Deployment) -> Iterator[Right]:
    """Return what the tables above give a role, in full."""
    forwards = deployment.parameters["ForwardWebhooks"] == "enabled"
    for action, places in (RIGHTS[role] | (IF_FORWARDING.get(role, {}) if forwards else {})).items():
        for place in places.split():
            for condition in _conditions(role, action, place, deployment):
                yield Right(action, _arn(place, action, deployment), condition)
                # What was encrypted before the key was changed can still be read, and nothing be encrypted as before.
                if action == "kms:Decrypt" and (previous := deployment.parameters["PreviousTokenKey"]):
                    yield Right(action, previous, condition)


def parameter(deployment: Deployment, path: str) -> str:
    """Return the ARN of a parameter below the stack's prefix."""
    prefix = deployment.outputs["ParameterPrefix"]
    return f"arn:aws:ssm:{deployment.region}:{deployment.account}:parameter{prefix}{path}"


def _conditions(
    role: str, action: str, place: str, deployment: Deployment
) -> Iterator[tuple[tuple[str, str, tuple[str, ...]], ...]]:
    """Return the conditions under each of which a role may do something."""
    if action == "events:PutEvents":
        source = "whatsapp-connect.webhook" if role == "WhatsAppWebhookRole" else "whatsapp-connect"
        yield (("StringEquals", "events:source", (source,)),)
    elif (place, action) == ("BrakeTable", "dynamodb:GetItem") and role in {"AuthorizeRole", "CallbackRole"}:
        yield (("ForAllValues:StringEquals", "dynamodb:LeadingKeys", ("logins",)),)
    elif (role, place) == ("CallbackRole", "BrakeTable"):
        # The brake itself is another item.
        yield (("ForAllValues:StringLike", "dynamodb:LeadingKeys", ("failed-logins/*",)),)
    elif (role, place) == ("PublishRole", "DeletionTable"):
        yield (("ForAllValues:StringLike", "dynamodb:LeadingKeys", ("connection/*",)),)
    elif action.startswith("kms:"):
        for context in CONTEXTS[role][action].split():
            if context in PURPOSES:
                yield (("StringEquals", "kms:EncryptionContext:purpose", (context,)),)
            else:
                arn = parameter(deployment, context)
                operator = "StringLike" if "*" in arn else "StringEquals"
                yield ((operator, "kms:EncryptionContext:PARAMETER_ARN", (arn,)),)
    else:
        yield ()


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
