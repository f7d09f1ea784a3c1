"""What Parameter Store refuses.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html, except where a rule says otherwise.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from local.strict.refusal import Refusal

Request = Mapping[str, Any]
Tier = Literal["Standard", "Advanced"]

STANDARD_BYTES = 4096
ADVANCED_BYTES = 8192
VERSIONS = 100
MOST_LEVELS = 15

_TYPES = ("String", "StringList", "SecureString")
_NAME = re.compile(r"[A-Za-z0-9_./-]{1,1011}")
# The page says "values wrapped in double brackets {{}}", not how far apart they may be: any distance counts here.
_NESTED = re.compile(r"\{\{.*\}\}", re.DOTALL)
_READS = frozenset({"GetParameter", "GetParameters", "GetParametersByPath"})


def refuse_name(name: str) -> Refusal | None:
    """Refuse reserved names, unknown characters, and more than 15 levels."""
    first = name.removeprefix("/").lower()
    if name.startswith("/") and first.startswith("aws"):
        return Refusal("AccessDeniedException", f"No access to reserved parameter name: {name[1:]}.")
    if first.startswith(("aws", "ssm")):
        return Refusal(
            "ValidationException",
            'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
        )
    if not _NAME.fullmatch(name) or ("/" in name and not name.startswith("/")):
        return Refusal("ValidationException", "Parameter name must be a fully qualified name of a-zA-Z0-9_.-/.")
    if name.count("/") > MOST_LEVELS:
        return Refusal("HierarchyLevelLimitExceededException", "A name can have 15 levels at most.")
    return None


def refuse_value(request: Request) -> Refusal | None:
    """Refuse an empty value, and one that nests another parameter."""
    value = request.get("Value", "")
    if not value:
        return Refusal("ValidationException", "Value at 'value' failed to satisfy constraint: minimum length 1.")
    if _NESTED.search(value):
        return Refusal(
            "ValidationException",
            'Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.',
        )
    return None


def refuse_type(request: Request) -> Refusal | None:
    """Refuse an unknown type, and a key for what is not encrypted."""
    kind = request.get("Type")
    if kind is not None and kind not in _TYPES:
        return Refusal(
            "ValidationException",
            f"1 validation error detected: Value '{kind}' at 'type' failed to satisfy constraint: "
            "Member must satisfy enum value set: [SecureString, StringList, String]",
        )
    if request.get("KeyId") and kind not in {None, "SecureString"}:
        return Refusal("ValidationException", "KeyId is required for SecureString type parameter only.")
    return None


def tier(request: Request, *, existing: Tier | None, is_standard_full: bool) -> Tier | Refusal:
    """Return the tier a value is stored in, or refuse it: too large, too many, or back from advanced to standard.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
    """
    size = len(request.get("Value", "").encode())
    asked = request.get("Tier") or existing or "Standard"
    if asked == "Intelligent-Tiering":
        needs_more = size > STANDARD_BYTES or bool(request.get("Policies"))
        is_new_beyond = existing is None and is_standard_full
        asked = "Advanced" if existing == "Advanced" or needs_more or is_new_beyond else "Standard"
    if asked == "Standard":
        if existing == "Advanced":
            return Refusal(
                "ValidationException",
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
                "advanced-parameter tier to the standard-parameter tier.",
            )
        if existing is None and is_standard_full:
            return Refusal("ParameterLimitExceeded", "You have exceeded the number of standard parameters.")
        if size > STANDARD_BYTES:
            return Refusal(
                "ValidationException",
                "Standard tier parameters support a maximum parameter value of 4096 characters.",
            )
        return "Standard"
    if size > ADVANCED_BYTES:
        return Refusal(
            "ValidationException",
            "Advanced tier parameters support a maximum parameter value of 8192 characters.",
        )
    return "Advanced"


def refuse_version(versions: Sequence[Sequence[str]]) -> Refusal | None:
    """Refuse a version beyond the hundredth while the oldest has a label. `versions` are the labels of each, oldest first.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
    """
    if len(versions) >= VERSIONS and versions[0]:
        return Refusal(
            "ParameterMaxVersionLimitExceeded",
            "You attempted to create a new version by calling the PutParameter API with the overwrite flag. The "
            "oldest version can't be deleted, because it has a label.",
        )
    return None


def refuse_recreation(*, deleted_at: float | None, now: float, seconds: float) -> Refusal | None:
    """Refuse a parameter of a name that was deleted less than `seconds` ago.

    "After deleting a parameter, wait for at least 30 seconds to create a parameter with the same name." The page does not
    say what happens otherwise. This is an answer that PutParameter may give and that goes away.
    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html
    """
    if deleted_at is not None and now - deleted_at < seconds:
        return Refusal("TooManyUpdates", "A parameter of this name was deleted less than 30 seconds ago.")
    return None


def paced(operation: str) -> Literal["reads", "writes"] | None:
    """Return the quota that a request counts against, which all of an account's callers in a Region share.

    https://docs.aws.amazon.com/general/latest/gr/ssm.html
    """
    if operation in _READS:
        return "reads"
    return "writes" if operation == "PutParameter" else None


def resources(operation: str, request: Request) -> list[str]:
    """Return the names that a request is authorised on, without version or label; none if by no name.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
    """
    if operation == "GetParametersByPath":
        return [request["Path"].rstrip("/") or "/"]
    names = request.get("Names", []) if operation.endswith("Parameters") else [request.get("Name")]
    return [_without_selector(name) for name in names if isinstance(name, str) and name]


def _without_selector(name: str) -> str:
    """Return the name in `name:3`, `name:label`, or in an ARN of either."""
    if name.startswith("arn:"):
        return name.split(":", 5)[5].partition(":")[0].removeprefix("parameter")
    return name.partition(":")[0]
