"""What Facebook answers, read with suspicion: its errors by their codes, its tokens, its debugger's words.

Its error codes decide, never its HTTP status alone and never its texts, which are localised and can quote a token.
https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, cast

from whatsapp_connect.errors import (
    CodeError,
    FacebookError,
    FacebookUnavailableError,
    SetupError,
    TokenRefusedError,
)
from whatsapp_connect.model import LATEST_TIME, AccessToken, PhoneNumber, TokenInfo

LONGEST_TOKEN = 8192
"""Bytes that Parameter Store takes. KMS takes 4,096, see token_cipher."""

_MOST_IDS = 200
_LARGEST_INTEGER = 2**53

_SCOPE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_TRACE = re.compile(r"[A-Za-z0-9_-]{1,40}")

_CODE_REASONS = {36007: "code-expired", 36009: "code-used"}
_REDIRECT_URI_DIFFERS = 36008
_PARAMETER_REFUSED = 100
# Code 1 is also Facebook's "unknown error": then it comes as a 5xx, marked transient, or with subcode 99.
_SETUP_REASONS = {
    1: "app-secret-wrong",
    5: "server-not-allowed",
    101: "app-id-wrong",
    191: "redirect-uri-refused",
}
_UNKNOWN_ERROR_SUBCODE = 99
_TOKEN_INVALID = frozenset({0, 102, 190})
_PERMISSION_MISSING = frozenset({3, 10, *range(200, 300)})
_TRANSIENT = frozenset({2})
_THROTTLED = frozenset({4, 17, 32, 341, 613, 80007, 80008})
_POLICY_BLOCK = 368
# The debugger fills the ids under whichever of these the person granted, and the names drift.
_WABA_SCOPES = frozenset(
    {"whatsapp_business_management", "whatsapp_business_messaging", "whatsapp_business_manage_events"}
)


class GraphError(Exception):
    """An error object in Facebook's answer."""

    def __init__(self, *, http_status: int, error: Mapping[str, Any]) -> None:
        super().__init__()
        self.http_status = http_status
        self.code = _integer(error.get("code"))
        self.subcode = _integer(error.get("error_subcode"))
        trace = _text(error.get("fbtrace_id"))
        self.trace = trace if _TRACE.fullmatch(trace) else None
        self.is_transient = error.get("is_transient") is True

    @property
    def may_be_repeated(self) -> bool:
        return (
            self.is_transient
            or self.http_status >= 500
            or self.code in _TRANSIENT
            or self.code in _THROTTLED
            or (self.code == 1 and self.subcode == _UNKNOWN_ERROR_SUBCODE)
        )

    @property
    def fields(self) -> dict[str, str | int | None]:
        return {
            "facebook_status": self.http_status,
            "facebook_code": self.code,
            "facebook_subcode": self.subcode,
            "facebook_trace": self.trace,
        }


def raise_code_refused(error: GraphError) -> NoReturn:
    """Raise why a code was not exchanged."""
    if error.code == _PARAMETER_REFUSED:
        if error.subcode == _REDIRECT_URI_DIFFERS:
            raise SetupError("redirect-uri-refused", **error.fields) from None
        raise CodeError(_CODE_REASONS.get(error.subcode or 0, "code-rejected"), **error.fields) from None
    raise_app_refused(error)


def raise_debugging_refused(error: GraphError) -> NoReturn:
    """Raise why the debugger did not answer, which is not the same as its word on a token."""
    if error.may_be_repeated:
        raise_app_refused(error)
    if error.code == _PARAMETER_REFUSED:
        raise TokenRefusedError("token-of-another-app", **error.fields) from None
    if error.code in _TOKEN_INVALID:  # the app token that asks, not the token asked about
        raise SetupError("app-secret-wrong", **error.fields) from None
    raise_app_refused(error)


def raise_app_refused(error: GraphError) -> NoReturn:
    """Raise why a call that the app makes for itself was refused. There a refused permission is the app's."""
    if not error.may_be_repeated and error.code in _PERMISSION_MISSING:
        raise SetupError("app-blocked", **error.fields) from None
    raise_refused(error)


