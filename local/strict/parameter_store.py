"""Refuse requests as Parameter Store does.

Source, unless a rule names another:
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from local.strict.refusal import Refusal

Request = Mapping[str, Any]
Tier = Literal["Standard", "Advanced"]

MAX_STANDARD_BYTES = 4096
MAX_ADVANCED_BYTES = 8192
MAX_VERSIONS = 100
MAX_LEVELS = 15

_TYPES = ("String", "StringList", "SecureString")
_NAME = re.compile(r"[A-Za-z0-9_./-]{1,1011}")
# The page says "values wrapped in double brackets {{}}" and names no distance, so any distance is refused here.
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
    if name.count("/") > MAX_LEVELS:
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
    """Refuse an unknown type, and a key for a parameter that is not a SecureString."""
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
    """Return the tier that a value is stored in. Refuse a value that is too large, one parameter too many, and a downgrade.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
    """
    size = len(request.get("Value", "").encode())
    asked = request.get("Tier") or existing or "Standard"
    if asked == "Intelligent-Tiering":
        needs_more = size > MAX_STANDARD_BYTES or bool(request.get("Policies"))
        is_above_quota = existing is None and is_standard_full
        asked = "Advanced" if existing == "Advanced" or needs_more or is_above_quota else "Standard"
    if asked == "Standard":
        if existing == "Advanced":
            return Refusal(
                "ValidationException",
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the "
                "advanced-parameter tier to the standard-parameter tier.",
            )
        if existing is None and is_standard_full:
            return Refusal("ParameterLimitExceeded", "You have exceeded the number of standard parameters.")
        if size > MAX_STANDARD_BYTES:
            return Refusal(
                "ValidationException",
                "Standard tier parameters support a maximum parameter value of 4096 characters.",
            )
        return "Standard"
    if size > MAX_ADVANCED_BYTES:
        return Refusal(
            "ValidationException",
            "Advanced tier parameters support a maximum parameter value of 8192 characters.",
        )
    return "Advanced"


def refuse_version(versions: Sequence[Sequence[str]]) -> Refusal | None:
    """Refuse more than 100 versions if the oldest has a label. `versions` has the labels of each, the oldest first.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
    """
    if len(versions) >= MAX_VERSIONS and versions[0]:
        return Refusal(
            "ParameterMaxVersionLimitExceeded",
            "You attempted to create a new version by calling the PutParameter API with the overwrite flag. The "
            "oldest version can't be deleted, because it has a label.",
        )
    return None


def refuse_recreation(*, deleted_at: float | None, now: float, seconds: float) -> Refusal | None:
    """Refuse to create a parameter whose name was deleted less than `seconds` ago.

    "After deleting a parameter, wait for at least 30 seconds to create a parameter with the same name." The page does not
    say what AWS answers otherwise. TooManyUpdates is an error of PutParameter that a later attempt does not get.
    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteParameter.html
    """
    if deleted_at is not None and now - deleted_at < seconds:
        return Refusal("TooManyUpdates", "A parameter of this name was deleted less than 30 seconds ago.")
    return None


def quota(operation: str) -> Literal["reads", "writes"] | None:
    """Return the quota that an operation counts against, or None. All callers of an account in a Region share it.

    https://docs.aws.amazon.com/general/latest/gr/ssm.html
    """
    if operation in _READS:
        return "reads"
    return "writes" if operation == "PutParameter" else None


def resources(operation: str, request: Request) -> list[str]:
    """Return the parameter names that a caller needs rights for, without version or label.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
    """
    if operation == "GetParametersByPath":
        return [request["Path"].rstrip("/") or "/"]
    names = request.get("Names", []) if operation.endswith("Parameters") else [request.get("Name")]
    return [_without_selector(name) for name in names if isinstance(name, str) and name]


def _without_selector(name: str) -> str:
    """Return the name in `name:3`, in `name:label`, or in an ARN with either."""
    if name.startswith("arn:"):
        return name.split(":", 5)[5].partition(":")[0].removeprefix("parameter")
    return name.partition(":")[0]
