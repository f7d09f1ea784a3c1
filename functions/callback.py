"""GET /callback: consume the state, exchange the code, keep the token."""

import os
from time import monotonic, time
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect import dialog, responses
from whatsapp_connect.acceptance import accept, is_long_lived
from whatsapp_connect.config import Settings
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import (
    CodeError,
    CookieMissingError,
    LoginError,
    RequestError,
    SetupError,
    classify,
    describe,
)
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.keep import keep
from whatsapp_connect.links import Link, LinkStore
from whatsapp_connect.model import AccessToken, Inspection, PhoneNumber
from whatsapp_connect.request import Request
from whatsapp_connect.responses import Response
from whatsapp_connect.state import Login, StateStore
from whatsapp_connect.vault import Vault

KEEPING = 8.0
"""Seconds kept back, of the time the function has, for storing the token."""
PHONE_NUMBERS = 2.0
"""Seconds a person may be kept waiting for the list of phone numbers."""
LONGEST_CODE = 4096

settings = Settings.from_environ(os.environ)
logger = Logger()

_session = boto3.Session()
_config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
_dynamodb = _session.client("dynamodb", config=_config)
states = StateStore(client=_dynamodb, table=settings.state_table, secure_cookies=settings.secure_cookies)
connections = ConnectionStore(client=_dynamodb, table=settings.connection_table)
links = LinkStore(client=_dynamodb, table=settings.link_table)
vault = Vault(
    # Parameter Store takes about three writes a second for a whole account and Region: worth more patience.
    client=_session.client(
        "ssm", config=_config.merge(Config(retries={"mode": "standard", "total_max_attempts": 5}))
    ),
    prefix=settings.parameter_prefix,
    key_id=settings.token_key_id,
)
graph = GraphClient(url=settings.graph_url, version=settings.graph_version, app_id=settings.meta_app_id)


def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    """Finish a login: Facebook has sent the browser back to us."""
    request = Request.from_event(event)
    if request.method != "GET":  # HEAD must use nothing up
        return responses.empty_page()
    deadline = monotonic() + context.get_remaining_time_in_millis() / 1000
    connect = connect_path("")
    try:
        answer = read_answer(request)
        connect = connect_path(states.link(answer["state"], cookies=request.cookies))
        login = states.consume(answer["state"], cookies=request.cookies)
    except Exception as exception:  # noqa: BLE001  the outermost line
        error = report(request, exception, code_spent=False)
        return responses.error_page(error, reference=request.id, connect=connect)
    outcome = end_login(request, login, answer, deadline=deadline) if login.is_first else login.outcome
    if outcome is None:
        return responses.finishing_page()
    return responses.outcome_page(outcome, success_url=settings.success_url, connect=connect)


def connect_path(link: str | None) -> str:
    """Return where a person can start again, or nothing where only the link they were sent leads there."""
    if link:
        return f"/connect/{link}"
    return "/connect" if settings.public_connect and link is not None else ""


def read_answer(request: Request) -> dict[str, str]:
    """Return Facebook's words, not yet to be believed: only the state tells whether this is an answer at all."""
    answer = request.parameters("state", "code", "error", "error_code")
    if not answer:  # people come back so from an error page of Facebook's own
        raise RequestError("empty-callback")
    if "state" not in answer:
        raise RequestError("state-missing", facebook_code=dialog.error_code(answer))
    if len(answer.get("code", "")) > LONGEST_CODE:
        raise RequestError("request-malformed")
    return answer


def end_login(request: Request, login: Login, answer: dict[str, str], *, deadline: float) -> dict[str, str]:
    """Bring a login to its end, whichever it is, and keep that for the same browser to see again."""
    try:
        outcome = finish_login(login, answer, deadline=deadline)
    except Exception as exception:  # noqa: BLE001  the outermost line
        outcome = {"reason": report(request, exception, code_spent=True).reason}
    else:
        fields = ("reason", "connection_id", "expires_at")
        logger.info(
            "login ended", extra={"reference": request.id} | {field: outcome[field] for field in fields}
        )
        count("connected")
    # Without the id: a state's row may outlive a person's wish to be forgotten by as long as DynamoDB keeps what has expired.
    shown = {name: text for name, text in outcome.items() if name != "connection_id"} | {
        "reference": request.id
    }
    try:
        states.finish(login, shown)
    except Exception as exception:  # noqa: BLE001  the login has ended; only its second showing is lost
        logger.error("outcome not kept", extra={"reference": request.id, **describe(exception)})
    return shown


