"""GET /callback: use up the state, exchange the code, store the connection."""

import os
from time import monotonic
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, dialog, metrics, pages
from whatsapp_connect.accounts import AccountFinder
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.faults import classify, describe
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.links import LinkStore
from whatsapp_connect.login import LoginFlow
from whatsapp_connect.pages import Response
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.request import Request
from whatsapp_connect.settings import Settings
from whatsapp_connect.states import Login, StateStore
from whatsapp_connect.transactions import TransactionRunner
from whatsapp_connect.whatsapp import WhatsAppClient

settings = Settings.from_environ(os.environ)
logger = Logger()


def on_trouble(message: str, exception: Exception) -> None:
    logger.warning(message, extra=describe(exception))


_aws = aws.Clients()
_dynamodb = _aws.make("dynamodb", aws.CALLBACK)
app_secrets = AppSecretStore(client=_aws.make("ssm", aws.APP_SECRET), prefix=settings.parameter_prefix)
states = StateStore(
    client=_dynamodb,
    table=settings.state_table,
    lifetime_s=settings.login_minutes * 60,
    secure_cookies=settings.secure_cookies,
)
graph = GraphClient.from_settings(settings, app_secrets=app_secrets.read)
flow = LoginFlow(
    states=states,
    links=LinkStore(client=_dynamodb, table=settings.link_table),
    connections=ConnectionStore(client=_dynamodb, table=settings.connection_table),
    transactions=TransactionRunner(client=_dynamodb),
    cipher=Cipher(client=_aws.make("kms", aws.CALLBACK), key_id=settings.token_key_id),
    parameters=ParameterStore(
        client=_aws.make("ssm", aws.ONCE), prefix=settings.parameter_prefix, key_id=settings.token_key_id
    ),
    facebook=FacebookClient(graph),
    finder=AccountFinder(WhatsAppClient(graph)),
    app_id=settings.meta_app_id,
    required_scopes=settings.required_scopes,
    on_trouble=on_trouble,
)


def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    """Finish a login: Facebook has redirected the browser to us."""
    request = Request.from_event(event)
    if request.method != "GET":  # HEAD must not use up the state
        return pages.empty_page()
    deadline = monotonic() + context.get_remaining_time_in_millis() / 1000
    connect = connect_path("")
    try:
        answer = dialog.read_answer(request)
        connect = connect_path(states.link(answer["state"], cookies=request.cookies))
        login = states.consume(answer["state"], cookies=request.cookies)
    except Exception as exception:  # noqa: BLE001  the outermost line
        reason = report(request, exception, code_spent=False)
        return pages.error_page(reason, reference=request.id, connect=connect)
    outcome = end_login(request, login, answer, deadline=deadline) if login.is_first else login.outcome
    if outcome is None:
        return pages.finishing_page()
    return pages.outcome_page(outcome, success_url=settings.success_url, connect=connect)


def connect_path(link: str | None) -> str:
    """Return where a person can start again, or "" if only the link they were sent leads there."""
    if link:
        return f"/connect/{link}"
    return "/connect" if settings.public_connect and link is not None else ""


def end_login(request: Request, login: Login, answer: dict[str, str], *, deadline: float) -> dict[str, str]:
    """Finish a login and return its outcome, which the same browser can see again."""
    try:
        connection_id, outcome = flow.finish(login, answer, reference=request.id, deadline=deadline)
    except Exception as exception:  # noqa: BLE001  the outermost line
        outcome = {"reason": report(request, exception, code_spent=True), "reference": request.id}
        try:
            return states.finish(login, outcome)
        except Exception as trouble:  # noqa: BLE001  a reload shows a page without the outcome
            logger.error("outcome not stored", extra={"reference": request.id, **describe(trouble)})
        return outcome
    fields = {"reason": "connected", "connection_id": connection_id, "expires_at": outcome["expires_at"]}
    logger.info("login ended", extra={**fields, "reference": request.id})
    metrics.count("LoginEnded", reason="connected")
    return outcome


def report(request: Request, exception: Exception, *, code_spent: bool) -> str:
    """Log and count a login that ended without a connection, and return the reason."""
    error = classify(exception, code_spent=code_spent)
    log = logger.warning if error.outcome.status < 500 else logger.error
    log("login ended", extra={**describe(exception), "reason": error.reason, "reference": request.id})
    metrics.count("LoginEnded", reason=error.reason)
    if error.reason == "cookie-missing":
        # Tells apart how people come back without the cookie: many at once mean a broken proxy or in-app browser.
        metrics.count("CookieMissing", sec_fetch_site=request.fetch_site)
    return error.reason
