"""Check the stack's addresses for the doctor, with the requests that visitors and Meta make."""

import re
from html import unescape
from socket import gaierror
from urllib.parse import parse_qs, urlsplit

import requests

from whatsapp_connect.brand import Brand
from whatsapp_connect.version import VERSION
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, not_checked, ok, warning
from whatsapp_connect_cli.output import moment
from whatsapp_connect_cli.versions import difference

TIMEOUT_S = 20.0

_THROTTLED = "API Gateway throttles the addresses now. Try again in a minute."
_HEADERS = {
    "User-Agent": "whatsapp-connect doctor",
    "Sec-Fetch-User": "?1",  # as a browser sends for a click, so that it is not taken for a link preview
}
_GENERATOR = re.compile(r'<meta name="generator" content="WhatsApp Connect ([0-9.]+)">')
_CHECK_DOMAIN = "With a DomainName: check its DNS record and the API mappings of the domain."


def address(deployment: Deployment) -> Finding:
    """Check that this stack answers GET /callback, with 400 because there is no query, and GET /, with its page."""
    url = deployment.callback_url
    try:
        status = _get(url).status_code
        home = _get(f"{deployment.settings.site_url}/")
    except requests.RequestException as error:
        return broken(f"{url} cannot be reached from this machine: {_why(error)}. Nobody can connect.", _fix_of(error))
    if status == 429:
        return not_checked(_THROTTLED)
    if status >= 500:
        return broken(
            f"{url} answers with status {status}.",
            f"Read the log group {deployment.resources['CallbackLogGroup']}.",
        )
    if status != 400:
        return broken(f"Another server than this stack answers {url}, with status {status}.", _CHECK_DOMAIN)
    if home.status_code != 200 or Brand.from_settings(deployment.settings).name not in unescape(home.text):
        return broken(
            f"{deployment.settings.site_url}/ does not show this stack's page, but answers with status"
            f" {home.status_code}.",
            _CHECK_DOMAIN,
        )
    return ok(f"This stack answers {url}.")


def version(deployment: Deployment) -> Finding:
    """Compare the version of the stack with the one that GET / tells, and with the command line's."""
    url = f"{deployment.settings.site_url}/"
    try:
        answer = _get(url)
    except requests.RequestException as error:
        return not_checked(f"{url} cannot be reached from this machine: {_why(error)}.")
    if answer.status_code != 200:
        return not_checked(f"{url} answers with status {answer.status_code}. See the check address.")
    generator = _GENERATOR.search(answer.text)
    answering = generator[1] if generator else ""
    problems = [found] if (found := difference(deployment.version)) else []
    if answering != deployment.version:
        says = f"{url} answers with {_named(answering)}, but the stack has {_named(deployment.version)}."
        fix = (
            "If a deployment is running, wait until it has ended. If not, another deployment answers, or somebody changed"
            f" the functions without CloudFormation: deploy the template again. {_CHECK_DOMAIN}"
        )
        problems.append((says, fix))
    if problems:
        return warning(" ".join(says for says, _ in problems), " ".join(fix for _, fix in problems))
    return ok(f"The stack and its address have version {deployment.version}, this command line has {VERSION}.")


def _named(version: str) -> str:
    return f"version {version}" if version else "no version"


def visit(deployment: Deployment) -> Finding:
    """Open the public connect link: it must redirect to Facebook's dialog with this app and this stack's callback.

    A redirect leaves one row in StateTable, which DynamoDB deletes.
    """
    url = deployment.settings.connect_url
    try:
        answer = _get(f"{url}?signup=redirect")  # without the page for Embedded Signup
    except requests.RequestException as error:
        return not_checked(f"{url} cannot be reached from this machine: {_why(error)}.")
    log = f"Read the log group {deployment.resources['AuthorizeLogGroup']}."
    match answer.status_code:
        case 429:
            return not_checked(_THROTTLED)
        case 503:
            return warning(
                f"{url} answers that nobody can log in now (status 503).",
                f"See the check logins. If they are not paused, run doctor again in a minute. If that does not help: {log}",
            )
        case 404 if not deployment.settings.public_connect:
            return ok(f"{url} is closed, because of PublicConnect=disabled. People connect by links.")
        case 302 if deployment.settings.public_connect:
            return _dialog(deployment, answer)
    return broken(f"{url} answers with status {answer.status_code}, which this stack should not answer.", log)


