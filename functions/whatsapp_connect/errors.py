"""How a login can end other than well.

    LoginError
    +-- RequestError             400  not a request our pages or Facebook would send
    +-- StateError               400  the login is unknown, old, used up or another browser's
    +-- LoginInterruptedError    400  the login was begun to be finished, and then nothing more
    +-- CookieMissingError       400  the browser sent no cookie for this login
    +-- CodeError                400  Facebook does not take the code
    +-- LinkRequiredError        404  nobody may start without a link of their own
    +-- LinkError                404  the link is unknown, old, used up or taken back
    +-- LoginDeclinedError       200  the person said no
    +-- PermissionMissingError   403  the person kept back a permission we need
    +-- ConnectionTakenError     403  the link belongs to somebody else's account
    +-- TokenRefusedError        502  Facebook's debugger does not vouch for the token
    +-- FacebookError            502  Facebook answered what cannot be used
    +-- FacebookUnavailableError 503  Facebook is down, slow or busy
    +-- SetupError               500  the app or the stack is set up wrongly
    +-- BusyError                503  AWS asks to wait; nothing was used up
    +-- NotKeptError             503  the code is spent but the token could not be kept
    +-- UnexpectedError          500  a fault of ours

An error's `reason` is the slug in the log line, the dimension of the metric and the key of the page. Its `fields` go
to the log and hold identifiers and numbers only, never anything a person or Facebook wrote.
"""

import traceback
from typing import ClassVar, Literal

Action = Literal["connect", "rerequest", "reload", "none"]
Field = str | int | list[str] | None


class LoginError(Exception):
    """One end of a login that is not a connection. The class is the page, the reason tells which case it was."""

    reasons: ClassVar[frozenset[str]] = frozenset()
    status: ClassVar[int]
    title: ClassVar[str]
    message: ClassVar[str]
    action: ClassVar[Action]

    def __init__(self, reason: str, **fields: Field) -> None:
        if reason not in self.reasons:
            raise ValueError(f"{type(self).__name__} has no reason {reason!r}")
        super().__init__(reason)
        self.reason = reason
        self.fields = fields


class RequestError(LoginError):
    reasons = frozenset({"request-malformed", "empty-callback", "state-missing", "state-malformed"})
    status = 400
    title = "Let's start again"
    message = (
        "This address is not complete, so we cannot tell which sign-in it belongs to. Nothing was changed."
    )
    action = "connect"


class StateError(LoginError):
    reasons = frozenset({"state-unknown", "state-expired", "state-foreign"})
    status = 400
    title = "Let's start again"
    message = (
        "This sign-in is too old, was already used, or was started in another browser. "
        "Nothing was changed. Starting again takes a minute."
    )
    action = "connect"


class LoginInterruptedError(LoginError):
    reasons = frozenset({"login-interrupted"})
    status = 400
    title = "Let's make sure"
    message = (
        "This sign-in was seen before, but we cannot say how it ended: the connection may be there or not. "
        "Starting again is safe and takes a minute."
    )
    action = "connect"


class CookieMissingError(LoginError):
    reasons = frozenset({"cookie-missing"})
    status = 400
    title = "Let's start again in this browser"
    message = (
        "The sign-in was started somewhere else, perhaps inside another app, or this browser does not keep cookies. "
        "Nothing was changed. Start again here, and stay in this browser until it is done."
    )
    action = "connect"


class CodeError(LoginError):
    reasons = frozenset({"code-missing", "code-used", "code-expired", "code-rejected"})
    status = 400
    title = "Let's start again"
    message = "Facebook no longer accepts this sign-in. Nothing was changed. Starting again takes a minute."
    action = "connect"


class LinkRequiredError(LoginError):
    reasons = frozenset({"link-required"})
    status = 404
    title = "You need a link of your own"
    message = "Please open the connect link you were sent, or ask for one."
    action = "none"


class LinkError(LoginError):
    reasons = frozenset({"link-unknown", "link-expired", "link-used", "link-revoked"})
    status = 404
    title = "This link no longer works"
    message = (
        "It was already used, has run out, or was taken back. Nothing was changed. "
        "Please ask the people who sent it to you for a new one."
    )
    action = "none"


class LoginDeclinedError(LoginError):
    reasons = frozenset({"declined"})
    status = 200
    title = "Not connected"
    message = (
        "You chose not to continue, so nothing was connected and nothing was changed. "
        "If you did press Continue, the app may not be open to your account yet: ask the people who sent you the link."
    )
    action = "connect"


class PermissionMissingError(LoginError):
    reasons = frozenset({"permission-missing"})
    status = 403
    title = "One permission is missing"
    message = (
        "To work with your WhatsApp Business account we need every permission on Facebook's list. "
        "At least one was left out, so nothing was connected. You can allow it now."
    )
    action = "rerequest"


