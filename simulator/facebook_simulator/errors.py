"""Define Facebook's errors and their JSON form.

Clients decide by codes, subcodes and HTTP statuses. Messages are for people, and some of them contain the refused
token, as Facebook's do.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Self

OAUTH = "OAuthException"
METHOD = "GraphMethodException"

_PACIFIC = timezone(timedelta(hours=-8))


@dataclass(frozen=True)
class GraphFailure:
    """An error answer. `phrase` is the key of its localised texts for people; None if Facebook sends none.

    `details` is the text in `error_data`, which only errors of the WhatsApp endpoints have.
    """

    message: str
    code: int
    subcode: int | None = None
    status: int = 400
    type: str | None = OAUTH
    transient: bool = False
    phrase: str | None = None
    details: str | None = None

    def body(self, *, trace: str, language: str) -> dict[str, Any]:
        """Return the JSON object of the answer, `{"error": {...}}`."""
        error: dict[str, Any] = {"message": self.message}
        if self.type:
            error["type"] = self.type
        error["code"] = self.code
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        if self.transient:
            error["is_transient"] = True
        if self.phrase:
            texts = _PHRASES[self.phrase]
            error["error_user_title"], error["error_user_msg"] = texts.get(language, texts["en"])
        error["fbtrace_id"] = trace
        return {"error": error}

    @property
    def challenge(self) -> str:
        """The value of the WWW-Authenticate header, in printable ASCII."""
        kind = "invalid_request"
        if self.code == 190:
            kind = "invalid_token"
        elif self.subcode in {36007, 36008, 36009} or self.message == _GARBAGE_CODE:
            kind = "invalid_code"
        text = "".join(letter if " " <= letter <= "~" else "?" for letter in self.message).replace('"', "'")
        return f'OAuth "Facebook Platform" "{kind}" "{text}"'

    def with_status(self, status: int) -> Self:
        """Return the same error with another HTTP status."""
        return replace(self, status=status)


class GraphError(Exception):
    """The request is answered with `failure`."""

    def __init__(self, failure: GraphFailure) -> None:
        super().__init__(failure.code)
        self.failure = failure


_GARBAGE_CODE = "Invalid verification code format."

_PHRASES = {
    "login_again": {
        "en": ("Please log in again", "Your session has ended. Log in again to go on."),
        "de": (
            "Bitte melde dich neu an",
            "Deine Sitzung ist beendet. Melde dich erneut an, um fortzufahren.",
        ),
        "es": ("Vuelve a iniciar sesión", "Tu sesión ha terminado. Inicia sesión otra vez para continuar."),
        "ja": (
            "再度ログインしてください",
            "セッションが終了しました。続けるにはもう一度ログインしてください。",
        ),
    },
    "busy": {
        "en": ("Too many requests", "Something is asking too often. Please wait a while."),
        "de": ("Zu viele Anfragen", "Es wird zu oft angefragt. Bitte warte eine Weile."),
        "es": ("Demasiadas solicitudes", "Se pregunta con demasiada frecuencia. Espera un poco."),
        "ja": ("リクエストが多すぎます", "しばらく待ってからもう一度お試しください。"),
    },
}
LANGUAGES = tuple(_PHRASES["busy"])


def missing_parameter(name: str) -> GraphFailure:
    """Return the error for a missing login parameter. The code depends on the parameter."""
    return GraphFailure(f"Missing {name} parameter.", 191 if name == "redirect_uri" else 101)


UNKNOWN_APP = GraphFailure("Error validating application. Cannot get application info due to a system error.", 101)
WRONG_SECRET = GraphFailure("Error validating client secret.", 1)
RELATIVE_REDIRECT = GraphFailure("redirect_uri isn't an absolute URI. Check RFC 3986.", 191)
MISSING_CODE = GraphFailure("Missing authorization code", 1)
GARBAGE_CODE = GraphFailure(_GARBAGE_CODE, 100)
CODE_USED = GraphFailure("This authorization code has been used.", 100, 36009)
CODE_EXPIRED = GraphFailure("This authorization code has expired.", 100, 36007)
OTHER_REDIRECT = GraphFailure(
    "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in"
    " the OAuth dialog request",
    100,
    36008,
)

NO_TOKEN = GraphFailure("An active access token must be used to query information about the current user.", 2500)
BAD_SIGNATURE = GraphFailure("Invalid OAuth access token signature.", 190)
FOREIGN_TOKEN = GraphFailure("(#100) The App_id in the input_token did not match the Viewing App", 100)
NOT_A_DEVELOPER = GraphFailure(
    "(#100) You must provide an app access token, or a user access token that is an owner or developer of the app",
    100,
)
NOT_A_USER_TOKEN = GraphFailure("Invalid OAuth access token - a user access token of this app is required.", 190)
NOT_EXTENDABLE = GraphFailure("(#100) This access token cannot be exchanged for a new one", 100)
PROOF_MISSING = GraphFailure("API calls from the server require an appsecret_proof argument", 100, type=METHOD)
PROOF_WRONG = GraphFailure("Invalid appsecret_proof provided in the API argument", 100, type=METHOD)
INACTIVE = GraphFailure(
    "The access token is invalid since the user hasn't engaged the app in longer than 90 days.",
    190,
    493,
    phrase="login_again",
)
DATA_ACCESS_ENDED = GraphFailure("(#10) The app's access to this person's data has expired.", 10, status=403)
PERMISSION_MISSING = GraphFailure(
    "(#200) You do not have the permission needed to access this WhatsApp Business account.", 200, status=403
)
BUSINESS_PERMISSION_MISSING = GraphFailure(
    "(#200) Requires business_management permission to manage the object.", 200, status=403
)
NOT_SUBSCRIBED = GraphFailure(
    "(#100) Before override the current callback uri, your app must be subscribed to receive messages for WhatsApp"
    " Business Account",
    100,
)
ON_BUSINESS_APP = GraphFailure("(#100) Register endpoint is not available for SMB businesses", 100)
WRONG_PIN = GraphFailure(
    "(#133005) Two step verification PIN Mismatch",
    133005,
    details="Two step verification PIN Mismatch",
)
TOO_MANY_REGISTRATIONS = GraphFailure(
    "(#133016) Account register or deregister rate limit exceeded",
    133016,
    details=(
        "Registration or Deregistration failed because there were too many attempts for this phone number in a short"
        " period of time"
    ),
)
NOT_REGISTERED = GraphFailure(
    "(#133010) Account not registered", 133010, details="Phone number not registered on the WhatsApp Business Platform."
)
NO_TEMPLATE = GraphFailure(
    "(#132001) Template name does not exist in the translation",
    132001,
    status=404,
    details="template name does not exist in the language",
)

# https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/onboarding-business-app-users
# names the first two; their texts and HTTP status are not known. What a number outside of the app gets is not known.
SYNC_REPEATED = GraphFailure("(#2593107) Synchronization request limit exceeded", 2593107)
SYNC_TOO_LATE = GraphFailure(
    "(#2593108) Synchronization request can only be made within 24 hours of onboarding", 2593108
)
NOT_ON_BUSINESS_APP = GraphFailure("(#100) The phone number is not used with the WhatsApp Business app", 100)

ACTION_NOT_PERMITTED = GraphFailure("(#10) Application does not have permission for this action", 10, status=403)

API_BLOCKED = GraphFailure("API access blocked.", 200)
SERVER_NOT_ALLOWED = GraphFailure("(#5) Unauthorized source IP address", 5)
UNKNOWN_ERROR = GraphFailure("An unknown error occurred", 1, 99)
AUTH_EXCEPTION = GraphFailure("(#0) We were unable to authenticate the app user.", 0, status=401)
SERVER_ERROR = GraphFailure(
    "An unexpected error has occurred. Please retry your request later.",
    2,
    status=500,
    type=None,
    transient=True,
)
APP_THROTTLED = GraphFailure("(#4) Application request limit reached", 4, phrase="busy")
USER_THROTTLED = GraphFailure("(#17) User request limit reached", 17, 2446079, transient=True, phrase="busy")
ACCOUNT_THROTTLED = GraphFailure(
    "(#80007) There have been too many calls from this WhatsApp Business account.", 80007, phrase="busy"
)


def malformed_token(token: str) -> GraphFailure:
    """Return the error for a value that is no token. Its message contains the value, as Facebook's does."""
    return GraphFailure(f"Malformed access token {token}", 190)


