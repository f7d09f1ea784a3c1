"""GET /connect, /connect/{link} and /reconnect/{connection_id}: issue a state, and redirect to Facebook or open its window."""

import os
from typing import Any
from urllib.parse import urlencode, urlsplit

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, dialog, metrics, return_url, signup, visit
from whatsapp_connect.brand import Brand
from whatsapp_connect.errors import LoginError
from whatsapp_connect.faults import classify, describe
from whatsapp_connect.links import Link, LinkStore
from whatsapp_connect.login_switch import LoginSwitch
from whatsapp_connect.pages import Pages
from whatsapp_connect.request import Request
from whatsapp_connect.responses import Response, redirect
from whatsapp_connect.settings import Settings
from whatsapp_connect.signup_page import SignupPage
from whatsapp_connect.start import Start
from whatsapp_connect.states import IssuedState, StateStore

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
login_switch = LoginSwitch(client=_dynamodb, table=settings.brake_table)
visit_cookie = visit.VisitCookie(secure=settings.secure_cookies)
pages = Pages(Brand.from_settings(settings))


def handler(event: dict[str, Any], _context: LambdaContext) -> Response:
    """Redirect a person to Facebook's login dialog, or show a page."""
    request = Request.from_event(event)
    start = Start()
    try:
        start = Start.from_path(event.get("pathParameters"))
        return answer(request, start)
    except Exception as exception:  # noqa: BLE001  the outermost line
        error = classify(exception, code_spent=False)
        log = logger.warning if error.outcome.status < 500 else logger.error
        log("login not started", extra={**describe(exception), "reason": error.reason, "reference": request.id})
        metrics.count("LoginNotStarted", reason=error.reason)
        again = start_again(error, start)
        language = request.language(str(error.fields.get("language", "")))
        return pages.error(language, error.reason, reference=request.id, start=again)


def answer(request: Request, start: Start) -> Response:
    """Start a login if the person has clicked on our page, or on the public connect link. Show our page otherwise.

    The page can open Embedded Signup. Then the public connect link shows it, too.
    """
    query = request.parameters("auth_type", "click", "lang", "signup")
    url = settings.base_url(request.host) + start.path
    if start.is_public and request.is_preview():
        return pages.start(request.language(), href=url, url=url)
    login_switch.check()
    if not start.link and not (settings.reconnect if start.reconnect else settings.public_connect):
        raise LoginError("link-required")
    link = links.load(start.link) if start.link else None
    features = signup.features(
        settings,
        mode="redirect" if query.get("signup") == "redirect" else link.signup if link else "",
        chosen=link.signup_features if link else None,
    )
    if start.is_public and features is None:
        return start_login(request, start, None, auth_type=query.get("auth_type"))
    value = visit_cookie.read(request.cookies)
    token = query.pop("click", "")
    fetch_site = request.headers.get("sec-fetch-site", "")
    is_click = visit.is_click(value, start.path, token=token, fetch_site=fetch_site)
    if is_click and not request.is_prefetch():
        return start_login(request, start, link, auth_type=query.get("auth_type"))
    value, cookie = visit_cookie.issue(request.cookies)
    language = request.language(link.language if link else "")
    chosen = {"lang": language.tag} if "lang" in query else {}
    auth_type = auth_type if (auth_type := query.get("auth_type", "")) in dialog.AUTH_TYPES else ""
    kept = {"auth_type": auth_type} if auth_type else {}
    if query.get("signup") == "redirect":
        kept["signup"] = "redirect"
    page, cookies = None, [cookie]
    if features is not None and not request.is_preview():
        back = chosen_return_url(request, link)
        state = issue_state(request, start, link, back=back)
        page = signup_page(request, state.value, features=features, auth_type=auth_type, back=back)
        cookies += state.cookies
        logger.info("sign-up offered", extra={"reference": request.id})
        metrics.count("LoginStarted", reason="offered")
    return pages.start(
        language,
        href="?" + urlencode({**kept, **chosen, "click": visit.click_token(value, start.path)}),
        url=url,
        label=link.label if link else "",
        is_reconnect=bool(start.reconnect),
        query=kept,
        is_without_cookie=bool(token) and not visit_cookie.read(request.cookies),
        signup=page,
        cookies=cookies,
    )


def start_login(request: Request, start: Start, link: Link | None, *, auth_type: str | None) -> Response:
    state = issue_state(request, start, link, back=chosen_return_url(request, link))
    url = dialog.login_url(settings, redirect_uri=callback_url(request), state=state.value, auth_type=auth_type)
    logger.info("login started", extra={"reference": request.id})
    metrics.count("LoginStarted", reason="started")
    return redirect(url, cookies=state.cookies)


def issue_state(request: Request, start: Start, link: Link | None, *, back: str) -> IssuedState:
    return states.issue(
        redirect_uri=callback_url(request),
        cookies=request.cookies,
        start=start,
        connection_id=link.connection_id if link else "",
        return_url=back,
        language=request.language(link.language if link else "").tag,
    )


def signup_page(request: Request, state: str, *, features: tuple[str, ...], auth_type: str, back: str) -> SignupPage:
    to = urlsplit(back)
    return SignupPage(
        app_id=settings.meta_app_id,
        config_id=settings.login_config_id,
        graph_version=settings.graph_version,
        features=features,
        state=state,
        callback_url=callback_url(request),
        signup_url=f"{callback_url(request)}/signup",
        sdk_url=settings.sdk_url,
        dialog_url=settings.dialog_url,
        auth_type=auth_type,
        return_origin=f"{to.scheme}://{to.netloc}" if back else "",
    )


def callback_url(request: Request) -> str:
    return f"{settings.base_url(request.host)}/callback"


def chosen_return_url(request: Request, link: Link | None) -> str:
    """Return where the browser goes after the login; "" for our own page."""
    return usable_return_url((link.return_url if link else "") or settings.return_url, request)


def usable_return_url(url: str, request: Request) -> str:
    """Return a URL that was set, or "" if the browser must not go there: the stack parameter is checked by its form only."""
    if not url:
        return ""
    if wrong := return_url.problem(url, own_url=settings.base_url(request.host)):
        logger.warning("return URL ignored", extra={"reference": request.id, "problem": wrong})
        return ""
    return url


def start_again(error: LoginError, start: Start) -> str:
    """Return the path of the page's button."""
    if error.reason != "link-used":
        return start.path
    return Start(reconnect=str(error.fields["connection_id"])).path if settings.reconnect else ""