def raise_refused(error: GraphError) -> NoReturn:
    """Raise why any other call was refused."""
    if error.code in _THROTTLED:
        raise FacebookUnavailableError("facebook-throttled", **error.fields) from None
    if error.may_be_repeated:
        raise FacebookUnavailableError("facebook-unavailable", **error.fields) from None
    if error.code in _SETUP_REASONS:
        raise SetupError(_SETUP_REASONS[error.code], **error.fields) from None
    if error.code in _TOKEN_INVALID:
        raise TokenRefusedError("token-invalid", **error.fields) from None
    reason = "facebook-policy-block" if error.code == _POLICY_BLOCK else "facebook-refused"
    raise FacebookError(reason, **error.fields) from None


def json_object(body: bytes) -> dict[str, Any] | None:
    """Return an answer's body as a JSON object, or None if it is not one."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def access_token(answer: Mapping[str, Any]) -> AccessToken:
    """Read the answer to an exchange. Raises FacebookError where there is no token to be kept in it."""
    value = _text(answer.get("access_token"))
    if not is_access_token(value):
        raise FacebookError("facebook-answer-unreadable")
    return AccessToken(value=value, expires_in=_integer(answer.get("expires_in")))


def is_access_token(value: str) -> bool:
    """Return whether a text can be stored as a token: Parameter Store refuses text in double brackets."""
    return bool(re.fullmatch(rf"[!-~]{{1,{LONGEST_TOKEN}}}", value)) and "{{" not in value


def token_info(data: Mapping[str, Any], *, graph_version: str) -> TokenInfo:
    """Read the debugger's word on a token. Raises FacebookError where it cannot be relied on."""
    error = data.get("error")
    expires_at = _moment(data.get("expires_at"))
    is_valid = data.get("is_valid")
    # A token is taken away because of this word: what is not said is not taken for a no.
    if not isinstance(is_valid, bool) or (is_valid and expires_at is None):
        raise FacebookError("facebook-answer-unreadable")
    return TokenInfo(
        app_id=identifier(data.get("app_id")),
        token_type=_text(data.get("type"))[:40],
        is_valid=is_valid,
        subcode=_integer(error.get("subcode")) if isinstance(error, dict) else None,
        user_id=identifier(data.get("user_id")),
        scopes=tuple(scope for scope in _strings(data.get("scopes")) if _SCOPE.fullmatch(scope))[:_MOST_IDS],
        waba_ids=tuple(_waba_ids(data.get("granular_scopes"))),
        issued_at=_moment(data.get("issued_at")) or 0,
        expires_at=expires_at or 0,
        data_access_expires_at=_moment(data.get("data_access_expires_at")) or 0,
        graph_version=graph_version,
    )


def _waba_ids(granular_scopes: object) -> list[str]:
    ids: dict[str, None] = {}
    for granted in granular_scopes if isinstance(granular_scopes, list) else []:
        if isinstance(granted, dict) and _text(granted.get("scope")) in _WABA_SCOPES:
            targets = granted.get("target_ids")
            for target in targets if isinstance(targets, list) else []:
                if waba_id := identifier(target):
                    ids[waba_id] = None
    return list(ids)[:_MOST_IDS]


def phone_number(item: Mapping[str, Any]) -> PhoneNumber:
    """Read one number of a list; what is not there is empty."""
    return PhoneNumber(
        id=identifier(item.get("id")),
        display_phone_number=_text(item.get("display_phone_number"))[:40],
        verified_name=_text(item.get("verified_name"))[:100],
    )


def next_cursor(answer: Mapping[str, Any]) -> str | None:
    """Return the cursor alone: paging.next is a whole URL with the token in it."""
    paging = answer.get("paging")
    if not isinstance(paging, dict) or "next" not in paging or not isinstance(paging.get("cursors"), dict):
        return None
    return _text(paging["cursors"].get("after")) or None


def identifier(value: object) -> str:
    """Return an id, which Facebook writes as a string or as a number, or an empty string."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 32 else ""


def _integer(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST_INTEGER:
        return None
    return value


def _moment(value: object) -> int | None:
    moment = _integer(value)
    return moment if moment is not None and 0 <= moment <= LATEST_TIME else None


def _text(value: object) -> str:
    """Return a text that can be written down: JSON can spell half a character, UTF-8 cannot."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _strings(value: object) -> list[str]:
    return [item for item in cast("list[object]", value) if isinstance(item, str)] if isinstance(value, list) else []
