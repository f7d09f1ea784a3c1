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
    +-- NotStoredError           503  the code is spent but the token could not be stored
    +-- UnexpectedError          500  a fault of ours

An error's `reason` is the slug in the log line, the dimension of the metric and the key of the page. Its `fields` go
to the log and hold identifiers and numbers only, never anything a person or Facebook wrote.
"""

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
    message = "This address is not complete, so we cannot tell which sign-in it belongs to. Nothing was changed."
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
            "token-too-long",
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
    message = "Facebook is busy or not available right now. Nothing was changed. Please try again in a few minutes."
    action = "connect"


class SetupError(LoginError):
    reasons = frozenset(
        {
            "app-secret-missing",
            "app-secret-malformed",
            "app-secret-wrong",
            "app-id-wrong",
            "app-blocked",
            "server-not-allowed",
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
        "Please tell us the reference below; trying again will not help until we fix it."
    )
    action = "none"


class BusyError(LoginError):
    reasons = frozenset({"aws-busy"})
    status = 503
    title = "One moment, please"
    message = "Too many people are connecting right now. Nothing was lost. Please try again in a few seconds."
    action = "reload"


class NotStoredError(LoginError):
    reasons = frozenset({"token-not-stored"})
    status = 503
    title = "Let's start again"
    message = (
        "We are very busy right now and could not store the connection. Nothing was changed, and an earlier connection "
        "keeps working. Please try again in a minute."
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


class ConflictError(Exception):
    """Somebody else has written the record since it was read. Read it again."""


class RecordUnreadableError(Exception):
    """A record lacks an attribute or holds what it should not. Its text is the connection id."""


class TokenUnreadableError(Exception):
    """A token cannot be decrypted: the key or the ciphertext is wrong. Its text is AWS's error code."""


class EventRefusedError(Exception):
    """EventBridge did not take an event. Its text is AWS's error code."""


class CommitUnknownError(Exception):
    """A transaction may have been carried out or not: no answer came."""


class TransactionCancelledError(Exception):
    """A transaction was not carried out. `reasons` has DynamoDB's code for each of its writes, "None" for no objection."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


BY_REASON: dict[str, type[LoginError]] = {
    reason: error for error in LoginError.__subclasses__() for reason in error.reasons
}
