"""The responses that are not pages: redirects and answers to programs."""

import json
from collections.abc import Mapping
from typing import NotRequired, TypedDict


class Response(TypedDict):
    """An HTTP API response, payload format 2.0."""

    statusCode: int
    headers: dict[str, str]
    cookies: NotRequired[list[str]]
    body: NotRequired[str]


HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
"""Every response has them. A page has a content security policy of its own."""
HTML = "text/html; charset=utf-8"


def redirect(location: str, *, cookies: list[str], status: int = 302) -> Response:
    return {"statusCode": status, "headers": {**HEADERS, "Location": location}, "cookies": cookies}


def head_answer() -> Response:
    """Answer HEAD for a page that exists. Programs that draw a preview look at the content type first."""
    return {"statusCode": 200, "headers": {**HEADERS, "Content-Type": HTML}}


def json_answer(status: int, answer: Mapping[str, str]) -> Response:
    """Answer a program."""
    headers = {**HEADERS, "Content-Type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(dict(answer))}


def text_answer(text: str) -> Response:
    """Answer a program with plain text."""
    return {"statusCode": 200, "headers": {**HEADERS, "Content-Type": "text/plain"}, "body": text}
