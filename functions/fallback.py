"""Every request that no other route takes: HEAD, a trailing slash, GET / and addresses that do not exist.

API Gateway matches methods and paths exactly. This function has no rights but to log, as anybody can call it.
"""

import os
import re
from typing import Any

from whatsapp_connect import pages
from whatsapp_connect.pages import Response
from whatsapp_connect.request import Request
from whatsapp_connect.settings import Settings

settings = Settings.from_environ(os.environ)

_PAGES = r"/connect|/callback|/(?:connect|data-deletion)/[A-Za-z0-9_-]+"
_PAGE = re.compile(_PAGES)
"""A path that GET shows a page at."""
_WITH_SLASH = re.compile(rf"({_PAGES}|/deauthorize|/data-deletion)/")
"""A path of this stack, with one slash too many."""
_QUERY = re.compile("[!-~]*")


def handler(event: dict[str, Any], _context: object) -> Response:
    """Answer a request, and HEAD without the body that GET would get."""
    request = Request.from_event(event)
    response = answer(request, event["rawPath"])
    if request.method == "HEAD":
        response.pop("body", None)
    return response


def answer(request: Request, path: str) -> Response:
    """Return the page at this path, a redirect to the path without its slash, or 404."""
    if path == "/" and request.method in {"GET", "HEAD"}:
        return pages.home_page(connect=settings.public_connect)
    # API Gateway has decoded the path: `/%2F%2Fevil.example/` comes as `///evil.example/`, and a line break as one. So a
    # redirect leads only to what these two patterns let through.
    if (found := _WITH_SLASH.fullmatch(path)) and _QUERY.fullmatch(request.raw_query):
        query = f"?{request.raw_query}" if request.raw_query else ""
        return pages.redirect(found[1] + query, cookies=[], status=308)  # keeps the method and the body
    if request.method == "HEAD" and _PAGE.fullmatch(path):
        return pages.empty_page()
    return pages.not_found_page(connect=settings.public_connect)
