"""A person's browser between the stack and Facebook, and what the functions print meanwhile."""

import itertools
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from html import unescape
from types import ModuleType
from typing import Any, Literal, Protocol
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from tests.support import stack
from tests.support.facebook import Facebook

Spelling = Literal["cookies", "cookie", "Cookie"]
_request_ids = (f"request{number}=" for number in itertools.count(1))


class Context(Protocol):
    def get_remaining_time_in_millis(self) -> int: ...


class Console:
    """What a function prints: log lines and metrics."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def read(self) -> list[dict[str, Any]]:
        captured = self._capsys.readouterr()
        assert captured.err == "", captured.err
        return [json.loads(line) for line in captured.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Reply:
    """A function's response, and what was printed while it was made."""

    response: Mapping[str, Any]
    printed: list[dict[str, Any]]

    @property
    def status(self) -> int:
        status: int = self.response["statusCode"]
        return status

    @property
    def body(self) -> str:
        body: str = self.response.get("body", "")
        return body

    @property
    def text(self) -> str:
        """What a person reads on the page."""
        return unescape(re.sub("<style>.*?</style>|<[^>]*>", "", self.body, flags=re.DOTALL))

    @property
    def location(self) -> str:
        location: str = self.response["headers"]["Location"]
        return location

    @property
    def title(self) -> str | None:
        found = re.search("<h1>(.*?)</h1>", self.body)
        return unescape(found[1]) if found else None

    @property
    def button(self) -> str | None:
        """Where the button of the page leads."""
        found = re.search('<a class="button" href="(.*?)"', self.body)
        return unescape(found[1]) if found else None

    @property
    def reference(self) -> str | None:
        found = re.search('Reference: <bdi dir="ltr">(.*?)</bdi>', self.body)
        return unescape(found[1]) if found else None

    def logs(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.printed if line.get("message") == message]

    def metric(self, name: str, dimension: str = "reason") -> list[str]:
        """Return the values of a metric's dimension, once for each time it was counted."""
        return [line[dimension] for line in self.printed if "_aws" in line and line.get(name) == [1.0]]


def cookie_name(state: str) -> str:
    """Return the name of the cookie that binds a login to its browser."""
    return f"__Host-connect-{sha256(state.encode()).hexdigest()[:16]}"


def state_of(address: str) -> str:
    """Return the state in a URL or in its query."""
    (state,) = parse_qs(address.rpartition("?")[2])["state"]
    return state


def event_json(
    name: str,
    *,
    query: str = "",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
    spelling: Spelling = "cookies",
) -> dict[str, Any]:
    """Return one of events/, for this stack's host and with this request's query and cookies."""
    adapted: dict[str, Any] = json.loads((stack.ROOT / "events" / f"{name}.json").read_text())
    adapted["rawQueryString"] = query
    adapted["queryStringParameters"] = dict(parse_qsl(query))
    adapted["headers"] |= {"host": stack.HOST} | dict(headers or {})
    context = adapted["requestContext"]
    context["domainName"] = stack.HOST
    context["http"]["method"] = method
    context["requestId"] = next(_request_ids)
    pairs = [f"{cookie}={value}" for cookie, value in (cookies or {}).items()]
    adapted.pop("cookies", None)
    if pairs and spelling == "cookies":
        adapted["cookies"] = pairs
    elif pairs:
        adapted["headers"][spelling] = "; ".join(pairs)
    return adapted


