"""What a policy is asked about, where the emulator leaves it out."""

from collections.abc import Mapping
from typing import Any


def condition_keys(service: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the condition keys of a request that the emulator does not tell policies.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
    """
    if service == "kms" and (context := request.get("EncryptionContext")):
        return encryption_context(context)
    if service == "events" and (entries := request.get("Entries")):
        return {
            "events:source": _one({entry.get("Source", "") for entry in entries}),
            "events:detail-type": _one({entry.get("DetailType", "") for entry in entries}),
        }
    return {}


def action(named: str) -> str:
    """Return the action that policies are asked about: a batch of SQS's needs the right to the single operation.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    return named.removesuffix("Batch") if named.startswith("sqs:") else named


def _one(values: set[str]) -> str | list[str]:
    """Return the value that all entries have, as each is asked about by itself, or all values."""
    return next(iter(values)) if len(values) == 1 else sorted(values)


def encryption_context(context: Mapping[str, str]) -> dict[str, Any]:
    """Return an encryption context as condition keys."""
    keys: dict[str, Any] = {f"kms:EncryptionContext:{key}": value for key, value in context.items()}
    return keys | {"kms:EncryptionContextKeys": list(context)}


def key_action(operation: str, request: Mapping[str, Any], *, is_advanced: bool) -> str | None:
    """Return what a caller of Parameter Store must be allowed to do with the key, or None.

    https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
    """
    if operation == "PutParameter":
        return "kms:GenerateDataKey" if is_advanced else "kms:Encrypt"
    return "kms:Decrypt" if request.get("WithDecryption") is True else None


def for_eventbridge(topic_policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return a topic's policy as EventBridge meets it: what is allowed on a condition is not allowed.

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
    """Return the services, and "*" for everybody."""
    if not isinstance(principal, Mapping):
        return {"*"} if principal == "*" else set()
    named = principal.get("Service", [])
    services = {named} if isinstance(named, str) else set(named)
    return services | ({"*"} if principal.get("AWS") in ("*", ["*"]) else set())
