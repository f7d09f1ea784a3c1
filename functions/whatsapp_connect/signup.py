"""Embedded Signup in Meta's JavaScript SDK: whether a visit gets it, and what the page posts when it ends.

https://developers.facebook.com/documentation/business-messaging/whatsapp/embedded-signup/implementation
"""

import re
from collections.abc import Mapping

from whatsapp_connect.dialog import MAX_CODE_CHARACTERS, Answer
from whatsapp_connect.errors import LoginError
from whatsapp_connect.request import Request
from whatsapp_connect.settings import Settings

_TOLD = {
    "event": ("signup_event", re.compile("[A-Z_]{1,64}")),
    "waba_id": ("claimed_waba_id", re.compile("[0-9]{1,32}")),
    "phone_number_id": ("claimed_phone_number_id", re.compile("[0-9]{1,32}")),
    "business_id": ("claimed_business_id", re.compile("[0-9]{1,32}")),
    "current_step": ("step", re.compile("[A-Za-z0-9_]{1,64}")),
    "error_code": ("signup_error", re.compile("[0-9]{1,10}")),
    "session_id": ("session_id", re.compile("[A-Za-z0-9_-]{1,64}")),
    "blocked": ("blocked", re.compile("[a-z-]{1,40}")),
}
"""What the page says beside state and code: its name in the log, and its form.

The IDs are claims: the page can post any. A value of another form is left out, because Meta may change its messages.
"""


def features(settings: Settings, *, mode: str = "", chosen: tuple[str, ...] | None = None) -> tuple[str, ...] | None:
    """Return the features of the Embedded Signup of a visit; None if the visit goes to Facebook by redirect.

    `mode` and `chosen` are the link's `signup` and `signup_features`.
    """
    # The configuration can have been taken away since the link was created.
    if (mode or settings.signup_mode) != "embedded" or not settings.login_config_id:
        return None
    return settings.signup_features if chosen is None else chosen


def read_answer(request: Request, *, own_url: str) -> Answer:
    """Return what the page at `own_url` has posted. Raises LoginError if it was another page.

    The browser says where a form comes from. Otherwise a page of another host, if it is a sibling of this one and so gets
    the cookie, could finish the login of this browser with a code of its own.
    """
    if "sec-fetch-site" in request.headers:
        is_own = request.fetch_site == "same-origin"
    else:
        is_own = request.headers.get("origin", own_url) == own_url
    if not is_own:
        raise LoginError("request-malformed", sec_fetch_site=request.fetch_site)
    form = request.form("state", "code", *_TOLD)
    if not form:
        raise LoginError("empty-callback")
    if "state" not in form:
        raise LoginError("state-missing")
    code = form.get("code", "")
    if len(code) > MAX_CODE_CHARACTERS:
        raise LoginError("request-malformed")
    told = {name: form[name] for name, (_, pattern) in _TOLD.items() if pattern.fullmatch(form.get(name, ""))}
    waba_id = told.get("waba_id")
    return Answer(
        state=form["state"],
        code=code,
        refusal=None if code else _refusal(told),
        is_redirect=False,
        claimed_waba_ids=(waba_id,) if waba_id else (),
        log={_TOLD[name][0]: value for name, value in told.items()},
    )


def _refusal(told: Mapping[str, str]) -> LoginError:
    """Return how a sign-up without a code has ended."""
    event = told.get("event", "CANCEL")  # without a message, the window was closed
    # Meta's reference shows the fields of an error with the event CANCEL, and lists ERROR without any. A person who
    # cancels has a step.
    is_error = "error_code" in told or ("session_id" in told and "current_step" not in told)
    if event == "ERROR" or (event == "CANCEL" and is_error):
        return LoginError("signup-failed", session_id=told.get("session_id", ""))
    return LoginError("declined" if event == "CANCEL" else "signup-unanswered")
