"""GET /connect and GET /connect/{link}: issue a state, and redirect to Facebook."""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, dialog, metrics, pages
from whatsapp_connect.errors import LoginError
from whatsapp_connect.faults import classify, describe
from whatsapp_connect.links import LinkStore
from whatsapp_connect.pages import Response
from whatsapp_connect.request import Request
from whatsapp_connect.settings import Settings
from whatsapp_connect.states import StateStore

settings = Settings.from_environ(os.environ)
logger = Logger()
_dynamodb = aws.Clients().make("dynamodb", aws.AUTHORIZE)
states = StateStore(
    client=_dynamodb,
    table=settings.state_table,
    lifetime_s=settings.login_minutes * 60,
    secure_cookies=settings.secure_cookies,
)
links = LinkStore(client=_dynamodb, table=settings.link_table)


def handler(event: dict[str, Any], _context: LambdaContext) -> Response:
    """Redirect a person to Facebook's login dialog, or show a page."""
    request = Request.from_event(event)
    link = (event.get("pathParameters") or {}).get("link", "")
    path = f"/connect/{link}" if link else "/connect"
    base_url = settings.base_url(request.host)
    if request.is_preview():
        return pages.preview_page(base_url + path)
    try:
        response = start_login(request, link, redirect_uri=f"{base_url}/callback")
    except Exception as exception:  # noqa: BLE001  the outermost line
        error = classify(exception, code_spent=False)
        log = logger.warning if error.outcome.status < 500 else logger.error
        log("login not started", extra={**describe(exception), "reason": error.reason, "reference": request.id})
        metrics.count("LoginNotStarted", reason=error.reason)
        return pages.error_page(error.reason, reference=request.id, connect=path)
    logger.info("login started", extra={"reference": request.id})
    metrics.count("LoginStarted", reason="started")
    return response


def start_login(request: Request, link: str, *, redirect_uri: str) -> Response:
    if link:
        links.load(link)
    elif not settings.public_connect:
        raise LoginError("link-required")
    auth_type = request.parameters("auth_type").get("auth_type")
    state = states.issue(redirect_uri=redirect_uri, cookies=request.cookies, link=link)
    url = dialog.login_url(settings, redirect_uri=redirect_uri, state=state.value, auth_type=auth_type)
    return pages.redirect(url, cookies=state.cookies)
