"""What a subject is, and what is the same for all of them."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

REDIRECT_URI = "https://connect.example.com/callback"
PREFIX = "/peers"
APP_ID = "1234567890"
APP_SECRET = "0123456789abcdef0123456789abcdef"  # known to everyone, opens nothing
SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")


@dataclass(frozen=True, slots=True)
class Login:
    """A login that has begun: what the browser holds."""

    state: str
    cookies: dict[str, str] = field(repr=False)


class Subject(Protocol):
    operations: Counter[str]
    """How often each operation of the store was asked for, so far."""

    def authorize(self) -> Login:
        """Answer the first request of a login, up to the redirect to the provider."""

    def callback(self, login: Login, code: str) -> bool:
        """Answer the second one, and say whether the person is told that all went well. Any thread may call."""


def directory() -> Path:
    """Return where a subject's own database is."""
    return Path(os.environ["SUBJECT_DIRECTORY"])


def provider_url() -> str:
    return os.environ["PROVIDER_URL"]


def cookies_of(set_cookies: list[str]) -> dict[str, str]:
    pairs = [cookie.partition(";")[0].partition("=") for cookie in set_cookies]
    return {name: value for name, _, value in pairs}


def gateway_event(
    path: str, query: dict[str, str] | None = None, cookies: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return what API Gateway's HTTP API sends, payload format 2.0, for a browser's GET."""
    host = urlsplit(REDIRECT_URI).netloc
    return {
        "version": "2.0",
        "routeKey": f"GET {path}",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "queryStringParameters": query or {},
        "cookies": [f"{name}={value}" for name, value in (cookies or {}).items()],
        "headers": {"host": host, "user-agent": "Mozilla/5.0", "accept": "text/html"},
        "requestContext": {
            "domainName": host,
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
            "requestId": "JKJaXmPLvHcESHA=",
        },
        "isBase64Encoded": False,
    }
