"""Facebook's answers: errors, tokens, what the debugger says of a token, phone numbers.

An error's code decides, not its HTTP status and never its text, which is translated and can quote a token.
https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, cast, get_args

from whatsapp_connect.errors import (
    CodeError,
    FacebookError,
    FacebookUnavailableError,
    LoginError,
    SetupError,
    TokenRefusedError,
)
from whatsapp_connect.model import MAX_TIME_S, AccessToken, CanSend, Condition, PhoneNumber, TokenInfo

Call = Literal["code", "sdk-code", "debugger", "app", "user"]
"""What was asked for: the exchange of a code of the redirect or of the SDK, the debugger, another call of the app itself,
or a call with a token."""

MAX_TOKEN_BYTES = 8192
"""What Parameter Store takes. KMS takes 4,096, see cipher."""

_MAX_IDS = 200
_MAX_INTEGER = 2**53

_SCOPE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_TRACE = re.compile(r"[A-Za-z0-9_-]{1,40}")

_PARAMETER_REFUSED = 100
_REDIRECT_URI_REFUSED = 191
# An error about the redirect URI of an exchange without one says that the code was made for one, or never made.
_CODE_REFUSED: dict[Call, tuple[int, ...]] = {
    "code": (_PARAMETER_REFUSED,),
    "sdk-code": (_PARAMETER_REFUSED, _REDIRECT_URI_REFUSED),
}
_CODE_REASONS = {36007: "code-expired", 36009: "code-used"}
_REDIRECT_URI_DIFFERS = 36008
_SETUP_REASONS = {
    1: "app-secret-wrong",
    5: "server-not-allowed",
    101: "app-id-wrong",
    _REDIRECT_URI_REFUSED: "redirect-uri-refused",
}
_TRANSIENT = 2
_UNKNOWN_ERROR = (1, 99)  # code and subcode; code 1 alone means the app secret
_TOKEN_INVALID = frozenset({0, 102, 190})
_PERMISSION_MISSING = frozenset({3, 10, *range(200, 300)})
_THROTTLED = frozenset({4, 17, 32, 341, 613, 80007, 80008})
_POLICY_BLOCK = 368
_CAN_SEND: frozenset[str] = frozenset(get_args(CanSend))
# The debugger lists the account IDs under one or more of these.
_WABA_SCOPES = {"whatsapp_business_management", "whatsapp_business_messaging", "whatsapp_business_manage_events"}


def refusal(error: Mapping[str, Any], *, http_status: int, of: Call) -> LoginError:  # noqa: PLR0911  one for each meaning
    """Return what an error object in an answer means. If the call may work a little later, FacebookUnavailableError."""
    code, subcode = _integer(error.get("code")), _integer(error.get("error_subcode"))
    trace = _text(error.get("fbtrace_id"))
    fields: dict[str, str | int | None] = {
        "facebook_status": http_status,
        "facebook_code": code,
        "facebook_subcode": subcode,
        "facebook_trace": trace if _TRACE.fullmatch(trace) else None,
    }
    if code in _CODE_REFUSED.get(of, ()):
        if of == "code" and subcode == _REDIRECT_URI_DIFFERS:
            return SetupError("redirect-uri-refused", **fields)
        return CodeError(_CODE_REASONS.get(subcode or 0, "code-rejected"), **fields)
    if code in _THROTTLED:
        return FacebookUnavailableError("facebook-throttled", **fields)
    is_transient = error.get("is_transient") is True or code == _TRANSIENT or (code, subcode) == _UNKNOWN_ERROR
    if is_transient or http_status >= 500:
        return FacebookUnavailableError("facebook-unavailable", **fields)
    if of == "debugger" and code == _PARAMETER_REFUSED:
        return TokenRefusedError("token-of-another-app", **fields)
    if of == "debugger" and code in _TOKEN_INVALID:  # the app token that asks, not the token it asks about
        return SetupError("app-secret-wrong", **fields)
    if of != "user" and code in _PERMISSION_MISSING:
        return SetupError("app-blocked", **fields)
    if code in _SETUP_REASONS:
        return SetupError(_SETUP_REASONS[code], **fields)
    if code in _TOKEN_INVALID:
        return TokenRefusedError("token-invalid", **fields)
    return FacebookError("facebook-policy-block" if code == _POLICY_BLOCK else "facebook-refused", **fields)


def json_object(body: bytes) -> dict[str, Any] | None:
    """Return a body as a JSON object, or None if it is not one."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def access_token(answer: Mapping[str, Any]) -> AccessToken:
    """Read the answer to an exchange. Raises FacebookError if it holds no token that can be stored."""
    value = _text(answer.get("access_token"))
    if not is_access_token(value):
        raise FacebookError("facebook-answer-unreadable")
    # Facebook writes 0 where it does not say.
    return AccessToken(value=value, expires_in=_integer(answer.get("expires_in")) or None)


def is_access_token(value: str) -> bool:
    """Return whether Parameter Store takes this as a token: it refuses text in double brackets."""
    return bool(re.fullmatch(rf"[!-~]{{1,{MAX_TOKEN_BYTES}}}", value)) and "{{" not in value