@dataclass(slots=True)
class Browser:
    """Keeps cookies and follows redirects, at a person's pace."""

    authorize: ModuleType
    callback: ModuleType
    facebook: Facebook
    console: Console
    context: Context
    cookies: dict[str, str] = field(default_factory=dict)

    def connect(
        self,
        query: str = "",
        *,
        link: str = "",
        reconnect: str = "",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Follow the connect link; or open a link or a connection's own address, and press the button of its page."""
        reply = self.open(query, link=link, reconnect=reconnect, method=method, headers=headers)
        if not reply.button or "click=" not in reply.button:
            return reply
        clicked = {"sec-fetch-site": "same-origin", "sec-fetch-user": "?1"}
        query = reply.button.removeprefix("?")
        return self.open(query, link=link, reconnect=reconnect, headers={**(headers or {}), **clicked})

    def open(
        self,
        query: str = "",
        *,
        link: str = "",
        reconnect: str = "",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Open an address where logins start, and press nothing."""
        sent = event_json("authorize", query=query, method=method, headers=headers, cookies=self.cookies)
        if link or reconnect:
            route, name, value = ("/connect/", "link", link) if link else ("/reconnect/", "connection_id", reconnect)
            path = route + value
            sent |= {"routeKey": f"GET {route}{{{name}}}", "rawPath": path, "pathParameters": {name: value}}
            sent["requestContext"]["http"]["path"] = path
        reply = self._reply(self.authorize, sent)
        for cookie in reply.response.get("cookies", []):
            pair, _, attributes = cookie.partition(";")
            name, _, value = pair.partition("=")
            self.cookies.pop(name, None)
            if "Max-Age=0" not in attributes:
                self.cookies[name] = value
        return reply

    def log_in(self, connect: str = "", *, link: str = "", reconnect: str = "", **choice: Any) -> str:
        """Follow the connect link and go through Facebook's dialog; return the query brought back."""
        started = self.connect(connect, link=link, reconnect=reconnect)
        location = self.facebook.log_in(started.location, **choice)
        assert location.startswith(stack.REDIRECT_URI)
        return urlsplit(location).query

    def come_back(
        self,
        query: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        spelling: Spelling = "cookies",
    ) -> Reply:
        """Open the callback."""
        sent = event_json(
            "callback", query=query, method=method, headers=headers, cookies=self.cookies, spelling=spelling
        )
        return self._reply(self.callback, sent)

    def post_signup(
        self,
        form: Mapping[str, str] | str,
        *,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
    ) -> Reply:
        """Post the form of the page for Embedded Signup. `headers` are instead of those that say where a form comes from."""
        if headers is None:
            headers = {"sec-fetch-site": "same-origin", "origin": f"https://{stack.HOST}"}
        sent = event_json(
            "callback",
            method=method,
            headers={"content-type": "application/x-www-form-urlencoded", **headers},
            cookies=self.cookies if cookies is None else cookies,
        )
        if "sec-fetch-site" not in headers:
            del sent["headers"]["sec-fetch-site"]
        body = form if isinstance(form, str) else urlencode(form)
        sent |= {"routeKey": "POST /callback/signup", "rawPath": "/callback/signup"}
        sent |= {"body": b64encode(body.encode()).decode(), "isBase64Encoded": True}
        return self._reply(self.callback, sent)

    def callback_event(self, query: str) -> dict[str, Any]:
        """Return the event of opening the callback, for somebody else to send."""
        return event_json("callback", query=query, cookies=self.cookies)

    def finish(self, **choice: Any) -> Reply:
        """Connect from beginning to end."""
        return self.come_back(self.log_in(**choice))

    def _reply(self, function: ModuleType, sent: dict[str, Any]) -> Reply:
        self.console.read()
        return Reply(function.handler(sent, self.context), self.console.read())


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    title: str
    button: str | None


_AGAIN = Page(400, "Please start again", "/connect")
_REFUSED = Page(502, "Facebook's answer cannot be used", "/connect")
_UNUSABLE = Page(502, "Facebook could not finish this", "/connect")
_SILENT = Page(503, "Facebook is not answering", "/connect")
_OURS = Page(500, "This is our mistake", None)

ENDS = {
    "connected": Page(200, "You are connected", None),
    "accounts-unknown": Page(200, "You are signed in", "/connect?auth_type=rerequest"),
    "no-account": Page(403, "No WhatsApp account was chosen", "/connect?auth_type=rerequest"),
    "login-interrupted": Page(400, "Please start again to make sure", "/connect"),
    "declined": Page(200, "Not connected", "/connect"),
    "signup-failed": Page(400, "Facebook reported an error", "/connect"),
    "signup-unanswered": Page(400, "One more step", "/connect?signup=redirect"),
    "permission-missing": Page(403, "One permission is missing", "/connect?auth_type=rerequest"),
    "connection-taken": Page(403, "Please use another account", "/connect?auth_type=reauthenticate"),
    "link-required": Page(404, "You need a link of your own", None),
    "cookie-missing": Page(400, "Please start again in this browser", "/connect"),
    "logins-paused": Page(503, "Connecting is paused", ""),
    "aws-busy": Page(503, "One moment, please", ""),
    "too-many-failures": Page(503, "One moment, please", ""),
    "unexpected": Page(500, "This is our mistake", "/connect"),
    **dict.fromkeys(("request-malformed", "empty-callback", "state-missing", "state-malformed"), _AGAIN),
    **dict.fromkeys(("state-unknown", "state-foreign"), _AGAIN),
    "sdk-code-refused": Page(400, "Please start again", "/connect?signup=redirect"),
    "state-expired": Page(400, "This took too long", "/connect"),
    **dict.fromkeys(("code-missing", "code-used", "code-expired", "code-rejected"), _AGAIN),
    **dict.fromkeys(("token-invalid", "token-of-another-app", "token-kind-unsupported"), _REFUSED),
    **dict.fromkeys(("token-without-user", "token-short-lived", "token-too-long"), _REFUSED),
    **dict.fromkeys(("facebook-refused", "facebook-answer-unreadable", "facebook-policy-block"), _UNUSABLE),
    **dict.fromkeys(("facebook-unavailable", "facebook-throttled", "facebook-login-unavailable"), _SILENT),
    **dict.fromkeys(("app-secret-missing", "app-secret-malformed", "app-secret-wrong", "app-id-wrong"), _OURS),
    **dict.fromkeys(
        ("redirect-uri-refused", "domain-not-allowed", "app-in-development", "tester-invite-pending"), _OURS
    ),
    "token-not-stored": Page(503, "Please start again", "/connect"),
    "app-blocked": _OURS,
    "server-not-allowed": _OURS,
}
"""The page of each end of a login."""


def assert_ended(reply: Reply, reason: str, *, page: str = "") -> dict[str, Any]:
    """Check the page, the log line and the metric of an end; return the log line."""
    assert_page(reply, page or reason)
    assert reply.metric("LoginEnded") == [reason]
    (line,) = reply.logs("login ended")
    assert line["reason"] == reason
    assert line["reference"] == reply.reference
    expected = "INFO" if reason == "connected" else "WARNING" if reply.status < 500 else "ERROR"
    assert line["level"] == expected
    return line


def assert_page(reply: Reply, reason: str) -> None:
    assert Page(reply.status, reply.title or "", reply.button) == ENDS[reason]
    assert reply.reference
    headers = reply.response["headers"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert not reply.response.get("cookies")
