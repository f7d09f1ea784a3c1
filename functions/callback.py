"""GET /callback: use up the state, exchange the code, store the connection."""

import os
from time import monotonic
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect import dialog, pages
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import LoginError
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.faults import classify, describe
from whatsapp_connect.links import LinkStore
from whatsapp_connect.login import LoginFlow
from whatsapp_connect.pages import Response
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.request import Request
from whatsapp_connect.settings import Settings
from whatsapp_connect.states import Login, StateStore
from whatsapp_connect.token_cipher import TokenCipher
from whatsapp_connect.transactions import TransactionRunner

settings = Settings.from_environ(os.environ)
logger = Logger()


def on_trouble(message: str, exception: Exception) -> None:
    fields = exception.fields if isinstance(exception, LoginError) else describe(exception)
    logger.warning(message, extra=fields)


_session = boto3.Session()
_config = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
_dynamodb = _session.client("dynamodb", config=_config)
# One attempt of two seconds at most: publish does what the callback did not.
_once = Config(connect_timeout=1, read_timeout=1, retries={"mode": "standard", "total_max_attempts": 1})
_patient = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 5})
app_secrets = AppSecretStore(client=_session.client("ssm", config=_patient), prefix=settings.parameter_prefix)
states = StateStore(client=_dynamodb, table=settings.state_table, secure_cookies=settings.secure_cookies)
flow = LoginFlow(
    states=states,
    links=LinkStore(client=_dynamodb, table=settings.link_table),
    connections=ConnectionStore(client=_dynamodb, table=settings.connection_table),
    transactions=TransactionRunner(client=_dynamodb),
    cipher=TokenCipher(client=_session.client("kms", config=_config), key_id=settings.token_key_id),
    parameters=ParameterStore(
        client=_session.client("ssm", config=_once),
        prefix=settings.parameter_prefix,
        key_id=settings.token_key_id,
    ),
    facebook=FacebookClient(
        url=settings.graph_url,
        version=settings.graph_version,
        app_id=settings.meta_app_id,
        app_secrets=app_secrets.read,
    ),
    app_id=settings.meta_app_id,
    required_scopes=settings.required_scopes,
    on_trouble=on_trouble,
)


def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    """Finish a login: Facebook has sent the browser back to us."""
    request = Request.from_event(event)
    if request.method != "GET":  # HEAD must use nothing up
        return pages.empty_page()
    deadline = monotonic() + context.get_remaining_time_in_millis() / 1000
    connect = connect_path("")
    try:
        answer = dialog.read_answer(request)
        connect = connect_path(states.link(answer["state"], cookies=request.cookies))
        login = states.consume(answer["state"], cookies=request.cookies)
    except Exception as exception:  # noqa: BLE001  the outermost line
        error = report(request, exception, code_spent=False)
        return pages.error_page(error.reason, reference=request.id, connect=connect)
    outcome = end_login(request, login, answer, deadline=deadline) if login.is_first else login.outcome
    if outcome is None:
        return pages.finishing_page()
    return pages.outcome_page(outcome, success_url=settings.success_url, connect=connect)


def connect_path(link: str | None) -> str:
    """Return where a person can start again; "" where only the link they were sent leads there."""
    if link:
        return f"/connect/{link}"
    return "/connect" if settings.public_connect and link is not None else ""


def end_login(request: Request, login: Login, answer: dict[str, str], *, deadline: float) -> dict[str, str]:
    """Finish a login and return its outcome, which the same browser can see again."""
    try:
        connection_id, outcome = flow.finish(login, answer, reference=request.id, deadline=deadline)
    except Exception as exception:  # noqa: BLE001  the outermost line
        error = report(request, exception, code_spent=True)
        outcome = {"reason": error.reason, "reference": request.id}
        try:
            return states.finish(login, outcome)
        except Exception as trouble:  # noqa: BLE001  the login has ended; only its second showing is lost
            logger.error("outcome not stored", extra={"reference": request.id, **describe(trouble)})
        return outcome
    logger.info(
        "login ended",
        extra={
            "reference": request.id,
            "reason": "connected",
            "connection_id": connection_id,
            "expires_at": outcome["expires_at"],
        },
    )
    count("connected")
    return outcome


def report(request: Request, exception: Exception, *, code_spent: bool) -> LoginError:
    """Log and count an end other than well, and return what it is."""
    error = classify(exception, code_spent=code_spent)
    fields = error.fields if error is exception else describe(exception)
    log = logger.warning if error.outcome.status < 500 else logger.error
    log("login ended", extra={"reason": error.reason, "reference": request.id, **fields})
    count(error.reason)
    if error.reason == "cookie-missing":
        count_cookie_missing(request)
    return error


def count(reason: str) -> None:
    with single_metric(name="LoginEnded", unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(name="reason", value=reason)


def count_cookie_missing(request: Request) -> None:
    """Count separately how people come back without the cookie: a wave of them is a broken proxy or in-app browser."""
    site = request.headers.get("sec-fetch-site", "")
    with single_metric(name="CookieMissing", unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(
            name="sec_fetch_site",
            value=site if site in {"cross-site", "same-site", "same-origin", "none"} else "unknown",
        )
