"""Derive the actions, resources and condition keys that AWS checks policies with and the emulator does not."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any


def condition_keys(service: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the condition keys of a request that the emulator does not give to policies.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
    https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
    """
    if service == "kms" and (context := request.get("EncryptionContext")):
        return encryption_context(context)
    if service == "events" and (entries := request.get("Entries")):
        return {
            "events:source": _one({entry.get("Source", "") for entry in entries}),
            "events:detail-type": _one({entry.get("DetailType", "") for entry in entries}),
        }
    if service == "ses" and (sender := request.get("FromEmailAddress")):
        return {"ses:FromAddress": parseaddr(sender)[1]}
    return {}


def action(named: str) -> str:
    """Return the action that policies must allow. For a batch operation of SQS it is that of the single operation.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    return named.removesuffix("Batch") if named.startswith("sqs:") else named


def _one(values: set[str]) -> str | list[str]:
    """Return the value that all entries have, or a sorted list if they differ."""
    return next(iter(values)) if len(values) == 1 else sorted(values)


def encryption_context(context: Mapping[str, str]) -> dict[str, Any]:
    """Return an encryption context as condition keys."""
    keys: dict[str, Any] = {f"kms:EncryptionContext:{key}": value for key, value in context.items()}
    return keys | {"kms:EncryptionContextKeys": list(context)}


def key_action(operation: str, request: Mapping[str, Any], *, is_advanced: bool) -> str | None:
    """Return the KMS action that a caller of Parameter Store needs for the key; None if it needs none.

    https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
    """
    if operation == "PutParameter":
        return "kms:GenerateDataKey" if is_advanced else "kms:Encrypt"
    return "kms:Decrypt" if request.get("WithDecryption") is True else None


def for_eventbridge(topic_policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return a topic's policy as EventBridge applies it, without statements that allow on a condition.

    "Condition blocks are not supported in Amazon SNS topic policies for EventBridge."
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    statements = _statements(topic_policy)
    return dict(topic_policy) | {
        "Statement": [one for one in statements if one.get("Effect") != "Allow" or not one.get("Condition")]
    }


def naming(service: str, policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return the statements of a policy that name a service, or everybody.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    return dict(policy) | {
        "Statement": [one for one in _statements(policy) if {service, "*"} & _principals(one.get("Principal"))]
    }


def _statements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    statements = policy.get("Statement", [])
    return [statements] if isinstance(statements, Mapping) else statements


def _principals(principal: object) -> set[str]:
    """Return the services that a principal names, and "*" if it means everybody."""
    if not isinstance(principal, Mapping):
        return {"*"} if principal == "*" else set()
    named = principal.get("Service", [])
    services = {named} if isinstance(named, str) else set(named)
    return services | ({"*"} if principal.get("AWS") in ("*", ["*"]) else set())
