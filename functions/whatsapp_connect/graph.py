"""Calls to the Graph API. No exception of this module holds a URL or a text from Facebook."""

import hmac
import logging
import re
from collections.abc import Callable, Mapping
from itertools import count
from time import monotonic
from typing import Any, Protocol, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util import Retry

from whatsapp_connect import facebook_responses
from whatsapp_connect.app_secret import AppSecrets
from whatsapp_connect.errors import FacebookError, FacebookUnavailableError, SetupError
from whatsapp_connect.facebook_responses import Call
from whatsapp_connect.model import AccessToken
from whatsapp_connect.settings import Settings
from whatsapp_connect.waiting import pause

# urllib3 logs URLs, some as a warning, and the debugger's URL holds the token.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 8.0

_MAX_TRIES = 3
_MAX_PAUSE_S = 1.6
_MAX_ANSWER_BYTES = 256 * 1024
_MAX_IDLE_S = 15.0

_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,3}")


class ReadAppSecrets(Protocol):
    def __call__(self, *, again: bool) -> AppSecrets: ...


class GraphClient:
    """The Graph API, as one app sees it.

    `deadline` is when the caller must have the answer, on the monotonic clock. Every call raises LoginError.
    """

    def __init__(self, *, url: str, version: str, app_id: str, app_secrets: ReadAppSecrets) -> None:
        self._base = f"{url}/{version}"
        self._version = version
        self.app_id = app_id
        self._app_secrets = app_secrets
        self._good_secret = ""
        self._used_at = 0.0
        self._session = requests.Session()
        self._session.trust_env = False  # ignore .netrc, and proxies in environment variables
        self._session.headers.update({"Accept-Encoding": "identity", "User-Agent": "whatsapp-connect"})
        # Facebook never saw a request that got no connection, so even a code can be sent again.
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

    def close_if_idle(self) -> None:
        """Close connections that Facebook may have closed while the function was frozen.

        A POST that fails on such a connection looks as if it might have arrived.
        """
        if monotonic() - self._used_at > _MAX_IDLE_S:
            self._session.close()

    def with_secret[Answer](self, call: Callable[[str], Answer]) -> Answer:
        """Make a call with the app secret that worked last, then with the other. Read them again if none works.

        So the operator can rotate them.
        """
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

    def proof(self, token: AccessToken) -> str:
        """Return the proof that the call comes from the app.

        https://developers.facebook.com/docs/graph-api/guides/secure-requests
        """
        secret = self._good_secret or self._app_secrets(again=False).values[0]
        return hmac.new(secret.encode(), token.value.encode(), "sha256").hexdigest()

    def repeat(self, method: str, path: str, *, deadline: float, **arguments: Any) -> dict[str, Any]:
        """Do as call(), and repeat the call while Facebook is unavailable and there is time."""
        until = deadline - CONNECT_TIMEOUT_S - _MAX_PAUSE_S
        for tries in count(1):
            try:
                return self.call(method, path, deadline=deadline, **arguments)
            except FacebookUnavailableError:
                if tries == _MAX_TRIES or not pause(tries, first_s=0.8, max_s=_MAX_PAUSE_S, until=until):
                    raise
        raise AssertionError

    def call(
        self,
        method: str,
        path: str,
        *,
        deadline: float,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        bearer: str | None = None,
        of: Call = "app",
    ) -> dict[str, Any]:
        """Make one call and return the answer, a JSON object. `_version` in it is the Graph version that answered.

        A POST sends `data` as a form, or `json`.
        """
        last = path.rpartition("/")[2]
        name = "node" if last.isdigit() else last  # without IDs
        left_s = deadline - monotonic()
        if left_s <= 0:
            raise FacebookUnavailableError("facebook-unavailable", facebook_call=name, facebook_asked=False)
        try:
            with self._session.request(
                method,
                f"{self._base}/{path}",
                params=params,
                data=data,
                json=json,
                headers={"Authorization": f"Bearer {bearer}"} if bearer else None,
                timeout=(min(CONNECT_TIMEOUT_S, left_s), min(READ_TIMEOUT_S, left_s)),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _read(response, deadline=min(deadline, monotonic() + READ_TIMEOUT_S))
        except (requests.RequestException, HTTPError, OSError) as error:
            asked = {"facebook_asked": False} if _is_unsent(error) else {}
            # The texts of these exceptions quote the URL, which can hold a token.
            raise FacebookUnavailableError("facebook-unavailable", facebook_call=name, **asked) from None
        finally:
            self._used_at = monotonic()
        status = response.status_code
        answer = facebook_responses.json_object(body)
        if answer is not None and isinstance(answer.get("error"), dict):
            raise facebook_responses.refusal(answer["error"], http_status=status, of=of)
        if status >= 500:
            raise FacebookUnavailableError("facebook-unavailable", facebook_call=name, facebook_status=status)
        if answer is None or status != 200:
            raise FacebookError("facebook-answer-unreadable", facebook_call=name, facebook_status=status)
        version = response.headers.get("facebook-api-version", "")
        answer["_version"] = version if _VERSION.fullmatch(version) else self._version
        return answer


def _is_unsent(error: Exception) -> bool:
    """Return whether there was no connection, so that Facebook has not seen the request."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _read(response: requests.Response, *, deadline: float) -> bytes:
    """Return the body. Stop at a size and at a time."""
    body = bytearray()
    while chunk := response.raw.read1(64 * 1024):
        body += chunk
        if len(body) > _MAX_ANSWER_BYTES:
            break  # a JSON object that is cut off is refused
        if monotonic() > deadline:
            raise requests.exceptions.ReadTimeout
    return bytes(body)
