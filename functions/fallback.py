"""Every request that no other route takes: HEAD, a trailing slash, GET / and addresses that do not exist.

API Gateway matches methods and paths exactly. This function has no rights but to log, as anybody can call it.
"""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import pages
from whatsapp_connect.pages import Response
from whatsapp_connect.request import Request
from whatsapp_connect.settings import Settings

settings = Settings.from_environ(os.environ)


def handler(event: dict[str, Any], _context: LambdaContext) -> Response:
    """Answer with the page a person would see, a redirect to the address without its slash, or 404."""
    request = Request.from_event(event)
    path = event["rawPath"]
    if path == "/" and request.method in {"GET", "HEAD"}:
        return pages.home_page(connect=settings.public_connect)
    if path.endswith("/") and is_page(path.rstrip("/")):
        query = f"?{request.raw_query}" if request.raw_query else ""
        # 308 keeps the method and the body: Meta posts to two of these.
        return pages.redirect(path.rstrip("/") + query, cookies=[], status=308)
    if request.method == "HEAD" and is_page(path):
        return pages.empty_page()
    return pages.not_found_page(connect=settings.public_connect)


def is_page(path: str) -> bool:
    """Return whether the stack has a route for this path."""
    match path.split("/")[1:]:
        case ["connect" | "callback" | "deauthorize" | "data-deletion"]:
            return True
        case ["connect" | "data-deletion", name]:
            return bool(name)
    return False
