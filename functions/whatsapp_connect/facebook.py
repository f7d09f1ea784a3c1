"""The Graph API: exchange a code, extend a token, ask the debugger, list phone numbers.

No exception leaves this module with a URL or a text of Facebook's in it.
"""

import hmac
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from time import monotonic
from typing import Any, Protocol, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from whatsapp_connect import facebook_responses
from whatsapp_connect.app_secret import AppSecrets
from whatsapp_connect.errors import (
    FacebookError,
    FacebookUnavailableError,
    LoginError,
    SetupError,
)
from whatsapp_connect.facebook_responses import (
    GraphError,
    raise_app_refused,
    raise_code_refused,
    raise_debugging_refused,
    raise_refused,
)
from whatsapp_connect.model import MAX_PHONE_NUMBERS, AccessToken, PhoneNumber, TokenInfo
from whatsapp_connect.settings import Settings
from whatsapp_connect.waiting import pause

# What urllib3 logs quotes URLs, at the level of a warning when it tries a connection again, and the debugger's URL
# holds the token.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 8.0

_MAX_TRIES = 3
_MAX_PAUSE_S = 1.6
_MAX_BYTES = 256 * 1024
_IDLE_S = 15.0
_MAX_PAGES = 20

_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,3}")


class ReadAppSecrets(Protocol):
    def __call__(self, *, again: bool) -> AppSecrets: ...