def expired_token(expired_at: int, now: int) -> GraphFailure:
    """Return the error for a token that expired at `expired_at` (epoch seconds)."""
    return GraphFailure(
        f"Error validating access token: Session has expired on {_date(expired_at)}. The current time is {_date(now)}.",
        190,
        463,
        phrase="login_again",
    )


def required(name: str) -> GraphFailure:
    """Return the error for a missing parameter of a Graph call."""
    return GraphFailure(f"(#100) The parameter {name} is required", 100)


def invalid_parameter(name: str, reason: str) -> GraphFailure:
    """Return the error for an invalid parameter of a Graph call."""
    return GraphFailure(f"(#100) Param {name} {reason}", 100)


def unverified_callback(problem: str) -> GraphFailure:
    """Return the error for an address of webhooks that did not repeat the challenge."""
    return GraphFailure(f"(#2200) Callback verification failed with the following errors: {problem}", 2200)


def nonexisting_field(name: str, node_type: str) -> GraphFailure:
    """Return the error for a field in `fields` that this type of node does not have."""
    return GraphFailure(f"(#100) Tried accessing nonexisting field ({name}) on node type ({node_type})", 100)


def unsupported(method: str, object_id: str) -> GraphFailure:
    """Return the error for an object that does not exist, does not support the method, or is not visible to the caller.

    Facebook uses the same error for all three.
    """
    return GraphFailure(
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, cannot be loaded due to"
        " missing permissions, or does not support this operation",
        100,
        33,
        type=METHOD,
    )


def unknown_path(path: str) -> GraphFailure:
    """Return the error for an API version that does not exist."""
    return GraphFailure(f"Unknown path components: {path}", 2500)


def _date(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(_PACIFIC).strftime("%A, %d-%b-%y %H:%M:%S PST")
