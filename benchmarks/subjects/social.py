"""social-auth-core's Facebook backend in the smallest framework that it accepts: a session, its one-use values, a token.

Its own integrations bring all of that for Django and others; for Lambda there is none, so these are ours: a dict, or
the shared DynamoDB and Parameter Store. They keep the contract that its NonceMixin asks for: consume is atomic.
"""

import json
import secrets
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

from social_core.backends.facebook import FacebookOAuth2
from social_core.exceptions import SocialAuthBaseException
from social_core.storage import BaseStorage, NonceMixin
from social_core.strategy import BaseStrategy

from benchmarks.subjects.subject import APP_ID, APP_SECRET, REDIRECT_URI, SCOPES, Login, provider_url


class Facebook(FacebookOAuth2):
    AUTHORIZATION_URL = f"{provider_url()}/v{{version}}/dialog/oauth"
    ACCESS_TOKEN_URL = f"{provider_url()}/v{{version}}/oauth/access_token"
    USER_DATA_URL = f"{provider_url()}/v{{version}}/me"


_SETTINGS = {
    "SOCIAL_AUTH_FACEBOOK_KEY": APP_ID,
    "SOCIAL_AUTH_FACEBOOK_SECRET": APP_SECRET,
    "SOCIAL_AUTH_FACEBOOK_SCOPE": list(SCOPES),
}


class _Dicts:
    """Stores of one process."""

    def __init__(self) -> None:
        self._sessions: dict[str, dict[str, Any]] = {}
        self._nonces: dict[str, bool] = {}
        self.token = ""

    def load(self, session_id: str) -> dict[str, Any]:
        return dict(self._sessions.get(session_id, {}))

    def save(self, session_id: str, session: dict[str, Any]) -> None:
        self._sessions[session_id] = session

    def add_nonce(self, key: str) -> None:
        self._nonces[key] = True

    def take_nonce(self, key: str) -> bool:
        return self._nonces.pop(key, False)

    def keep(self, _user_id: str, token: str) -> None:
        self.token = token


class _Aws:
    """The same in the shared store."""

    def __init__(self, operations: Counter[str]) -> None:
        from benchmarks.subjects import aws

        self._items = aws.Items(operations)
        self._keep_token = aws.keep_token
        self._ssm = aws.aws_client("ssm", operations)

    def load(self, session_id: str) -> dict[str, Any]:
        text = self._items.get(f"session-{session_id}")
        return json.loads(text) if text else {}

    def save(self, session_id: str, session: dict[str, Any]) -> None:
        self._items.put(f"session-{session_id}", json.dumps(session))

    def add_nonce(self, key: str) -> None:
        self._items.put(f"nonce-{key}", "")

    def take_nonce(self, key: str) -> bool:
        return self._items.take(f"nonce-{key}")

    def keep(self, user_id: str, token: str) -> None:
        self._keep_token(self._ssm, f"social-{user_id}", token)


_stores: _Dicts | _Aws


class Nonce(NonceMixin):
    @classmethod
    def use(cls, server_url: str, timestamp: int, salt: str) -> bool:
        _stores.add_nonce(f"{server_url}-{timestamp}-{salt}")
        return True

    @classmethod
    def consume(cls, server_url: str, timestamp: int, salt: str) -> bool:
        return _stores.take_nonce(f"{server_url}-{timestamp}-{salt}")


class Storage(BaseStorage):
    nonce = Nonce


class Strategy(BaseStrategy[str]):
    """One request."""

    def __init__(self, session_id: str, data: dict[str, str]) -> None:
        super().__init__(Storage)
        self._data = data
        self._session_id = session_id
        self._session = _stores.load(session_id) if data else {}
        self._changed = False

    def get_setting(self, name: str) -> Any:
        return _SETTINGS[name]

    def get_request_data(self, merge: bool = True) -> dict[str, Any]:  # noqa: ARG002, FBT001, FBT002  its signature
        return self._data

    def session_get(self, name: str, default: Any = None) -> Any:
        return self._session.get(name, default)

    def session_set(self, name: str, value: Any) -> None:
        self._session[name] = value
        self._changed = True

    def session_pop(self, name: str) -> None:
        self._session.pop(name, None)
        self._changed = True

    def build_absolute_uri(self, path: str | None = None) -> str:
        return path or ""

    def redirect(self, url: str) -> str:
        return url

    def authenticate(self, backend: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002  its signature
        """Stand in for the pipeline that finds or makes a user of the site: nothing here has users."""
        response = kwargs["response"]
        _stores.keep(response["id"], response["access_token"])
        return response["id"]

    def end(self) -> None:
        """Save the session, as a framework does after a request."""
        if self._changed:
            _stores.save(self._session_id, self._session)


class Social:
    def __init__(self, *, shared: bool) -> None:
        global _stores  # noqa: PLW0603  its storage is a class, not an object
        self.operations = Counter[str]()
        _stores = _Aws(self.operations) if shared else _Dicts()

    def authorize(self) -> Login:
        session_id = secrets.token_urlsafe(32)
        strategy = Strategy(session_id, {})
        url: str = Facebook(strategy, redirect_uri=REDIRECT_URI).start()
        strategy.end()
        return Login(parse_qs(urlsplit(url).query)["state"][0], {"session": session_id})

    def callback(self, login: Login, code: str) -> bool:
        strategy = Strategy(login.cookies["session"], {"code": code, "state": login.state})
        try:
            user = Facebook(strategy, redirect_uri=REDIRECT_URI).auth_complete()
        except SocialAuthBaseException:
            user = None
        strategy.end()
        return user is not None


def make(*, shared: bool) -> Social:
    return Social(shared=shared)
