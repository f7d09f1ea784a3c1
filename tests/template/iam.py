"""IAM's decision on a request, for what policies of this stack use.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Statements = Sequence[Mapping[str, Any]]

_KNOWN = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


@dataclass(frozen=True, slots=True)
class Request:
    """An action on a resource. `principal` matters to policies of resources only."""

    action: str
    resource: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    principal: Mapping[str, str] = field(default_factory=dict)


def allows(statements: Statements, request: Request) -> bool:
    """Return whether these statements allow a request: one that allows, and none that denies."""
    effects = {statement["Effect"] for statement in statements if _applies(statement, request)}
    assert effects <= {"Allow", "Deny"}
    return effects == {"Allow"}


def statements(properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the statements of a role's inline policies, or of a policy."""
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    return [statement for document in documents for statement in of_document(document)]


def of_document(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    assert document["Version"] == "2012-10-17"  # the older language knows no variables
    found: list[Mapping[str, Any]] = document["Statement"]
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def matches(pattern: str, text: str) -> bool:
    """Compare as IAM does: * stands for any characters, ? for one."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(escaped, text, re.DOTALL) is not None


def _applies(statement: Mapping[str, Any], request: Request) -> bool:
    assert statement.keys() <= _KNOWN, statement.keys() - _KNOWN
    return (
        any(matches(pattern.lower(), request.action.lower()) for pattern in listed(statement["Action"]))
        and ("Resource" not in statement or _is_on(statement["Resource"], request.resource))
        and ("Principal" not in statement or request.principal in list(_principals(statement["Principal"])))
        and all(
            _holds(operator, key, expected, request.context)
            for operator, about in statement.get("Condition", {}).items()
            for key, expected in about.items()
        )
    )


def _is_on(resources: Any, resource: str) -> bool:
    return any(matches(pattern, resource) for pattern in listed(resources))


def _principals(principal: Any) -> Iterator[Mapping[str, str]]:
    for kind, names in principal.items():
        for name in listed(names):
            yield {kind: name}


def _holds(operator: str, key: str, expected: Any, context: Mapping[str, str]) -> bool:
    plain = operator.removesuffix("IfExists")
    # Keys are compared without regard to case, but for what follows kms:EncryptionContext:.
    actual = {name.lower() if name.startswith("aws:") else name: value for name, value in context.items()}.get(
        key.lower() if key.startswith("aws:") else key
    )
    if actual is None:
        return plain != operator
    match plain:
        case "StringEquals":
            return actual in listed(expected)
        case "StringLike":
            return any(matches(pattern, actual) for pattern in listed(expected))
        case "ArnEquals" | "ArnLike":
            return any(_matches_arn(pattern, actual) for pattern in listed(expected))
    raise ValueError(operator)


def _matches_arn(pattern: str, arn: str) -> bool:
    """Compare each of the six parts of an ARN by itself."""
    parts, actual = pattern.split(":", 5), arn.split(":", 5)
    return len(parts) == len(actual) == 6 and all(map(matches, parts, actual))
