"""What an exception means, and what may be logged of it."""

import traceback
from typing import Any

from whatsapp_connect.errors import Field, LoginError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html and each service's own list.
_AWS_BUSY = frozenset(
    {
        "InternalServerError",
        "InternalServiceError",
        "KMSInternalException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyUpdates",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
# https://github.com/boto/botocore/blob/develop/botocore/exceptions.py
_AWS_UNREACHABLE = frozenset(
    {"ConnectTimeoutError", "ConnectionClosedError", "EndpointConnectionError", "ReadTimeoutError"}
)


def is_passing(exception: Exception) -> bool:
    """Return whether AWS is busy, in trouble or unreachable, so that the same call may work a little later."""
    response = _aws_response(exception)
    # A load balancer in front of a service answers 5xx without an error code of the service.
    return (
        response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
        or response.get("Error", {}).get("Code") in _AWS_BUSY
        or type(exception).__name__ in _AWS_UNREACHABLE
    )


def classify(exception: Exception, *, code_spent: bool) -> LoginError:
    """Return the end of the login that an exception means.

    `code_spent` is whether Facebook's code may have been used: until then the person can reload the page.
    """
    if isinstance(exception, LoginError):
        return exception
    if is_passing(exception):
        return LoginError("token-not-stored" if code_spent else "aws-busy")
    return LoginError("unexpected")


def describe(exception: Exception) -> dict[str, Field]:
    """Return what may be logged of an exception.

    That is reason and fields of a LoginError. It is kind and place of any other, without its text: that can quote a secret.
    """
    if isinstance(exception, LoginError):
        return {"reason": exception.reason, **exception.fields}
    frames = traceback.extract_tb(exception.__traceback__)
    return {
        "exception": type(exception).__name__,
        "aws_error": _aws_response(exception).get("Error", {}).get("Code"),
        "aws_operation": getattr(exception, "operation_name", None),
        "at": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _aws_response(exception: Exception) -> dict[str, Any]:
    """Return the response in a botocore ClientError, or {}."""
    response = getattr(exception, "response", None)
    return response if isinstance(response, dict) else {}