class ConnectionTakenError(LoginError):
    reasons = frozenset({"connection-taken"})
    status = 403
    title = "This link belongs to another Facebook account"
    message = (
        "It was used before by somebody who signed in with a different Facebook account. Nothing was changed. "
        "Sign in with that account, or ask for a new link."
    )
    action = "none"


class TokenRefusedError(LoginError):
    reasons = frozenset(
        {
            "token-invalid",
            "token-of-another-app",
            "token-kind-unsupported",
            "token-without-user",
            "token-short-lived",
        }
    )
    status = 502
    title = "Facebook's answer cannot be used"
    message = (
        "Facebook signed you in, but gave an access we cannot rely on, so nothing was connected. "
        "Please try again. If it happens twice, tell us the reference below."
    )
    action = "connect"


class FacebookError(LoginError):
    reasons = frozenset({"facebook-refused", "facebook-answer-unreadable", "facebook-policy-block"})
    status = 502
    title = "Facebook could not finish this"
    message = (
        "Facebook gave an answer we could not use. Nothing was changed. Please try again in a few minutes. "
        "If it happens twice, tell us the reference below."
    )
    action = "connect"


class FacebookUnavailableError(LoginError):
    reasons = frozenset({"facebook-unavailable", "facebook-throttled", "facebook-login-unavailable"})
    status = 503
    title = "Facebook is not answering"
    message = (
        "Facebook is busy or not available right now. Nothing was changed. Please try again in a few minutes."
    )
    action = "connect"


class SetupError(LoginError):
    reasons = frozenset(
        {
            "app-secret-missing",
            "app-secret-malformed",
            "app-secret-wrong",
            "app-id-wrong",
            "redirect-uri-refused",
            "domain-not-allowed",
            "app-in-development",
            "tester-invite-pending",
        }
    )
    status = 500
    title = "This is on our side"
    message = (
        "Our connection to Facebook is not set up correctly, so nothing was changed. "
        "Please tell us the reference below; trying again will not help until we have mended it."
    )
    action = "none"


class BusyError(LoginError):
    reasons = frozenset({"aws-busy"})
    status = 503
    title = "One moment, please"
    message = "Too many people are connecting right now. Nothing was lost. Please try again in a few seconds."
    action = "reload"


class NotKeptError(LoginError):
    reasons = frozenset({"token-not-kept", "connection-busy"})
    status = 503
    title = "We could not save the connection"
    message = (
        "We are very busy right now and could not save the result completely. Please try again in a minute. "
        "Until then an earlier connection keeps working."
    )
    action = "connect"


class UnexpectedError(LoginError):
    reasons = frozenset({"unexpected"})
    status = 500
    title = "This is on our side"
    message = (
        "Something went wrong that we did not expect. An earlier connection keeps working. "
        "Please try again. If it happens twice, tell us the reference below."
    )
    action = "connect"


class SignedRequestError(Exception):
    """A request to a webhook that is not Meta's, or cannot be read. Nothing to do with a login, and no page."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


BY_REASON: dict[str, type[LoginError]] = {
    reason: error for error in LoginError.__subclasses__() for reason in error.reasons
}

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
    }
)
# botocore's: https://github.com/boto/botocore/blob/develop/botocore/exceptions.py
_AWS_UNREACHABLE = frozenset(
    {"ConnectTimeoutError", "ConnectionClosedError", "EndpointConnectionError", "ReadTimeoutError"}
)


def classify(exception: Exception, *, code_spent: bool) -> LoginError:
    """Return the end of the login that an exception means.

    AWS asking to wait is an expected end, every other fault of AWS or of ours an unexpected one. Whether the person
    may simply reload depends on `code_spent`: before, nothing was used up.
    """
    if isinstance(exception, LoginError):
        return exception
    response = getattr(exception, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    # A load balancer in front of a service answers 5xx without any of its codes.
    is_broken = isinstance(response, dict) and (
        response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
    )
    if is_broken or code in _AWS_ASKS_TO_WAIT or type(exception).__name__ in _AWS_UNREACHABLE:
        return NotKeptError("token-not-kept") if code_spent else BusyError("aws-busy")
    return UnexpectedError("unexpected")


def describe(exception: Exception) -> dict[str, Field]:
    """Return what may be logged of an exception: its kind and place, not its text, which can quote a secret."""
    frames = traceback.extract_tb(exception.__traceback__)
    response = getattr(exception, "response", None)
    return {
        "exception": type(exception).__name__,
        "aws_error": response.get("Error", {}).get("Code") if isinstance(response, dict) else None,
        "aws_operation": getattr(exception, "operation_name", None),
        "at": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames],
    }