class FacebookClient:
    """One app's view of the Graph API.

    `deadline`, on the monotonic clock, is when the caller must have its answer. Every method raises a LoginError. While
    the operator rotates the app secret, a call that Facebook refuses with the one is tried with the other.
    """

    def __init__(self, *, url: str, version: str, app_id: str, app_secrets: ReadAppSecrets) -> None:
        self._base = f"{url}/{version}"
        self._version = version
        self._app_id = app_id
        self._app_secrets = app_secrets
        self._good_secret = ""
        self._used_at = 0.0
        self._session = requests.Session()
        self._session.trust_env = False  # no .netrc, no proxy that an environment variable slips in
        self._session.headers.update({"Accept-Encoding": "identity", "User-Agent": "whatsapp-connect"})
        # A request that never got a connection was never seen by Facebook, so even a code may be sent again.
        adapter = HTTPAdapter(max_retries=Retry(total=2, connect=1, read=0, redirect=0, status=0, other=0))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)

    @classmethod
    def from_settings(cls, settings: Settings, *, app_secrets: ReadAppSecrets) -> Self:
        return cls(
            url=settings.graph_url,
            version=settings.graph_version,
            app_id=settings.meta_app_id,
            app_secrets=app_secrets,
        )

    def exchange_code(self, code: str, *, redirect_uri: str, deadline: float) -> AccessToken:
        """Turn a code into a token. Sent once: after a timeout the code may be spent, and cannot be asked about."""
        if monotonic() - self._used_at > _IDLE_S:
            # The far end may have dropped the connection while the function was frozen, and a POST that fails on
            # such a connection looks as if it might have arrived.
            self._session.close()

        def exchange(app_secret: str) -> AccessToken:
            data = {
                "client_id": self._app_id,
                "client_secret": app_secret,
                "redirect_uri": redirect_uri,
                "code": code,
            }
            try:
                answer = self._call("POST", "oauth/access_token", data=data, deadline=deadline)
            except GraphError as error:
                raise_code_refused(error)
            return facebook_responses.access_token(answer)

        return self._with_secret(exchange)

    def extend(self, token: AccessToken, *, deadline: float, system_user: bool = False) -> AccessToken:
        """Turn a token into one that lives about 60 days from now. Facebook may also answer the same token again.

        The old token stays good. A system user's token needs to be told that it shall expire.
        """

        def extend(app_secret: str) -> AccessToken:
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
                raise_app_refused(error)
            return facebook_responses.access_token(answer)

        return self._with_secret(extend)

    def debug(self, token: AccessToken, *, deadline: float) -> TokenInfo:
        """Ask Facebook's debugger about a token.

        https://developers.facebook.com/docs/graph-api/reference/debug_token
        """
        return self._with_secret(lambda app_secret: self._debug(token.value, app_secret, deadline=deadline))

    def check_app(self, *, deadline: float) -> str:
        """Return the Graph version that answers, if Facebook's debugger talks to our app: it is asked about the app's own token.

        Raises LoginError.
        """

        def check(app_secret: str) -> str:
            _, version = self._ask_debugger(f"{self._app_id}|{app_secret}", app_secret, deadline=deadline)
            return version or self._version

        return self._with_secret(check)

    def client_business_id(self, token: AccessToken, *, deadline: float) -> str:
        """Return the id of the business whose system user's token this is, or "" where Facebook does not say."""
        try:
            answer = self._call(
                "GET",
                "me",
                params={"fields": "client_business_id", "appsecret_proof": self._proof(token)},
                bearer=token.value,
                deadline=deadline,
            )
        except (GraphError, LoginError):
            return ""
        return facebook_responses.identifier(answer.get("client_business_id"))

    def phone_numbers(
        self, waba_ids: Iterable[str], token: AccessToken, *, deadline: float
    ) -> dict[str, tuple[PhoneNumber, ...]]:
        """Return the phone numbers by account, of as many accounts as the deadline allows.

        Raises where there is no time for any.
        """
        found: dict[str, tuple[PhoneNumber, ...]] = {}
        for waba_id in waba_ids:
            try:
                found[waba_id] = self._phone_numbers_of(waba_id, token, deadline=deadline)
            except LoginError:
                if not found:
                    raise
        return found

    def _phone_numbers_of(self, waba_id: str, token: AccessToken, *, deadline: float) -> tuple[PhoneNumber, ...]:
        numbers: list[PhoneNumber] = []
        params = {"fields": "id,display_phone_number,verified_name", "appsecret_proof": self._proof(token)}
        for _ in range(_MAX_PAGES):
            try:
                answer = self._call(
                    "GET", f"{waba_id}/phone_numbers", params=params, bearer=token.value, deadline=deadline
                )
            except GraphError as error:
                raise_refused(error)
            data = answer.get("data")
            numbers += [
                facebook_responses.phone_number(item)
                for item in (data if isinstance(data, list) else [])
                if isinstance(item, dict)
            ]
            after = facebook_responses.next_cursor(answer)
            if after is None or len(numbers) >= MAX_PHONE_NUMBERS:
                break
            params["after"] = after
        return tuple(numbers[:MAX_PHONE_NUMBERS])

    def _debug(self, token: str, app_secret: str, *, deadline: float) -> TokenInfo:
        data, version = self._ask_debugger(token, app_secret, deadline=deadline)
        return facebook_responses.token_info(data, graph_version=version or self._version)

    def _ask_debugger(self, token: str, app_secret: str, *, deadline: float) -> tuple[dict[str, Any], str]:
        """Return the debugger's data, and the Graph version that answered."""
        try:
            answer = self._repeat(
                "GET",
                "debug_token",
                params={"input_token": token},
                bearer=f"{self._app_id}|{app_secret}",
                deadline=deadline,
            )
        except GraphError as error:
            raise_debugging_refused(error)
        data = answer.get("data")
        if not isinstance(data, dict):
            raise FacebookError("facebook-answer-unreadable")
        return data, answer["_version"]

    def _with_secret[Answer](self, call: Callable[[str], Answer]) -> Answer:
        """Make a call with the app secret that worked last, then with the other; read them again if none works."""
        tried: set[str] = set()
        refusal: SetupError | None = None
        for again in (False, True):
            secrets = self._app_secrets(again=again).values
            for secret in sorted(secrets, key=lambda one: one != self._good_secret):
                if secret in tried:
                    continue
                tried.add(secret)
                try:
                    answer = call(secret)
                except SetupError as error:
                    if error.reason != "app-secret-wrong":
                        raise
                    refusal = error
                else:
                    self._good_secret = secret
                    return answer
        raise refusal or SetupError("app-secret-wrong")

    def _proof(self, token: AccessToken) -> str:
        """Return the proof that the call comes from the app: https://developers.facebook.com/docs/graph-api/guides/secure-requests."""
        secret = self._good_secret or self._app_secrets(again=False).values[0]
        return hmac.new(secret.encode(), token.value.encode(), "sha256").hexdigest()

    def _repeat(self, method: str, path: str, *, deadline: float, **arguments: Any) -> dict[str, Any]:
        """Call, and call again while Facebook has trouble and there is time."""
        until = deadline - CONNECT_TIMEOUT_S - _MAX_PAUSE_S
        for tries in count(1):
            try:
                return self._call(method, path, deadline=deadline, **arguments)
            except (GraphError, FacebookUnavailableError) as error:
                is_final = isinstance(error, GraphError) and not error.may_be_repeated
                if is_final or tries == _MAX_TRIES or not pause(tries, first_s=0.8, max_s=_MAX_PAUSE_S, until=until):
                    raise
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
                timeout=(min(CONNECT_TIMEOUT_S, left), min(READ_TIMEOUT_S, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _read(response, deadline=min(deadline, monotonic() + READ_TIMEOUT_S))
        except (requests.RequestException, HTTPError, OSError):
            # The texts of these quote the URL, and a URL of ours can hold a token.
            raise FacebookUnavailableError("facebook-unavailable", facebook_call=_name(path)) from None
        finally:
            self._used_at = monotonic()
        status = response.status_code
        answer = facebook_responses.json_object(body)
        if answer is not None and isinstance(answer.get("error"), dict):
            raise GraphError(http_status=status, error=answer["error"])
        if status >= 500:
            raise FacebookUnavailableError("facebook-unavailable", facebook_call=_name(path), facebook_status=status)
        if answer is None or status != 200:
            raise FacebookError("facebook-answer-unreadable", facebook_call=_name(path), facebook_status=status)
        version = response.headers.get("facebook-api-version", "")
        answer["_version"] = version if _VERSION.fullmatch(version) else ""
        return answer


def _read(response: requests.Response, *, deadline: float) -> bytes:
    """Read a body of bounded size in bounded time."""
    body = bytearray()
    while chunk := response.raw.read1(64 * 1024):
        body += chunk
        if len(body) > _MAX_BYTES:
            break  # what is cut off is no JSON
        if monotonic() > deadline:
            raise requests.exceptions.ReadTimeout
    return bytes(body)


def _name(path: str) -> str:
    """Return a call's name without the ids in it."""
    return path.rpartition("/")[2]