def finish_login(login: Login, answer: dict[str, str], *, deadline: float) -> dict[str, str]:
    """Turn Facebook's answer into a kept token and return the outcome of the login."""
    if refusal := dialog.refusal(answer):
        raise refusal
    if "code" not in answer:
        raise CodeError("code-missing")
    link = links.load(login.link) if login.link else None
    app_secret = vault.app_secret()
    token, inspection = obtain_token(login, answer["code"], app_secret, deadline=deadline - KEEPING)
    accept(inspection, app_id=settings.meta_app_id, required_scopes=settings.required_scopes, now=time())
    phone_numbers = keep_token(link, token, inspection, app_secret, deadline=deadline)
    return {
        "reason": "connected",
        "connection_id": link.connection_id if link else inspection.user_id,
        "expires_at": str(inspection.expires_at),
        "accounts": "\n".join(
            f"{number.display_phone_number} ({number.verified_name})" for number in phone_numbers[:5]
        ),
    }


def obtain_token(
    login: Login, code: str, app_secret: str, *, deadline: float
) -> tuple[AccessToken, Inspection]:
    """Exchange the code, for a long-lived token in the end, and ask Facebook's debugger about it."""
    try:
        token = graph.exchange_code(
            code, redirect_uri=login.redirect_uri, app_secret=app_secret, deadline=deadline
        )
        extended = token.expires_in is not None and not is_long_lived(token.expires_in)
        if extended:
            token = graph.extend(token, app_secret=app_secret, deadline=deadline)
        inspection = graph.inspect(token, app_secret=app_secret, deadline=deadline)
        if not extended and inspection.is_valid and is_short(inspection):
            # Facebook did not say how long the token lives, and it is not long.
            token = graph.extend(token, app_secret=app_secret, deadline=deadline)
            inspection = graph.inspect(token, app_secret=app_secret, deadline=deadline)
    except SetupError as error:
        if error.reason == "app-secret-wrong":
            vault.forget_app_secret()
        raise
    if inspection.graph_version != settings.graph_version:
        logger.warning(
            "another Graph version answered", asked=settings.graph_version, answered=inspection.graph_version
        )
    return token, inspection


def is_short(inspection: Inspection) -> bool:
    return inspection.expires_at != 0 and not is_long_lived(int(inspection.expires_at - time()))


def keep_token(
    link: Link | None, token: AccessToken, inspection: Inspection, app_secret: str, *, deadline: float
) -> list[PhoneNumber]:
    """Keep the token, for the connection that the link names or for the person's own."""
    return keep(
        link.connection_id if link else inspection.user_id,
        token,
        inspection,
        connections=connections,
        vault=vault,
        list_phone_numbers=lambda: list_phone_numbers(
            token, inspection, app_secret, deadline=min(deadline, monotonic() + PHONE_NUMBERS)
        ),
        deadline=deadline - KEEPING / 2,
        links=links,
        link=link,
        new_user=link is not None and link.new_user,
    )


def list_phone_numbers(
    token: AccessToken, inspection: Inspection, app_secret: str, *, deadline: float
) -> list[PhoneNumber]:
    """List what the person connected, if Facebook tells in time: nice to show, not needed."""
    try:
        return graph.phone_numbers(inspection.waba_ids, token, app_secret=app_secret, deadline=deadline)
    except LoginError as error:
        logger.warning("phone numbers not listed", extra={"reason": error.reason, **error.fields})
        return []


def report(request: Request, exception: Exception, *, code_spent: bool) -> LoginError:
    """Log and count an end other than well, and return what it is."""
    error = classify(exception, code_spent=code_spent)
    fields = error.fields if error is exception else describe(exception)
    log = logger.warning if error.status < 500 else logger.error
    log("login ended", extra={"reason": error.reason, "reference": request.id, **fields})
    count(error.reason)
    if isinstance(error, CookieMissingError):
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
