"""Requests that match no other route: HEAD, a trailing slash, GET / and addresses that do not exist.

API Gateway matches methods and paths exactly. Anybody can call this function, so its role may only write logs.
"""

import os
import re
from typing import Any

from whatsapp_connect.brand import Brand
from whatsapp_connect.pages import Pages
from whatsapp_connect.request import Request
from whatsapp_connect.responses import Response, head_answer, redirect
from whatsapp_connect.settings import Settings

settings = Settings.from_environ(os.environ)
pages = Pages(Brand.from_settings(settings))

_PAGES = r"/connect|/callback|/(?:connect|data-deletion)/[A-Za-z0-9_-]+|/reconnect/[A-Za-z0-9_.-]+"
_PAGE = re.compile(_PAGES)
"""A path where GET shows a page."""
_WITH_SLASH = re.compile(rf"({_PAGES}|/callback/signup|/deauthorize|/data-deletion|/whatsapp-webhook)/")
"""A path of this stack with a trailing slash."""
_QUERY = re.compile("[!-~]*")


def handler(event: dict[str, Any], _context: object) -> Response:
    """Answer a request. The answer to HEAD has no body."""
    request = Request.from_event(event)
    response = answer(request, event["rawPath"])
    if request.method == "HEAD":
        response.pop("body", None)
    return response


def answer(request: Request, path: str) -> Response:
    """Return the page at this path, a redirect to the path without its trailing slash, or 404."""
    if path == "/" and request.method in {"GET", "HEAD"}:
        return pages.home(request.language(), connect=settings.public_connect)
    # API Gateway decodes the path: `/%2F%2Fevil.example/` comes as `///evil.example/`, and %0A as a line break. A redirect
    # therefore leads only to what these two patterns match.
    if (found := _WITH_SLASH.fullmatch(path)) and _QUERY.fullmatch(request.raw_query):
        query = f"?{request.raw_query}" if request.raw_query else ""
        return redirect(found[1] + query, cookies=[], status=308)  # keeps the method and the body
    if request.method == "HEAD" and _PAGE.fullmatch(path):
        return head_answer()
    return pages.not_found(request.language(), connect=settings.public_connect)
