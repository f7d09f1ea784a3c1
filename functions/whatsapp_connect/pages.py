"""The pages that people see. The texts are in languages/."""

from collections.abc import Mapping
from html import escape

from whatsapp_connect.brand import Brand
from whatsapp_connect.languages.language import Language
from whatsapp_connect.layout import CLOCK, LINK, TICK, Button, Layout, isolated
from whatsapp_connect.outcomes import OUTCOMES
from whatsapp_connect.responses import Response
from whatsapp_connect.signup_page import SignupPage
from whatsapp_connect.version import VERSION


class Pages:
    def __init__(self, brand: Brand) -> None:
        self._brand = brand
        self._page = Layout(brand).page

    def start(
        self,
        language: Language,
        *,
        href: str,
        url: str,
        label: str = "",
        is_reconnect: bool = False,
        is_without_cookie: bool = False,
        query: Mapping[str, str] | None = None,
        signup: SignupPage | None = None,
        cookies: list[str] | None = None,
    ) -> Response:
        """Ask a person to start a login.

        `href` is where the button leads, `url` the address of the page, for previews of it. `query` is what the page in
        another language needs; None if there is none. `is_without_cookie`: the person has clicked, and the browser did not
        send the cookie of the page. With `signup`, the button opens Embedded Signup in a window if the browser can do that.
        """
        texts = language.texts
        title = texts["reconnect.title" if is_reconnect else "start.title"]
        text = texts["reconnect.text" if is_reconnect else "start.text"]
        return self._page(
            language,
            200,
            title,
            (
                text,
                texts["signup.need" if signup else "start.need"],
                texts["signup.phone"] if signup and signup.is_coexistence else "",
            ),
            icon=LINK,
            warning=texts["start.cookies"] if is_without_cookie else "",
            facts={texts["fact.label"]: [isolated(label)] if label else []},
            progress=texts["signup.open"] if signup else "",
            buttons=[Button(texts["start.button"], href)],
            language_links=query,
            head=(
                f'<meta name="description" content="{escape(text)}">'
                f'<meta property="og:type" content="website">'
                f'<meta property="og:site_name" content="{escape(self._brand.name)}">'
                f'<meta property="og:title" content="{escape(title)}">'
                f'<meta property="og:description" content="{escape(text)}">'
                f'<meta property="og:url" content="{escape(url)}"><meta name="twitter:card" content="summary">'
            ),
            tail=signup.html(language_tag=language.tag) if signup else "",
            policy=signup.policy() if signup else None,
            # The address of the page is the person's link. Facebook and the form need to know the origin.
            referrer="strict-origin" if signup else "no-referrer",
            cookies=cookies,
        )

    def home(self, language: Language, *, connect: bool) -> Response:
        """Show what this host is. `connect` adds a button to the public connect link.

        Only programs see the version. The doctor reads it.
        """
        texts = language.texts
        return self._page(
            language,
            200,
            self._brand.name,
            (texts["home.text"], "" if connect else texts["home.link"]),
            icon=LINK,
            buttons=[Button(texts["home.button"], "/connect") if connect else None],
            language_links={},
            head=f'<meta name="generator" content="WhatsApp Connect {VERSION}">',
        )

    def not_found(self, language: Language, *, connect: bool) -> Response:
        """Show that this address does not exist. `connect` adds a button to the public connect link."""
        texts = language.texts
        return self._page(
            language,
            404,
            texts["not-found.title"],
            (texts["not-found.text"],),
            buttons=[Button(texts["home.button"], "/connect") if connect else None],
            language_links={},
        )

    def finishing(self, language: Language, *, again: str) -> Response:
        """Show that the login is still being finished. `again` is where the person can look again.

        The page does not reload itself, because that would take the place of a reader away:
        https://www.w3.org/TR/WCAG22/#timing-adjustable
        """
        texts = language.texts
        return self._page(
            language,
            200,
            texts["finishing.title"],
            (texts["finishing.text"],),
            icon=CLOCK,
            buttons=[Button(texts["finishing.button"], again)],
        )

    def connected(self, language: Language, outcome: Mapping[str, str], *, choose: str) -> Response:
        """Show that a login ended with a connection.

        `choose` is where a person can choose another account, or "" if that needs a new link.
        """
        texts = language.texts
        expires_at = int(outcome["expires_at"])
        numbers = [line.split("\t") for line in outcome["numbers"].splitlines()]
        if outcome["is_unknown"]:
            return self._page(
                language,
                200,
                texts["accounts-unknown.title"],
                (
                    texts["accounts-unknown.text"],
                    texts["accounts-unknown.choose" if choose else "accounts-unknown.ask"],
                ),
                icon=CLOCK,
                buttons=[Button(texts["button.choose"], f"{choose}?auth_type=rerequest") if choose else None],
                reference=outcome["reference"],
            )
        until = isolated(language.day(expires_at)) if expires_at else escape(texts["connected.never"])
        return self._page(
            language,
            200,
            texts["connected.title"],
            (texts["connected.text"],),
            icon=TICK,
            facts={
                texts["fact.numbers"]: [
                    f"{isolated(number, direction='ltr')} {isolated(f'({name})') if name else ''}".strip()
                    for number, name in numbers
                ],
                texts["fact.more-numbers"]: _count(outcome["more_numbers"]),
                texts["fact.more-accounts"]: _count(outcome["more_accounts"]),
                texts["fact.until"]: [until],
            },
            last=f"{texts['connected.renewal']} {texts['connected.close']}" if expires_at else texts["connected.close"],
            reference=outcome["reference"],
        )

    def deletion(self, language: Language, deleted_at: int) -> Response:
        """Show when a person's data was deleted, in epoch seconds. The page does not say whether there was any."""
        texts = language.texts
        return self._page(
            language,
            200,
            texts["deletion.title"],
            # Facebook does not tell who logged in for a business, so a person's request does not find its connection.
            (texts["deletion.text"], texts["deletion.business"]),
            icon=TICK,
            facts={texts["fact.completed"]: [isolated(language.day(deleted_at))]},
            language_links={},
        )

    def unknown_deletion(self, language: Language) -> Response:
        texts = language.texts
        return self._page(
            language,
            404,
            texts["deletion.unknown.title"],
            (texts["deletion.unknown.text"],),
            language_links={},
        )

    def error(
        self,
        language: Language,
        reason: str,
        *,
        reference: str,
        start: str,
        back: str = "",
        session_id: str = "",
        can_reload: bool = True,
    ) -> Response:
        """Show how a login ended without a connection.

        `start` is the path where the person can start again, or "" if only the link they were sent leads there. `back` is
        the URL of the service that sent them, or "". `session_id` is that of a sign-up, for Facebook's support.
        Without `can_reload`, a person starts again where others load the page again.
        """
        texts = language.texts
        outcome = OUTCOMES.get(reason, OUTCOMES["unexpected"])
        action = "connect" if outcome.action == "reload" and not can_reload else outcome.action
        query = {
            "redirect": "?signup=redirect",
            "rerequest": "?auth_type=rerequest",
            "choose": "?auth_type=rerequest",
            "other-account": "?auth_type=reauthenticate",
        }.get(action, "")
        needs_start = action not in {"none", "reload"}
        button = None
        if action == "reload":
            button = Button(texts["button.reload"], "")
        elif needs_start and start:
            button = Button(texts[f"button.{action}"], f"{start}{query}")
        return self._page(
            language,
            outcome.status,
            texts[f"{outcome.text}.title"],
            (
                texts[f"{outcome.text}.text"],
                texts["again.link"] if needs_start and not start and action != "reconnect" else "",
            ),
            facts={texts["fact.session"]: [isolated(session_id, direction="ltr")] if session_id else []},
            buttons=[button, Button(texts["button.return"], back) if back else None],
            reference=reference,
        )


def _count(number: str) -> list[str]:
    return [isolated(number, direction="ltr")] if number not in {"", "0"} else []