def logins(deployment: Deployment) -> Finding:
    """Check that logins are not paused."""
    paused_at = deployment.login_switch.paused_at()
    if paused_at is None:
        return ok("Logins are not paused.")
    return warning(
        f"Logins are paused since {moment(paused_at)} UTC: nobody can connect.",
        "When the incident is over: whatsapp-connect resume",
    )


def _dialog(deployment: Deployment, answer: requests.Response) -> Finding:
    """Compare a redirect with the one that this stack makes. The finding does not show the state."""
    settings = deployment.settings
    dialog = urlsplit(answer.headers.get("location", ""))
    wanted = urlsplit(f"{settings.dialog_url}/{settings.graph_version}/dialog/oauth")
    query = parse_qs(dialog.query)
    parts = {
        "the dialog": (dialog.scheme, dialog.netloc) == (wanted.scheme, wanted.netloc),
        "the Graph version": dialog.path == wanted.path,
        "the App ID": query.get("client_id") == [settings.meta_app_id],
        "the redirect URI": query.get("redirect_uri") == [deployment.callback_url],
        "the state": bool(query.get("state")),
        "the cookie": "set-cookie" in answer.headers,
    }
    if wrong := [part for part, is_right in parts.items() if not is_right]:
        return broken(
            f"{settings.connect_url} redirects people, but not as this stack does. Wrong or missing: {', '.join(wrong)}.",
            f"Deploy the template again. {_CHECK_DOMAIN}",
        )
    return ok(
        f"{settings.connect_url} sends people to Facebook's dialog of {settings.graph_version} with this app. This visit"
        " left one state, which DynamoDB deletes."
    )


def webhooks(deployment: Deployment) -> Finding:
    """Check that this stack refuses empty requests to the addresses that Meta calls."""
    site = deployment.settings.site_url
    try:
        answers = {
            "GET /whatsapp-webhook": _get(f"{site}/whatsapp-webhook"),
            "POST /deauthorize": requests.post(
                f"{site}/deauthorize", headers=_HEADERS, timeout=TIMEOUT_S, allow_redirects=False
            ),
        }
    except requests.RequestException as error:
        return not_checked(f"{site} cannot be reached from this machine: {_why(error)}.")
    statuses = {request: answer.status_code for request, answer in answers.items()}
    if 429 in statuses.values():
        return not_checked(_THROTTLED)
    wrong = [
        f"{request} ({status})" for request, status in statuses.items() if not 400 <= status < 500 or status == 404
    ]
    if wrong:
        return broken(
            f"Meta's calls fail, because these addresses do not refuse an empty request: {', '.join(wrong)}.",
            f"Read the log groups {deployment.resources['WhatsAppWebhookLogGroup']} and"
            f" {deployment.resources['DeauthorizeLogGroup']}. {_CHECK_DOMAIN}",
        )
    return ok("The addresses that Meta calls answer, and refuse an empty request.")


def _get(url: str) -> requests.Response:
    return requests.get(url, headers=_HEADERS, timeout=TIMEOUT_S, allow_redirects=False)


def _is_unknown_host(error: BaseException | None) -> bool:
    """Return whether the host name is not in DNS. requests says so only in the exceptions behind its own."""
    while error is not None:
        if isinstance(error, gaierror):
            return True
        error = error.__cause__ or error.__context__
    return False


def _why(error: requests.RequestException) -> str:
    """Return the reason in words. The exception's own text quotes the URL."""
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not valid for the host name, or has expired"
    if isinstance(error, requests.Timeout):
        return "it does not answer in time"
    if _is_unknown_host(error):
        return "the host name has no DNS record"
    return f"the connection fails ({type(error).__name__})"


def _fix_of(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return (
            "See the certificate of CertificateArn in ACM: it must be issued and name DomainName. A proxy on the way"
            " from this machine can also show another certificate."
        )
    return (
        "With a DomainName: point its DNS record at the domain's API Gateway domain name, or deploy with HostedZoneId."
    )
