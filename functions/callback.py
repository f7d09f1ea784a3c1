"""GET /callback and POST /callback/signup: use up the state, exchange the code, store the connection."""

import os
from collections.abc import Mapping
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, dialog, metrics, return_url, signup
from whatsapp_connect.accounts import AccountFinder
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.brand import Brand
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.dialog import Answer
from whatsapp_connect.errors import CodeError, LoginError
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.failed_logins import FailedLogins
from whatsapp_connect.faults import classify, describe
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.links import LinkStore
from whatsapp_connect.login import LoginFlow
from whatsapp_connect.login_switch import LoginSwitch
from whatsapp_connect.outcomes import return_status
from whatsapp_connect.pages import Pages
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.request import Request
from whatsapp_connect.responses import Response, head_answer, redirect
from whatsapp_connect.settings import Settings
from whatsapp_connect.start import Start
from whatsapp_connect.states import Login, StateStore
from whatsapp_connect.transactions import TransactionRunner
from whatsapp_connect.waiting import pause
from whatsapp_connect.whatsapp import WhatsAppClient

FINISHING_TRIES = 10
"""How often a second request of the same browser looks for the outcome, at most once a second."""

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
login_switch = LoginSwitch(client=_dynamodb, table=settings.brake_table)
failed_logins = FailedLogins(client=_dynamodb, table=settings.brake_table)
pages = Pages(Brand.from_settings(settings))
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
    """Finish a login: Facebook has redirected the browser to us, or our page posts how Embedded Signup ended."""
    request = Request.from_event(event)
    if request.method not in {"GET", "POST"}:  # HEAD must not use up the state
        return head_answer()
    deadline = monotonic() + context.get_remaining_time_in_millis() / 1000
    start: Start | None = Start()
    told: Mapping[str, str] = {}
    try:
        answer = read_answer(request)
        told = answer.log
        start = states.start(answer.state, cookies=request.cookies)
        login_switch.check()  # before the state is used up: the person can go on once logins are resumed
        if start:
            failed_logins.check(start)
        login = states.consume(answer.state, cookies=request.cookies)
    except Exception as exception:  # noqa: BLE001  the outermost line
        reason = report(request, exception, code_spent=False, told=told).reason
        return pages.error(
            request.language(),
            reason,
            reference=request.id,
            start=path(start),
            can_reload=request.method == "GET",  # a button cannot post the form again
        )
    outcome = end_login(request, login, answer, deadline=deadline) if login.is_first else login.outcome
    outcome = outcome or wait_for_outcome(request, login, deadline=deadline)
    # Where the person can look again. The state is used up.
    return show(request, login, outcome, again=f"/callback?{urlencode({'state': answer.state})}")


def read_answer(request: Request) -> Answer:
    if request.method == "POST":
        return signup.read_answer(request, own_url=settings.base_url(request.host))
    return dialog.read_answer(request)


def path(start: Start | None) -> str:
    """Return where a person can start again, or "" if only the link they were sent leads there."""
    if start is None or (start.is_public and not settings.public_connect):
        return ""
    return start.path


def reconnect_path(login: Login) -> str:
    """Return where the person can connect again although the link is spent, or ""."""
    start = Start(reconnect=login.connection_id) if login.start.link else login.start
    is_open = settings.reconnect if start.reconnect else settings.public_connect
    return start.path if is_open else ""


def wait_for_outcome(request: Request, login: Login, *, deadline: float) -> dict[str, str] | None:
    """Return how the login ended, once the request that came first has ended it; None if that takes too long."""
    for _ in range(FINISHING_TRIES):
        pause(1, max_s=1.0, until=deadline - 5)
        try:
            outcome = states.outcome(login)
        except Exception as trouble:  # noqa: BLE001  the person can look again
            logger.warning("outcome not read", extra={"reference": request.id, **describe(trouble)})
            return None
        if outcome:
            return outcome
    return None


def show(request: Request, login: Login, outcome: dict[str, str] | None, *, again: str) -> Response:
    """Show how a login ended, the first time and every time after. Go back to the service that the login came from."""
    language = request.language(login.language)
    if outcome is None:
        return pages.finishing(language, again=again)
    reason = outcome["reason"]
    back = ""
    if login.return_url:
        hints = {
            "connection_id": outcome.get("connection_id") or login.connection_id,
            "status": return_status(reason),
            "reason": "accounts-unknown" if outcome.get("is_unknown") else reason,
            "reference": outcome["reference"],
        }
        back = return_url.with_outcome(login.return_url, hints)
    if reason != "connected":
        start = reconnect_path(login) if reason == "link-used" else path(login.start)
        if start:
            start += outcome.get("start_query", "")
        return pages.error(
            language,
            reason,
            reference=outcome["reference"],
            start=start,
            back=back,
            session_id=outcome.get("session_id", ""),
        )
    if back:
        # Without a fragment of its own, the address would get the one that Facebook adds to the callback's: #_=_
        return redirect(f"{back}#", cookies=[], status=303)
    return pages.connected(language, outcome, choose=reconnect_path(login))


def end_login(request: Request, login: Login, answer: Answer, *, deadline: float) -> dict[str, str]:
    """Finish a login and return its outcome, which the same browser can see again."""
    try:
        connection_id, outcome = flow.finish(login, answer, reference=request.id, deadline=deadline)
    except Exception as exception:  # noqa: BLE001  the outermost line
        known = {"connection_id": login.connection_id} if login.connection_id else {}
        error = report(request, exception, code_spent=True, told={**answer.log, **known})
        if isinstance(error, CodeError) or error.reason == "not-yours":
            count_failure(login)
        outcome = {"reason": error.reason, "reference": request.id}
        if session_id := error.fields.get("session_id"):
            outcome["session_id"] = str(session_id)
        if isinstance(error, CodeError) and not answer.is_redirect:
            # Meta's pages disagree on how such codes are exchanged. A redirect needs no answer to that.
            outcome["start_query"] = "?signup=redirect"
        try:
            return states.finish(login, outcome)
        except Exception as trouble:  # noqa: BLE001  a reload shows a page without the outcome
            logger.error("outcome not stored", extra={"reference": request.id, **describe(trouble)})
        return outcome
    fields = {"reason": "connected", "connection_id": connection_id, "expires_at": outcome["expires_at"]}
    logger.info("login ended", extra={**answer.log, **fields, "reference": request.id})
    metrics.count("LoginEnded", reason="connected")
    return outcome | {"connection_id": connection_id}  # not stored: it can be the person's own user ID


def count_failure(login: Login) -> None:
    try:
        failed_logins.count(login.start)
    except Exception as trouble:  # noqa: BLE001  the login has ended already
        on_trouble("failure not counted", trouble)


def report(request: Request, exception: Exception, *, code_spent: bool, told: Mapping[str, str]) -> LoginError:
    """Log and count a login that ended without a connection, and return how it ended.

    `told` is what the browser said of the end, and whom the login was for, as far as that is known.
    """
    error = classify(exception, code_spent=code_spent)
    log = logger.warning if error.outcome.status < 500 else logger.error
    log(
        "login ended",
        extra={**told, **describe(exception), "reason": error.reason, "reference": request.id},
    )
    metrics.count("LoginEnded", reason=error.reason)
    if error.reason == "cookie-missing":
        # Tells apart how people come back without the cookie: many at once mean a broken proxy or in-app browser.
        metrics.count("CookieMissing", sec_fetch_site=request.fetch_site)
    return error
