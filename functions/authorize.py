"""GET /connect and GET /connect/{link}: issue a state, redirect to Facebook."""

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect import pages
from whatsapp_connect.dialog import AUTH_TYPES, login_url
from whatsapp_connect.errors import LoginError
from whatsapp_connect.faults import classify, describe
from whatsapp_connect.links import LinkStore
from whatsapp_connect.pages import Response
from whatsapp_connect.request import Request
from whatsapp_connect.settings import Settings
from whatsapp_connect.states import StateStore

settings = Settings.from_environ(os.environ)
logger = Logger()
_dynamodb = boto3.Session().client(
    "dynamodb",
    config=Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}),
)
states = StateStore(client=_dynamodb, table=settings.state_table, secure_cookies=settings.secure_cookies)
links = LinkStore(client=_dynamodb, table=settings.link_table)


def handler(event: dict[str, Any], _context: LambdaContext) -> Response:
    """Send a person to Facebook's login dialog, and show everything else a page."""
    request = Request.from_event(event)
    link = (event.get("pathParameters") or {}).get("link", "")
    path = f"/connect/{link}" if link else "/connect"
    if request.is_preview():
        return pages.preview_page(base_url(request) + path)
    try:
        response = start_login(request, link)
    except Exception as exception:  # noqa: BLE001  the outermost line
        error = classify(exception, code_spent=False)
        fields = error.fields if error is exception else describe(exception)
        log = logger.warning if error.outcome.status < 500 else logger.error
        log("login not started", extra={"reason": error.reason, "reference": request.id, **fields})
        count("LoginNotStarted", error.reason)
        return pages.error_page(error.reason, reference=request.id, connect=path)
    logger.info("login started", extra={"reference": request.id})
    count("LoginStarted", "started")
    return response


def start_login(request: Request, link: str) -> Response:
    if link:
        links.load(link)
    elif not settings.public_connect:
        raise LoginError("link-required")
    auth_type = request.parameters("auth_type").get("auth_type")
    redirect_uri = f"{base_url(request)}/callback"
    state = states.issue(redirect_uri=redirect_uri, cookies=request.cookies, link=link)
    return pages.redirect(
        login_url(
            settings,
            redirect_uri=redirect_uri,
            state=state.value,
            auth_type=auth_type if auth_type in AUTH_TYPES else None,
        ),
        cookies=state.cookies,
    )


def base_url(request: Request) -> str:
    return settings.public_base_url or f"https://{request.host}"


def count(name: str, reason: str) -> None:
    with single_metric(name=name, unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(name="reason", value=reason)
