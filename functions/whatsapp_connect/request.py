"""An HTTP request, read the same from API Gateway, `sam local` and emulators."""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from whatsapp_connect import languages
from whatsapp_connect.errors import LoginError, SignedRequestError
from whatsapp_connect.languages.language import Language

# Programs that draw a preview of a link, and search engines.
_CRAWLER = re.compile(
    r"facebookexternalhit|facebookcatalog|meta-external|WhatsApp/|TelegramBot|Twitterbot|Slackbot|Slack-ImgProxy"
    r"|LinkedInBot|Discordbot|SkypeUriPreview|MicrosoftPreview|Teams/|Googlebot|GoogleOther|Google-PageRenderer"
    r"|bingbot|BingPreview|Applebot|YandexBot|DuckDuckBot|Baiduspider|Pinterestbot|redditbot|Mastodon/|Bluesky"
    r"|Viber/|Iframely|Embedly|vkShare|LinePreview|Zoom\.Mac|ZoomWebhook|curl-link-preview|GPTBot|ClaudeBot"
    r"|(?<!cu)bot[/;)]|crawler|spider",  # Cubot makes phones
    re.IGNORECASE,
)
_MAX_PARAMETERS = 50
_MAX_BODY_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    id: str
    """Names the request in the gateway's access log, our log and our pages."""
    method: str
    host: str
    raw_query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    cookies: Mapping[str, str]
    body: str
    """As text; "" if its base64 is not valid or not ASCII."""

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        """Read an HTTP API event, payload format 2.0."""
        context = event["requestContext"]
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        # API Gateway takes the cookies out of the headers; other gateways leave them there.
        pairs = event.get("cookies") or headers.get("cookie", "").split(";")
        cookies: dict[str, str] = {}
        for pair in pairs:
            name, _, value = pair.partition("=")
            # Strip only ASCII space: str.strip() also removes U+2000, which a sibling domain could put in front of
            # "__Host-" in a cookie name.
            cookies.setdefault(name.strip(" "), value.strip(" "))
        return cls(
            id=context["requestId"],
            method=context["http"]["method"],
            host=context["domainName"],
            raw_query=event.get("rawQueryString") or "",
            headers=headers,
            cookies=cookies,
            body=_body(event),
        )

    def parameters(self, *names: str) -> dict[str, str]:
        """Return the named query parameters, without those that are missing or empty.

        Raises LoginError if one of them is repeated, because it is not clear which value is meant.
        """
        return _named(self.raw_query, names)

    def form(self, *names: str) -> dict[str, str]:
        """Return the named fields of a posted form, without those that are missing or empty.

        Raises LoginError if it is no form, is too long, or has one of them twice.
        """
        if not self._has_form:
            raise LoginError("request-malformed")
        return _named(self.body, names)

    def language(self, *tags: str) -> Language:
        """Return the language for a page: what the visitor has chosen, else the first of `tags`, else what the browser says.

        An empty or unknown tag is skipped.
        """
        try:
            chosen = self.parameters("lang").get("lang", "")
        except LoginError:
            chosen = ""
        return languages.load(languages.choose((chosen, *tags), accept=self.headers.get("accept-language", "")))

    def form_field(self, name: str) -> str:
        """Return a field of a posted form. Raises SignedRequestError if it does not occur exactly once."""
        if not self._has_form:
            raise SignedRequestError("not-a-form")
        try:
            values = [value for key, value in parse_qsl(self.body, max_num_fields=_MAX_PARAMETERS) if key == name]
        except ValueError:
            values = []
        if len(values) != 1:
            raise SignedRequestError("not-a-form")
        return values[0]

    @property
    def _has_form(self) -> bool:
        content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return content_type == "application/x-www-form-urlencoded" and len(self.body) <= _MAX_BODY_BYTES

    @property
    def fetch_site(self) -> str:
        """Where the browser says that the request comes from, or "unknown"."""
        site = self.headers.get("sec-fetch-site", "")
        return site if site in {"cross-site", "same-site", "same-origin", "none"} else "unknown"

    def is_prefetch(self) -> bool:
        """Return whether a page is loaded before a person wants it, or only its headers are."""
        if self.method == "HEAD":
            return True
        purpose = self.headers.get("sec-purpose", self.headers.get("purpose", ""))
        return "prefetch" in purpose or self.headers.get("x-moz") == "prefetch"

    def is_preview(self) -> bool:
        """Return whether a program asks: for a preview, an index, or to load the page before a person wants it."""
        if self.is_prefetch():
            return True
        if self.headers.get("sec-fetch-user") == "?1":  # a browser sends it for a click only
            return False
        return _CRAWLER.search(self.headers.get("user-agent", "")) is not None


def _named(text: str, names: tuple[str, ...]) -> dict[str, str]:
    """Return the named parameters of a query or a form. Raises LoginError if one of them is repeated."""
    try:
        pairs = parse_qsl(text, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise LoginError("request-malformed") from None
    named = [(name, value) for name, value in pairs if name in names]
    parameters = dict(named)
    if len(parameters) < len(named):
        raise LoginError("request-malformed")
    return parameters


def raw_body(event: Mapping[str, Any]) -> bytes:
    """Return the body of a request; b"" if its base64 is not valid."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode(errors="replace")
    try:
        return b64decode(body, validate=True)
    except ValueError:
        return b""


def _body(event: Mapping[str, Any]) -> str:
    if not event.get("isBase64Encoded"):
        return str(event.get("body") or "")
    try:
        return raw_body(event).decode("ascii")
    except ValueError:
        return ""
