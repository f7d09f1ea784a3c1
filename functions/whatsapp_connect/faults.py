"""What an exception means, and what may be logged of it."""

import traceback

from whatsapp_connect.errors import BusyError, Field, LoginError, NotStoredError, UnexpectedError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html and the services' own.
_AWS_ASKS_TO_WAIT = frozenset(
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
# botocore's: https://github.com/boto/botocore/blob/develop/botocore/exceptions.py
_AWS_UNREACHABLE = frozenset(
    {"ConnectTimeoutError", "ConnectionClosedError", "EndpointConnectionError", "ReadTimeoutError"}
)


def is_passing(exception: Exception) -> bool:
    """Return whether AWS asks to wait, is in trouble or cannot be reached: the same call may work a little later."""
    response = getattr(exception, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    # A load balancer in front of a service answers 5xx without any of its codes.
    is_broken = isinstance(response, dict) and (response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500)
    return is_broken or code in _AWS_ASKS_TO_WAIT or type(exception).__name__ in _AWS_UNREACHABLE


def classify(exception: Exception, *, code_spent: bool) -> LoginError:
    """Return the end of the login that an exception means.

    AWS asking to wait is an expected end, every other fault of AWS or of ours an unexpected one. Whether the person
    may simply reload depends on `code_spent`: before, nothing was used up.
    """
    if isinstance(exception, LoginError):
        return exception
    if is_passing(exception):
        return NotStoredError("token-not-stored") if code_spent else BusyError("aws-busy")
    return UnexpectedError("unexpected")


def describe(exception: Exception) -> dict[str, Field]:
    """Return what may be logged of an exception: its kind and place, not its text, which can quote a secret.

    Of a LoginError it is the reason and the fields.
    """
    if isinstance(exception, LoginError):
        return {"reason": exception.reason, **exception.fields}
    frames = traceback.extract_tb(exception.__traceback__)
    response = getattr(exception, "response", None)
    return {
        "exception": type(exception).__name__,
        "aws_error": response.get("Error", {}).get("Code") if isinstance(response, dict) else None,
        "aws_operation": getattr(exception, "operation_name", None),
        "at": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    }
