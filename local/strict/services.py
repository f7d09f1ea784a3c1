"""Refuse requests as KMS, DynamoDB, Lambda, Scheduler, CloudWatch and IAM do."""

import base64
import binascii
from collections.abc import Collection, Mapping
from typing import Any

from local.strict.refusal import Refusal

MAX_PLAINTEXT_BYTES = 4096
_MAX_TOKEN_CHARACTERS = 36


def refuse_encrypt(request: Mapping[str, Any]) -> Refusal | None:
    """Refuse to encrypt more than 4,096 bytes.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
    """
    try:
        plaintext = base64.b64decode(request.get("Plaintext", ""))
    except (binascii.Error, ValueError):
        return None
    if 0 < len(plaintext) <= MAX_PLAINTEXT_BYTES:
        return None
    return Refusal(
        "ValidationException",
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length "
        "between 1 and 4096",
    )


def refuse_transaction_token(request: Mapping[str, Any]) -> Refusal | None:
    """Refuse a ClientRequestToken of more than 36 characters.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
    """
    if len(request.get("ClientRequestToken") or "") <= _MAX_TOKEN_CHARACTERS:
        return None
    return Refusal(
        "ValidationException",
        "1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint: "
        "Member must have length less than or equal to 36",
    )


def refuse_event_source(*, visibility_timeout: int, function_timeout: int) -> Refusal | None:
    """Refuse an event source whose queue delivers a message again before the function's timeout.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    """
    if visibility_timeout >= function_timeout:
        return None
    return Refusal(
        "InvalidParameterValueException",
        f"Queue visibility timeout: {visibility_timeout} seconds is less than Function timeout: "
        f"{function_timeout} seconds",
    )


def refuse_schedule(name: str, *, group: str, existing: Collection[str]) -> Refusal | None:
    """Refuse a second schedule of the same name. `existing` has entries like `group/name`.

    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
    """
    if f"{group}/{name}" not in existing:
        return None
    return Refusal("ConflictException", f"Schedule {name} already exists.", 409)


def refuse_dashboard(name: str, *, region: str, regions: Collection[str], is_new: bool) -> Refusal | None:
    """Refuse a dashboard whose name another stack uses. `regions` are the Regions with this name. AWS would overwrite it.

    "All dashboards in your account are global, not region-specific."
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
    """
    if not (regions if is_new else set(regions) - {region}):
        return None
    return Refusal("InvalidParameterInput", f"Dashboard {name} exists in this account and would be overwritten.")


def refuse_policy_deletion(*, attachments: int) -> Refusal | None:
    """Refuse to delete a managed policy that is attached.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
    """
    if attachments == 0:
        return None
    return Refusal("DeleteConflict", "Cannot delete a policy attached to entities.", 409)