def token_info(data: Mapping[str, Any], *, graph_version: str) -> TokenInfo:
    """Read what the debugger says about a token. Raises FacebookError if a necessary value is missing."""
    error = data.get("error")
    expires_at = _moment(data.get("expires_at"))
    is_valid = data.get("is_valid")
    granted = _granular_scopes(data.get("granular_scopes"))
    # We delete tokens when is_valid is false, so a missing value is an error.
    if not isinstance(is_valid, bool) or (is_valid and expires_at is None):
        raise FacebookError("facebook-answer-unreadable")
    return TokenInfo(
        app_id=identifier(data.get("app_id")),
        token_type=_text(data.get("type"))[:40],
        is_valid=is_valid,
        subcode=_integer(error.get("subcode")) if isinstance(error, dict) else None,
        user_id=identifier(data.get("user_id")),
        scopes=_scopes(data.get("scopes"), granted),
        target_ids=_target_ids(granted),
        has_no_account=_has_no_account(data.get("scopes"), granted),
        issued_at=_moment(data.get("issued_at")) or 0,
        expires_at=expires_at or 0,
        data_access_expires_at=_moment(data.get("data_access_expires_at")) or 0,
        graph_version=graph_version,
    )


def _granular_scopes(value: object) -> dict[str, list[object] | None]:
    """Return what each permission is for, by its name; None if Facebook does not say."""
    granted: dict[str, list[object] | None] = {}
    for one in value if isinstance(value, list) else []:
        if isinstance(one, dict) and _SCOPE.fullmatch(scope := _text(one.get("scope"))):
            targets = one.get("target_ids")
            granted[scope] = targets if isinstance(targets, list) else None
    return granted


def _scopes(scopes: object, granted: Mapping[str, object]) -> tuple[str, ...]:
    """Return the permissions of both lists. Facebook has been seen to leave WhatsApp's out of either."""
    named = (scope for scope in _strings(scopes) if _SCOPE.fullmatch(scope))
    return tuple(dict.fromkeys((*named, *granted)))[:_MAX_IDS]


def _target_ids(granted: Mapping[str, list[object] | None]) -> tuple[str, ...]:
    targets = (target for scope, targets in granted.items() if scope in _WABA_SCOPES for target in targets or [])
    return tuple(dict.fromkeys(filter(None, map(identifier, targets))))[:_MAX_IDS]


def _has_no_account(scopes: object, granted: Mapping[str, list[object] | None]) -> bool:
    held = _WABA_SCOPES & {*_strings(scopes), *granted}
    return bool(held) and all(granted.get(scope) == [] for scope in held)


def phone_number(item: Mapping[str, Any]) -> PhoneNumber:
    """Read one number of a list. A missing value is ""."""
    is_on_biz_app = item.get("is_on_biz_app") is True
    return PhoneNumber(
        id=identifier(item.get("id")),
        display_phone_number=_text(item.get("display_phone_number"))[:40],
        verified_name=_text(item.get("verified_name"))[:100],
        status=_text(item.get("status"))[:40],
        platform_type=_text(item.get("platform_type"))[:40],
        is_on_biz_app=is_on_biz_app,
        onboarded_at=_date(item.get("last_onboarded_time")) if is_on_biz_app else 0,
    )


def condition(answer: Mapping[str, Any]) -> Condition:
    """Read name and `health_status` of an account. The problem is the first one of what cannot send as it should.

    https://developers.facebook.com/docs/whatsapp/cloud-api/health-status
    """
    status = answer.get("health_status")
    status = status if isinstance(status, dict) else {}
    entities = status.get("entities")
    problems = (
        _integer(error.get("error_code")) or 0
        for entity in (entities if isinstance(entities, list) else [])
        if isinstance(entity, dict) and entity.get("can_send_message") != "AVAILABLE"
        for error in (entity["errors"] if isinstance(entity.get("errors"), list) else [])
        if isinstance(error, dict)
    )
    can_send = _text(status.get("can_send_message"))
    return Condition(
        name=_text(answer.get("name"))[:100],
        can_send=cast("CanSend", can_send if can_send in _CAN_SEND else ""),
        problem_code=next(filter(None, problems), 0),
    )


def subscribed_app(item: Mapping[str, Any]) -> str:
    """Read the App ID of one item of `subscribed_apps`, or ""."""
    about = item.get("whatsapp_business_api_data")
    return identifier(about.get("id")) if isinstance(about, dict) else ""


def named_id(item: Mapping[str, Any]) -> tuple[str, str] | None:
    """Read the ID and the name of an account or a business; None if it has no ID."""
    found = identifier(item.get("id"))
    return (found, _text(item.get("name"))[:100]) if found else None


def next_cursor(answer: Mapping[str, Any]) -> str | None:
    """Return the cursor of the next page, or None. paging.next itself is a URL that holds the token."""
    paging = answer.get("paging")
    if not isinstance(paging, dict) or "next" not in paging or not isinstance(paging.get("cursors"), dict):
        return None
    return _text(paging["cursors"].get("after")) or None


def identifier(value: object) -> str:
    """Return an ID, which Facebook writes as a string or as a number. Anything else is ""."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 32 else ""


def _integer(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MAX_INTEGER:
        return None
    return value


def _moment(value: object) -> int | None:
    moment = _integer(value)
    return moment if moment is not None and 0 <= moment <= MAX_TIME_S else None


def _date(value: object) -> int:
    """Return a time that Facebook writes as ISO 8601 in epoch seconds, or 0."""
    try:
        date = datetime.fromisoformat(_text(value))
    except ValueError:
        return 0
    # Without an offset it would be read in this machine's time zone.
    return (_moment(int(date.timestamp())) or 0) if date.tzinfo else 0


def _text(value: object) -> str:
    """Return a string, or "". Replace lone surrogates: JSON allows them, UTF-8 does not."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _strings(value: object) -> list[str]:
    return [item for item in cast("list[object]", value) if isinstance(item, str)] if isinstance(value, list) else []
