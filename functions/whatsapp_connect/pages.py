"""The responses: pages, redirects and answers to programs.

Every inserted value is escaped. The pages need no script and load nothing, so the content security policy allows neither.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from typing import NamedTuple, NotRequired, TypedDict

from whatsapp_connect.outcomes import OUTCOMES

SERVICE = "WhatsApp Connect"


class Response(TypedDict):
    """An HTTP API response, payload format 2.0."""

    statusCode: int
    headers: dict[str, str]
    cookies: NotRequired[list[str]]
    body: NotRequired[str]


class Text(NamedTuple):
    title: str
    message: str


TEXTS = {
    "request-incomplete": Text(
        "Let's start again",
        "This address is not complete, so we cannot tell which sign-in it belongs to. Nothing was changed.",
    ),
    "state-refused": Text(
        "Let's start again",
        "This sign-in is very old, was already used, or was started in another browser. "
        "Nothing was changed. Starting again takes a minute.",
    ),
    "state-expired": Text(
        "This took too long",
        "The time for this sign-in was over before you came back, so nothing was connected here. "
        "What you set up at Facebook may be saved there. Starting again is quick.",
    ),
    "cookie-missing": Text(
        "Let's start again in this browser",
        "The sign-in was started somewhere else, perhaps inside another app, or this browser does not keep cookies. "
        "Nothing was changed. Start again here, and stay in this browser until it is done.",
    ),
    "login-interrupted": Text(
        "Let's make sure",
        "This sign-in was seen before, but we cannot say how it ended: the connection may be there or not. "
        "Starting again is safe and takes a minute.",
    ),
    "link-required": Text("You need a link of your own", "Please open the connect link you were sent, or ask for one."),
    "link-refused": Text(
        "This link no longer works",
        "It was already used, has run out, or was taken back. Nothing was changed. "
        "Please ask the people who sent it to you for a new one.",
    ),
    "declined": Text(
        "Not connected",
        "You chose not to continue, so nothing was connected and nothing was changed. "
        "If you did press Continue, the app may not be open to your account yet: ask the people who sent you the link.",
    ),
    "permission-missing": Text(
        "One permission is missing",
        "To work with your WhatsApp Business account we need every permission on Facebook's list. "
        "At least one was left out, so nothing was connected. You can allow it now.",
    ),
    "no-account": Text(
        "No WhatsApp account was chosen",
        "You signed in, but Facebook says that you have not shared a WhatsApp Business account, so nothing was "
        "connected and nothing was changed. You can choose one now. If you have none, create one at Facebook first.",
    ),
    "connection-taken": Text(
        "This link belongs to another Facebook account",
        "It was used before by somebody who signed in with a different Facebook account. Nothing was changed. "
        "Sign in with that account, or ask for a new link.",
    ),
    "code-refused": Text(
        "Let's start again",
        "Facebook no longer accepts this sign-in. Nothing was changed. Starting again takes a minute.",
    ),
    "token-refused": Text(
        "Facebook's answer cannot be used",
        "Facebook signed you in, but gave an access we cannot rely on, so nothing was connected. "
        "Please try again. If it happens twice, tell us the reference below.",
    ),
    "facebook-refused": Text(
        "Facebook could not finish this",
        "Facebook gave an answer we could not use. Nothing was changed. Please try again in a few minutes. "
        "If it happens twice, tell us the reference below.",
    ),
    "facebook-unavailable": Text(
        "Facebook is not answering",
        "Facebook is busy or not available right now. Nothing was changed. Please try again in a few minutes.",
    ),
    "setup-wrong": Text(
        "This is on our side",
        "Our connection to Facebook is not set up correctly, so nothing was changed. "
        "Please tell us the reference below; trying again will not help until we fix it.",
    ),
    "aws-busy": Text(
        "One moment, please",
        "Too many people are connecting right now. Nothing was lost. Please try again in a few seconds.",
    ),
    "token-not-stored": Text(
        "Let's start again",
        "We are very busy right now and could not store the connection. Nothing was changed, and an earlier connection "
        "keeps working. Please try again in a minute.",
    ),
    "unexpected": Text(
        "This is on our side",
        "Something went wrong that we did not expect. An earlier connection keeps working. "
        "Please try again. If it happens twice, tell us the reference below.",
    ),
}
"""Title and message of the pages of outcomes.OUTCOMES."""

_STYLE = """
:root{color-scheme:light dark;--bg:#f2f5f4;--card:#fff;--ink:#10201b;--soft:#4c5d57;--line:#dbe4e0;--go:#0a6b4f;
--on-go:#fff;--warn:#8a4b00;--warn-bg:#fdf1df;--go-bg:#e1f3ec}
@media(prefers-color-scheme:dark){:root{--bg:#0d1412;--card:#16201d;--ink:#eaf2ef;--soft:#a6b8b1;--line:#2b3a35;
--go:#4fd0a5;--on-go:#04231a;--warn:#f5bd6e;--warn-bg:#33260f;--go-bg:#12342a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100svh;display:grid;place-items:center;padding:1.25rem;background:var(--bg);
color:var(--ink);font:1.0625rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:28rem;background:var(--card);border:1px solid var(--line);border-radius:1.25rem;
padding:2rem 1.5rem;text-align:center}
svg{display:block;margin:0 auto 1.25rem;width:4rem;height:4rem;padding:1rem;border-radius:50%;fill:none;
stroke:var(--warn);background:var(--warn-bg);stroke-width:2.25;stroke-linecap:round;stroke-linejoin:round}
svg.good{stroke:var(--go);background:var(--go-bg)}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25;text-wrap:balance}
p{margin:0 0 1rem;color:var(--soft);text-wrap:pretty}
dl{margin:1.25rem 0;padding:1rem 1.25rem;border:1px solid var(--line);border-radius:.9rem;text-align:left}
dt{font-size:.875rem;color:var(--soft)}
dd{margin:0;font-weight:600;overflow-wrap:anywhere}
dd+dt{margin-top:.75rem}
.button{display:block;margin:1.5rem 0 0;padding:.9rem 1rem;border-radius:.9rem;background:var(--go);color:var(--on-go);
font-weight:650;text-decoration:none}
.button:hover{filter:brightness(1.08)}
.button:focus-visible{outline:3px solid var(--ink);outline-offset:3px}
small{display:block;margin-top:1.75rem;color:var(--soft);font-size:.8125rem;overflow-wrap:anywhere}
@media(max-height:30rem){body{place-items:start center}}
""".strip()

_TICK = '<path d="M5 13l4.5 4.5L19 7.5"/>'
_PAUSE = '<path d="M12 6.5v6.5"/><path d="M12 17.4v.1"/>'
_CLOCK = '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>'
_LINK = (
    '<path d="M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-.8.8"/>'
    '<path d="M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l.8-.8"/>'
)

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
    ),
}

_HTML = "text/html; charset=utf-8"


def redirect(location: str, *, cookies: list[str], status: int = 302) -> Response:
    return {"statusCode": status, "headers": {**_HEADERS, "Location": location}, "cookies": cookies}


def empty_page() -> Response:
    """Answer HEAD for a page that exists. Programs that draw a preview look at the content type first."""
    return {"statusCode": 200, "headers": {**_HEADERS, "Content-Type": _HTML}}


def json_answer(status: int, answer: Mapping[str, str]) -> Response:
    """Answer a program."""
    headers = {**_HEADERS, "Content-Type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(dict(answer))}


def text_answer(text: str) -> Response:
    """Answer a program with plain text."""
    return {"statusCode": 200, "headers": {**_HEADERS, "Content-Type": "text/plain"}, "body": text}


def preview_page(url: str) -> Response:
    """Show what a connect link is for, to programs that draw a preview of it."""
    title = "Connect your WhatsApp Business account"
    sentence = "Sign in with Facebook and choose the account to connect. It takes about a minute."
    return _page(
        200,
        title,
        sentence,
        icon=_LINK,
        button=("Continue", url),
        head=(
            f'<meta name="description" content="{escape(sentence)}">'
            f'<meta property="og:type" content="website"><meta property="og:site_name" content="{SERVICE}">'
            f'<meta property="og:title" content="{escape(title)}">'
            f'<meta property="og:description" content="{escape(sentence)}">'
            f'<meta property="og:url" content="{escape(url)}"><meta name="twitter:card" content="summary">'
        ),
    )


def home_page(*, connect: bool) -> Response:
    """Show what this host is. `connect` adds a button to the public connect link."""
    return _page(
        200,
        SERVICE,
        "This service connects WhatsApp Business accounts to the applications that use them.",
        "" if connect else "To connect yours, open the link you were sent.",
        icon=_LINK,
        button=("Connect", "/connect") if connect else None,
    )


def not_found_page(*, connect: bool) -> Response:
    """Show that this address does not exist. `connect` adds a button to the public connect link."""
    return _page(
        404,
        "This page does not exist",
        "Please check the address. If you were sent a link, open it again from the message.",
        button=("Connect an account", "/connect") if connect else None,
    )


def finishing_page() -> Response:
    """Show that the login is still being finished. The page reloads itself every two seconds."""
    return _page(
        200,
        "Almost there",
        "Your connection is being finished. This page updates by itself in a few seconds.",
        icon=_CLOCK,
        button=("Check now", ""),
        head='<meta http-equiv="refresh" content="2">',
    )


def outcome_page(outcome: Mapping[str, str], *, success_url: str, connect: str) -> Response:
    """Show how a login ended, the first time and every time after.

    `outcome` has a `reason` and a `reference`; when the reason is `connected` also `expires_at` (epoch seconds, 0 for
    never), `accounts` (a line each) and `is_unknown`, which is "" unless no account could be seen. A connected person is redirected to `success_url`, unless it is "". `connect` is
    the path where the person can start again; "" if only the link they were sent leads there.
    """
    reason, reference = outcome["reason"], outcome["reference"]
    if reason != "connected":
        return error_page(reason, reference=reference, connect=connect)
    if success_url:
        return redirect(success_url, cookies=[], status=303)
    expires_at = int(outcome["expires_at"])
    last = "There is nothing else to do. You can close this page."
    if expires_at:
        last = (
            "There is nothing else to do, and you can close this page. If the connection cannot be renewed by "
            "itself, you will be asked to connect again before it ends."
        )
    until = _day(expires_at) if expires_at else "It does not expire"
    if outcome["is_unknown"]:
        is_public = connect == "/connect"
        return _page(
            200,
            "You're signed in",
            "The sign-in is stored, but Facebook does not show us your WhatsApp Business account yet. "
            "We ask again by ourselves.",
            # The link is spent now.
            "If you did not choose an account at Facebook, "
            + ("you can choose one now." if is_public else "ask the people who sent you the link for a new one."),
            icon=_CLOCK,
            button=("Choose an account", f"{connect}?auth_type=rerequest") if is_public else None,
            reference=reference,
        )
    return _page(
        200,
        "You're connected",
        "Your WhatsApp Business account is connected.",
        icon=_TICK,
        facts={"Connected": outcome["accounts"].splitlines(), "Until": [until]},
        last=last,
        reference=reference,
    )


def deletion_page(deleted_at: int) -> Response:
    """Show when a person's data was deleted, in epoch seconds. The page does not say whether there was any."""
    return _page(
        200,
        "Your request is done",
        "You asked for your data to be deleted.",
        "Everything that this service had stored under your own Facebook account, such as a connection to WhatsApp, is"
        " deleted.",
        # Facebook does not tell who logged in for a business, so a person's request does not find its connection.
        "A connection that belongs to a business is not part of this request. To have it deleted, ask the service that"
        " the business connected to.",
        icon=_TICK,
        facts={"Completed": [_day(deleted_at)]},
        last="You can close this page.",
    )


def unknown_deletion_page() -> Response:
    return _page(
        404,
        "We do not know this code",
        "Please check the address, or use the link that Facebook shows beside your deletion request.",
        "Codes are kept for a little over a year.",
    )


def error_page(reason: str, *, reference: str, connect: str) -> Response:
    """Show how a login ended without a connection. `connect` is as for outcome_page()."""
    outcome = OUTCOMES.get(reason, OUTCOMES["unexpected"])
    title, message = TEXTS[outcome.text]
    button = {
        "connect": ("Start again", connect),
        "rerequest": ("Ask me again", f"{connect}?auth_type=rerequest"),
        "choose": ("Choose an account", f"{connect}?auth_type=rerequest"),
        "reload": ("Try again", ""),
        "none": None,
    }[outcome.action]
    again = ""
    if outcome.action in {"connect", "rerequest", "choose"} and not connect:
        button = None
        again = "To start again, open the link you were sent once more."
    return _page(outcome.status, title, message, again, button=button, reference=reference)


def _page(
    status: int,
    title: str,
    *paragraphs: str,
    icon: str = _PAUSE,
    facts: Mapping[str, list[str]] | None = None,
    last: str = "",
    button: tuple[str, str] | None = None,
    reference: str = "",
    head: str = "",
) -> Response:
    """Return a page. An empty paragraph is left out, and so is a fact without values. `head` is HTML."""
    details = "".join(
        f"<dt>{escape(term)}</dt>" + "".join(f"<dd>{escape(value)}</dd>" for value in values)
        for term, values in (facts or {}).items()
        if values
    )
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f'<title>{escape(title)} - {SERVICE}</title><link rel="icon" href="data:,">{head}',
        f"<style>{_STYLE}</style></head><body><main>",
        f'<svg viewBox="0 0 24 24" aria-hidden="true"{' class="good"' * (icon is not _PAUSE)}>{icon}</svg>',
        f"<h1>{escape(title)}</h1>",
        *(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs if paragraph),
        f"<dl>{details}</dl>" if details else "",
        f"<p>{escape(last)}</p>" if last else "",
        f'<a class="button" href="{escape(button[1])}">{escape(button[0])}</a>' if button else "",
        f"<small>Reference: {escape(reference)}</small>" if reference else "",
        "</main></body></html>",
    ]
    return {"statusCode": status, "headers": {**_HEADERS, "Content-Type": _HTML}, "body": "".join(parts)}


def _day(seconds: int) -> str:
    day = datetime.fromtimestamp(seconds, UTC)
    return f"{day.day} {day:%B %Y}"
