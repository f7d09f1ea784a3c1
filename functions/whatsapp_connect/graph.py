"""The Graph API: exchange a code, extend a token, ask the debugger, list phone numbers.

Facebook's error codes decide, never its HTTP status alone and never its texts, which are localised and can quote a
token. No exception leaves this module with a URL or a text of Facebook's in it.
https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

import hmac
import json
import logging
import random
import re
from collections.abc import Iterable, Mapping
from time import monotonic, sleep
from typing import Any, NoReturn, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from whatsapp_connect.errors import (
    CodeError,
    FacebookError,
    FacebookUnavailableError,
    LoginError,
    PermissionMissingError,
    SetupError,
    TokenRefusedError,
)
from whatsapp_connect.model import LAST_MOMENT, AccessToken, Inspection, PhoneNumber

# What urllib3 logs quotes URLs, at the level of a warning when it tries a connection again, and the debugger's URL
# holds the token.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

CONNECT_TIMEOUT = 2.0
READ_TIMEOUT = 8.0
LONGEST_TOKEN = 8192
"""Bytes that Parameter Store takes."""
SHORTEST_LIFE = 7 * 86400
"""Seconds a token must have left to be worth keeping."""

_ATTEMPTS = 3
_MOST_BYTES = 256 * 1024
_IDLE = 15.0
_MOST_WABAS = 10
_MOST_PHONE_NUMBERS = 100
_MOST_PAGES = 20
_MOST_IDS = 200
_LARGEST_INTEGER = 2**53

_SCOPE = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_TRACE = re.compile(r"[A-Za-z0-9_-]{1,40}")
_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,3}")

_CODE_REASONS = {36007: "code-expired", 36009: "code-used"}
_REDIRECT_URI_DIFFERS = 36008
_PARAMETER_REFUSED = 100
# Code 1 is also Facebook's "unknown error", but then it comes as a 5xx or marked transient.
_SETUP_REASONS = {1: "app-secret-wrong", 101: "app-id-wrong", 191: "redirect-uri-refused"}
_TOKEN_INVALID = frozenset({102, 190})
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
            self.is_transient or self.http_status >= 500 or self.code in _TRANSIENT or self.code in _THROTTLED
        )

    @property
    def fields(self) -> dict[str, str | int | None]:
        return {
            "facebook_status": self.http_status,
            "facebook_code": self.code,
            "facebook_subcode": self.subcode,
            "facebook_trace": self.trace,
        }


class GraphClient:
    """One app's view of the Graph API.

    `deadline`, on the monotonic clock, is when the caller must have its answer. Every method raises a LoginError.
    """

    def __init__(self, *, url: str, version: str, app_id: str) -> None:
        self._base = f"{url}/{version}"
        self._version = version
        self._app_id = app_id
        self._used_at = 0.0
        self._session = requests.Session()
        self._session.trust_env = False  # no .netrc, no proxy that an environment variable slips in
        self._session.headers.update({"Accept-Encoding": "identity", "User-Agent": "whatsapp-connect"})
        # A request that never got a connection was never seen by Facebook, so even a code may be sent again.
        adapter = HTTPAdapter(max_retries=Retry(total=2, connect=1, read=0, redirect=0, status=0, other=0))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)

    def exchange_code(self, code: str, *, redirect_uri: str, app_secret: str, deadline: float) -> AccessToken:
        """Turn a code into a token. Sent once: after a timeout the code may be spent, and cannot be asked about."""
        if monotonic() - self._used_at > _IDLE:
            # The far end may have dropped the connection while the function was frozen, and a POST that fails on
            # such a connection looks as if it might have arrived.
            self._session.close()
        try:
            answer = self._call(
                "POST",
                "oauth/access_token",
                data={
                    "client_id": self._app_id,
                    "client_secret": app_secret,
                    "redirect_uri": redirect_uri,
                    "code": code,
                },
                deadline=deadline,
            )
        except GraphError as error:
            _raise_code_refused(error)
        return _access_token(answer)

    def extend(
        self, token: AccessToken, *, app_secret: str, deadline: float, system_user: bool = False
    ) -> AccessToken:
        """Turn a token into one that lives about 60 days from now. Facebook may also answer the same token again.

        The old token stays good. A system user's token needs to be told that it shall expire.
        """
        data = {
            "grant_type": "fb_exchange_token",
            "client_id": self._app_id,
            "client_secret": app_secret,
            "fb_exchange_token": token.value,
        }
        if system_user:
            data |= {"set_token_expires_in_60_days": "true"}
        try:
            answer = self._repeat("POST", "oauth/access_token", data=data, deadline=deadline)
        except GraphError as error:
            _raise_refused(error)
        return _access_token(answer)

    def inspect(self, token: AccessToken, *, app_secret: str, deadline: float) -> Inspection:
        """Ask Facebook's debugger about a token.

        https://developers.facebook.com/docs/graph-api/reference/debug_token
        """
        try:
            answer = self._repeat(
                "GET",
                "debug_token",
                params={"input_token": token.value},
                bearer=f"{self._app_id}|{app_secret}",
                deadline=deadline,
            )
        except GraphError as error:
            if error.code == _PARAMETER_REFUSED:
                raise TokenRefusedError("token-of-another-app", **error.fields) from None
            if error.code in _TOKEN_INVALID:  # the app token that asks, not the token asked about
                raise SetupError("app-secret-wrong", **error.fields) from None
            _raise_refused(error)
        data = answer.get("data")
        if not isinstance(data, dict):
            raise FacebookError("facebook-answer-unreadable")
        return _inspection(data, graph_version=answer["_version"] or self._version)

    def phone_numbers(
        self, waba_ids: Iterable[str], token: AccessToken, *, app_secret: str, deadline: float
    ) -> list[PhoneNumber]:
        """List the phone numbers of WhatsApp Business accounts, of as many as the deadline allows.

        Raises where there is no time for any.
        """
        proof = hmac.new(app_secret.encode(), token.value.encode(), "sha256").hexdigest()
        numbers: list[PhoneNumber] = []
        for waba_id in list(waba_ids)[:_MOST_WABAS]:
            try:
                numbers += self._phone_numbers_of(waba_id, token, proof, deadline=deadline)
            except LoginError:
                if not numbers:
                    raise
        return numbers[:_MOST_PHONE_NUMBERS]

    def _phone_numbers_of(
        self, waba_id: str, token: AccessToken, proof: str, *, deadline: float
    ) -> list[PhoneNumber]:
        numbers: list[PhoneNumber] = []
        params = {"fields": "id,display_phone_number,verified_name", "appsecret_proof": proof}
        for _ in range(_MOST_PAGES):
            try:
                answer = self._call(
                    "GET", f"{waba_id}/phone_numbers", params=params, bearer=token.value, deadline=deadline
                )
            except GraphError as error:
                _raise_refused(error)
            data = answer.get("data")
            numbers += [
                _phone_number(item)
                for item in (data if isinstance(data, list) else [])
                if isinstance(item, dict)
            ]
            after = _next_cursor(answer)
            if after is None or len(numbers) >= _MOST_PHONE_NUMBERS:
                break
            params["after"] = after
        return numbers

    def _repeat(self, method: str, path: str, *, deadline: float, **arguments: Any) -> dict[str, Any]:
        """Call, and call again while Facebook has trouble and there is time."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._call(method, path, deadline=deadline, **arguments)
            except (GraphError, FacebookUnavailableError) as error:
                pause = random.uniform(0.2, 0.4) * 2**attempt  # noqa: S311  jitter, not a secret
                is_last = attempt == _ATTEMPTS or monotonic() + pause + CONNECT_TIMEOUT > deadline
                if is_last or (isinstance(error, GraphError) and not error.may_be_repeated):
                    raise
            sleep(pause)
        raise AssertionError

    def _call(
        self,
        method: str,
        path: str,
        *,
        deadline: float,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        bearer: str | None = None,
    ) -> dict[str, Any]:
        """Return the answer, a JSON object, with the version that gave it under `_version`.

        Raises GraphError, FacebookUnavailableError or FacebookError.
        """
        left = deadline - monotonic()
        if left <= 0:
            raise FacebookUnavailableError("facebook-unavailable", facebook_call=_name(path))
        try:
            with self._session.request(
                method,
                f"{self._base}/{path}",
                params=params,
                data=data,
                headers={"Authorization": f"Bearer {bearer}"} if bearer else None,
                timeout=(min(CONNECT_TIMEOUT, left), min(READ_TIMEOUT, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _read(response, deadline=min(deadline, monotonic() + READ_TIMEOUT))
        except (requests.RequestException, HTTPError, OSError):
            # The texts of these quote the URL, and a URL of ours can hold a token.
            raise FacebookUnavailableError("facebook-unavailable", facebook_call=_name(path)) from None
        finally:
            self._used_at = monotonic()
        status = response.status_code
        answer = _json_object(body)
        if answer is not None and isinstance(answer.get("error"), dict):
            raise GraphError(http_status=status, error=answer["error"])
        if status >= 500:
            raise FacebookUnavailableError(
                "facebook-unavailable", facebook_call=_name(path), facebook_status=status
            )
        if answer is None or status != 200:
            raise FacebookError(
                "facebook-answer-unreadable", facebook_call=_name(path), facebook_status=status
            )
        version = response.headers.get("facebook-api-version", "")
        answer["_version"] = version if _VERSION.fullmatch(version) else ""
        return answer


def is_long_lived(expires_in: int | None) -> bool:
    """Say whether a token lives long enough, in seconds, not to need extending: 30 days."""
    return expires_in is not None and expires_in >= 30 * 86400


def accept(inspection: Inspection, *, app_id: str, required_scopes: Iterable[str], now: float) -> None:
    """Return if a token may be kept: valid, ours, of a known kind, somebody's, with every scope, and long-lived.

    Raises TokenRefusedError or PermissionMissingError.
    """
    if inspection.app_id != app_id:
        raise TokenRefusedError("token-of-another-app")
    if not inspection.is_valid:
        raise TokenRefusedError("token-invalid", facebook_subcode=inspection.subcode)
    if inspection.token_type not in {"USER", "SYSTEM_USER"}:
        raise TokenRefusedError("token-kind-unsupported")
    if not inspection.user_id:
        raise TokenRefusedError("token-without-user")
    missing = sorted(set(required_scopes) - set(inspection.scopes))
    if missing:
        raise PermissionMissingError("permission-missing", missing_scopes=missing)
    if inspection.expires_at != 0 and inspection.expires_at < now + SHORTEST_LIFE:
        raise TokenRefusedError("token-short-lived", seconds_left=int(inspection.expires_at - now))


def _raise_code_refused(error: GraphError) -> NoReturn:
    if error.code == _PARAMETER_REFUSED:
        if error.subcode == _REDIRECT_URI_DIFFERS:
            raise SetupError("redirect-uri-refused", **error.fields) from None
        raise CodeError(_CODE_REASONS.get(error.subcode or 0, "code-rejected"), **error.fields) from None
    _raise_refused(error)


def _raise_refused(error: GraphError) -> NoReturn:
    if error.code in _THROTTLED:
        raise FacebookUnavailableError("facebook-throttled", **error.fields) from None
    if error.may_be_repeated:
        raise FacebookUnavailableError("facebook-unavailable", **error.fields) from None
    if error.code in _SETUP_REASONS:
        raise SetupError(_SETUP_REASONS[error.code], **error.fields) from None
    if error.code in _TOKEN_INVALID:
        raise TokenRefusedError("token-invalid", **error.fields) from None
    if error.code in _PERMISSION_MISSING:
        raise PermissionMissingError("permission-missing", **error.fields) from None
    reason = "facebook-policy-block" if error.code == _POLICY_BLOCK else "facebook-refused"
    raise FacebookError(reason, **error.fields) from None


def _read(response: requests.Response, *, deadline: float) -> bytes:
    """Read a body of bounded size in bounded time."""
    body = bytearray()
    while chunk := response.raw.read1(64 * 1024):
        body += chunk
        if len(body) > _MOST_BYTES:
            break  # what is cut off is no JSON
        if monotonic() > deadline:
            raise requests.exceptions.ReadTimeout
    return bytes(body)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _access_token(answer: Mapping[str, Any]) -> AccessToken:
    value = _text(answer.get("access_token"))
    if not re.fullmatch(rf"[!-~]{{1,{LONGEST_TOKEN}}}", value):
        raise FacebookError("facebook-answer-unreadable")
    return AccessToken(value=value, expires_in=_integer(answer.get("expires_in")))


def _inspection(data: Mapping[str, Any], *, graph_version: str) -> Inspection:
    error = data.get("error")
    expires_at = _moment(data.get("expires_at"))
    is_valid = data.get("is_valid")
    # A token is taken away because of this word: what is not said is not taken for a no.
    if not isinstance(is_valid, bool) or (is_valid and expires_at is None):
        raise FacebookError("facebook-answer-unreadable")
    return Inspection(
        app_id=_identifier(data.get("app_id")),
        token_type=_text(data.get("type"))[:40],
        is_valid=is_valid,
        subcode=_integer(error.get("subcode")) if isinstance(error, dict) else None,
        user_id=_identifier(data.get("user_id")),
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
                if identifier := _identifier(target):
                    ids[identifier] = None
    return list(ids)[:_MOST_IDS]


def _phone_number(item: Mapping[str, Any]) -> PhoneNumber:
    return PhoneNumber(
        id=_identifier(item.get("id")),
        display_phone_number=_text(item.get("display_phone_number"))[:40],
        verified_name=_text(item.get("verified_name"))[:100],
    )


def _next_cursor(answer: Mapping[str, Any]) -> str | None:
    """Return the cursor alone: paging.next is a whole URL with the token in it."""
    paging = answer.get("paging")
    if not isinstance(paging, dict) or "next" not in paging or not isinstance(paging.get("cursors"), dict):
        return None
    return _text(paging["cursors"].get("after")) or None


def _identifier(value: object) -> str:
    """Return an id, which Facebook writes as a string or as a number, or an empty string."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 32 else ""


def _integer(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST_INTEGER:
        return None
    return value


def _moment(value: object) -> int | None:
    moment = _integer(value)
    return moment if moment is not None and 0 <= moment <= LAST_MOMENT else None


def _text(value: object) -> str:
    """Return a text that can be written down: JSON can spell half a character, UTF-8 cannot."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _strings(value: object) -> list[str]:
    return (
        [item for item in cast("list[object]", value) if isinstance(item, str)]
        if isinstance(value, list)
        else []
    )


def _name(path: str) -> str:
    """Return a call's name without the ids in it."""
    return path.rpartition("/")[2]
