"""Facebook's login dialog: the URL that opens it, and what it answers.

https://developers.facebook.com/documentation/facebook-login/guides/advanced/manual-flow
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from whatsapp_connect.errors import FacebookError, FacebookUnavailableError, LoginError, SetupError
from whatsapp_connect.request import Request
from whatsapp_connect.settings import Settings

MAX_CODE_CHARACTERS = 4096

AUTH_TYPES = frozenset({"rerequest", "reauthorize", "reauthenticate"})
"""Ask again for declined permissions; renew the access to data; ask for the password."""

_ERRORS_BY_CODE: dict[int, tuple[type[LoginError], str]] = {
    4201: (LoginError, "declined"),
    1349048: (SetupError, "domain-not-allowed"),
    1349126: (SetupError, "app-in-development"),
    1349168: (SetupError, "redirect-uri-refused"),
    1349186: (FacebookUnavailableError, "facebook-login-unavailable"),
    1349220: (FacebookUnavailableError, "facebook-login-unavailable"),
    1349245: (SetupError, "tester-invite-pending"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """How Facebook's dialog ended. Anybody can send it: do not act on it before the state is used up."""

    state: str
    code: str = field(repr=False)
    """"" if there is none."""
    refusal: LoginError | None
    """The error in the answer, or None if it has none."""
    is_redirect: bool
    """Whether the code was made for a redirect URI. Codes of the JavaScript SDK are not."""
    claimed_waba_ids: tuple[str, ...] = ()
    """Accounts that the browser names. They count only once the token proves them."""
    log: Mapping[str, str] = field(default_factory=dict)
    """What else the browser says of the end, for the log."""


def login_url(settings: Settings, *, redirect_uri: str, state: str, auth_type: str | None = None) -> str:
    """Return the URL of the dialog.

    A configuration of Facebook Login for Business replaces the scopes. Only then can the token be a system user's, which
    needs override_default_response_type. An unknown `auth_type` is ignored.
    """
    query = {"client_id": settings.meta_app_id, "redirect_uri": redirect_uri, "state": state, "response_type": "code"}
    if settings.login_config_id:
        query |= {"config_id": settings.login_config_id, "override_default_response_type": "true"}
    else:
        query["scope"] = ",".join(settings.required_scopes)
    if auth_type in AUTH_TYPES:
        query["auth_type"] = auth_type
    return f"{settings.dialog_url}/{settings.graph_version}/dialog/oauth?{urlencode(query)}"


def read_answer(request: Request) -> Answer:
    """Return what the dialog added to the callback's URL. Raises LoginError."""
    answer = request.parameters("state", "code", "error", "error_code")
    if not answer:  # people come here like this from an error page of Facebook
        raise LoginError("empty-callback")
    if "state" not in answer:
        raise LoginError("state-missing", facebook_code=error_code(answer))
    if len(answer.get("code", "")) > MAX_CODE_CHARACTERS:
        raise LoginError("request-malformed")
    return Answer(answer["state"], answer.get("code", ""), refusal(answer), is_redirect=True)


def refusal(answer: Mapping[str, str]) -> LoginError | None:
    """Return the error in the dialog's answer, or None if it has none.

    The dialog has two forms of it: OAuth's, with `error`, and one with only `error_code` and `error_message`.
    """
    code = error_code(answer)
    if code in _ERRORS_BY_CODE:
        error, reason = _ERRORS_BY_CODE[code]
        return error(reason, facebook_code=code)
    match answer.get("error"):
        case "access_denied":
            return LoginError("declined", facebook_code=code)
        case "server_error" | "temporarily_unavailable":
            return FacebookUnavailableError("facebook-unavailable", facebook_code=code)
        case None if "error_code" not in answer:
            return None
    return FacebookError("facebook-refused", facebook_code=code)


def error_code(answer: Mapping[str, str]) -> int | None:
    """Return the number in `error_code`, or None. It is the only part of the answer that is safe to log."""
    text = answer.get("error_code", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None
