"""How a login can end without a connection: one row for each reason.

The reason is written to the log and to the metric, and docs/operations.md explains it.
"""

from typing import Literal, NamedTuple

Action = Literal["connect", "redirect", "rerequest", "choose", "other-account", "reconnect", "reload", "none"]
"""The page's button: start again, start again without Embedded Signup's window, ask Facebook for every permission again,
choose accounts again, sign in with another Facebook account, connect again what a used link has connected, load the page
again, or no button."""


class Outcome(NamedTuple):
    status: int
    """Of the HTTP response."""
    text: str
    """Key of the page's title and text in languages/."""
    action: Action


OUTCOMES: dict[str, Outcome] = {
    # The request is not one that our pages or Facebook would send.
    "request-malformed": Outcome(400, "request-incomplete", "connect"),
    "empty-callback": Outcome(400, "request-incomplete", "connect"),
    "state-missing": Outcome(400, "request-incomplete", "connect"),
    "state-malformed": Outcome(400, "request-incomplete", "connect"),
    # The state is unknown, too old, or belongs to another browser.
    "state-unknown": Outcome(400, "state-refused", "connect"),
    "state-expired": Outcome(400, "state-expired", "connect"),
    "state-foreign": Outcome(400, "state-refused", "connect"),
    "cookie-missing": Outcome(400, "cookie-missing", "connect"),
    # The callback was cut off, so nobody knows how the login ended.
    "login-interrupted": Outcome(400, "login-interrupted", "connect"),
    "link-required": Outcome(404, "link-required", "none"),
    "link-unknown": Outcome(404, "link-refused", "none"),
    "link-expired": Outcome(404, "link-refused", "none"),
    "link-used": Outcome(404, "link-used", "reconnect"),
    "link-revoked": Outcome(404, "link-refused", "none"),
    # The person's choice at Facebook.
    "declined": Outcome(200, "declined", "connect"),
    "permission-missing": Outcome(403, "permission-missing", "rerequest"),
    "no-account": Outcome(403, "no-account", "choose"),
    "connection-taken": Outcome(403, "connection-taken", "other-account"),
    "not-yours": Outcome(403, "not-yours", "other-account"),
    # Embedded Signup has ended in a window without a code.
    "signup-failed": Outcome(400, "signup-failed", "connect"),
    "signup-unanswered": Outcome(400, "signup-unanswered", "redirect"),
    # Facebook refuses the code.
    "code-missing": Outcome(400, "code-refused", "connect"),
    "code-used": Outcome(400, "code-refused", "connect"),
    "code-expired": Outcome(400, "code-refused", "connect"),
    "code-rejected": Outcome(400, "code-refused", "connect"),
    # The token cannot be stored.
    "token-invalid": Outcome(502, "token-refused", "connect"),
    "token-of-another-app": Outcome(502, "token-refused", "connect"),
    "token-kind-unsupported": Outcome(502, "token-refused", "connect"),
    "token-without-user": Outcome(502, "token-refused", "connect"),
    "token-short-lived": Outcome(502, "token-refused", "connect"),
    "token-too-long": Outcome(502, "token-refused", "connect"),
    # Facebook's answer is an unexpected one.
    "facebook-refused": Outcome(502, "facebook-refused", "connect"),
    "facebook-answer-unreadable": Outcome(502, "facebook-refused", "connect"),
    "facebook-policy-block": Outcome(502, "facebook-refused", "connect"),
    # Facebook is down, slow or busy.
    "facebook-unavailable": Outcome(503, "facebook-unavailable", "connect"),
    "facebook-throttled": Outcome(503, "facebook-unavailable", "connect"),
    "facebook-login-unavailable": Outcome(503, "facebook-unavailable", "connect"),
    # The Meta app or the stack is not set up correctly.
    "app-secret-missing": Outcome(500, "setup-wrong", "none"),
    "app-secret-malformed": Outcome(500, "setup-wrong", "none"),
    "app-secret-wrong": Outcome(500, "setup-wrong", "none"),
    "app-id-wrong": Outcome(500, "setup-wrong", "none"),
    "app-blocked": Outcome(500, "setup-wrong", "none"),
    "server-not-allowed": Outcome(500, "setup-wrong", "none"),
    "redirect-uri-refused": Outcome(500, "setup-wrong", "none"),
    "domain-not-allowed": Outcome(500, "setup-wrong", "none"),
    "app-in-development": Outcome(500, "setup-wrong", "none"),
    "tester-invite-pending": Outcome(500, "setup-wrong", "none"),
    # An operator has paused all logins.
    "logins-paused": Outcome(503, "paused", "reload"),
    # We are busy: AWS before the state was used up, too many failed logins before it, AWS after it.
    "aws-busy": Outcome(503, "busy", "reload"),
    "too-many-failures": Outcome(503, "busy", "reload"),
    "token-not-stored": Outcome(503, "token-not-stored", "connect"),
    "unexpected": Outcome(500, "unexpected", "connect"),
}


def return_status(reason: str) -> Literal["connected", "declined", "failed"]:
    """Return the status with which a browser goes back to the service, for the reason of a login's end."""
    if reason in {"connected", "accounts-unknown"}:
        return "connected"
    return "declined" if reason == "declined" else "failed"
