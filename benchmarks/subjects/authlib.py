"""Authlib's client for Starlette, the application called as an ASGI server calls it.

Its state is in Starlette's signed session cookie, or in a cache of the user's: here the shared DynamoDB. It keeps no
token and looks nothing up; the two lines that do are the user's, as its documentation shows them.
"""

import asyncio
import threading
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from benchmarks.subjects.subject import (
    APP_ID,
    APP_SECRET,
    REDIRECT_URI,
    SCOPES,
    Login,
    cookies_of,
    provider_url,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.subjects.aws import Items


class _Cache:
    """The cache that Authlib asks for; one request at a time, so that nothing is gained by not waiting."""

    def __init__(self, items: "Items") -> None:
        self._items = items

    async def get(self, key: str) -> str | None:
        return self._items.get(key)

    async def set(self, key: str, value: str, _expires_in: int) -> None:
        self._items.put(key, value)

    async def delete(self, key: str) -> None:
        self._items.delete(key)


class Authlib:
    def __init__(self, *, shared: bool) -> None:
        self.operations = Counter[str]()
        self._runners = threading.local()
        self._keep: Callable[[str, str], None] | None = None
        cache = None
        if shared:
            from benchmarks.subjects import aws

            cache = _Cache(aws.Items(self.operations))
            self._keep = partial(aws.keep_token, aws.aws_client("ssm", self.operations))
        oauth = OAuth(cache=cache)
        self._facebook = oauth.register(
            name="facebook",
            client_id=APP_ID,
            client_secret=APP_SECRET,
            access_token_url=f"{provider_url()}/v26.0/oauth/access_token",
            authorize_url=f"{provider_url()}/v26.0/dialog/oauth",
            api_base_url=f"{provider_url()}/v26.0/",
            client_kwargs={"scope": " ".join(SCOPES), "token_endpoint_auth_method": "client_secret_post"},
        )
        self._application = Starlette(
            routes=[Route("/login", self._login), Route("/callback", self._finish)],
            middleware=[Middleware(SessionMiddleware, secret_key="secret")],
        )

    async def _login(self, request: Request) -> Response:
        return await self._facebook.authorize_redirect(request, REDIRECT_URI)

    async def _finish(self, request: Request) -> Response:
        try:
            token = await self._facebook.authorize_access_token(request)
        except OAuthError:
            return PlainTextResponse("refused", 400)
        person = (await self._facebook.get("me", token=token)).json()
        if self._keep:
            self._keep(f"authlib-{person['id']}", token["access_token"])
        return PlainTextResponse("connected")

    def authorize(self) -> Login:
        _, headers = self._get("/login")
        state = parse_qs(urlsplit(headers["location"]).query)["state"][0]
        return Login(state, cookies_of([headers["set-cookie"]]))

    def callback(self, login: Login, code: str) -> bool:
        status, _ = self._get("/callback", urlencode({"code": code, "state": login.state}), login.cookies)
        return status == 200

    def _get(self, path: str, query: str = "", cookies: dict[str, str] | None = None) -> tuple[int, dict[str, str]]:
        if not hasattr(self._runners, "runner"):
            self._runners.runner = asyncio.Runner()
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (b"host", urlsplit(REDIRECT_URI).netloc.encode()),
                *((b"cookie", f"{name}={value}".encode()) for name, value in (cookies or {}).items()),
            ],
            "client": ("203.0.113.7", 1234),
            "server": ("127.0.0.1", 443),
        }
        answer: tuple[int, dict[str, str]] = self._runners.runner.run(self._answer(scope))
        return answer

    async def _answer(self, scope: dict[str, Any]) -> tuple[int, dict[str, str]]:
        started: dict[str, Any] = {}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                started.update(message)

        await self._application(scope, receive, send)
        return started["status"], {name.decode(): value.decode() for name, value in started["headers"]}


def make(*, shared: bool) -> Authlib:
    return Authlib(shared=shared)
