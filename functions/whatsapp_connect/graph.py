"""The Graph API: exchange a code, extend a token, ask the debugger, list phone numbers.

No exception leaves this module with a URL or a text of Facebook's in it.
"""

import hmac
import logging
import random
import re
from collections.abc import Iterable, Mapping
from time import monotonic, sleep
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from whatsapp_connect import answers
from whatsapp_connect.answers import GraphError, raise_code_refused, raise_inspection_refused, raise_refused
from whatsapp_connect.errors import (
    FacebookError,
    FacebookUnavailableError,
    LoginError,
)
from whatsapp_connect.model import AccessToken, Inspection, PhoneNumber

# What urllib3 logs quotes URLs, at the level of a warning when it tries a connection again, and the debugger's URL
# holds the token.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

CONNECT_TIMEOUT = 2.0
READ_TIMEOUT = 8.0

_ATTEMPTS = 3
_MOST_BYTES = 256 * 1024
_IDLE = 15.0
_MOST_WABAS = 10
_MOST_PHONE_NUMBERS = 100
_MOST_PAGES = 20

_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,3}")


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
            raise_code_refused(error)
        return answers.access_token(answer)

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
            raise_refused(error)
        return answers.access_token(answer)

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
            raise_inspection_refused(error)
        data = answer.get("data")
        if not isinstance(data, dict):
            raise FacebookError("facebook-answer-unreadable")
        return answers.inspection(data, graph_version=answer["_version"] or self._version)

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
                raise_refused(error)
            data = answer.get("data")
            numbers += [
                answers.phone_number(item)
                for item in (data if isinstance(data, list) else [])
                if isinstance(item, dict)
            ]
            after = answers.next_cursor(answer)
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
        answer = answers.json_object(body)
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


def _name(path: str) -> str:
    """Return a call's name without the ids in it."""
    return path.rpartition("/")[2]
