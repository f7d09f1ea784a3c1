"""The frame of every page: style, brand, footer and content security policy.

The pages need no script and load nothing but the brand's logo, so the policy allows nothing else; only the page before
Embedded Signup adds to it. Every inserted value is escaped and isolated, so that it cannot change the direction of the
text around it.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from html import escape
from typing import NamedTuple
from urllib.parse import urlencode

from whatsapp_connect.brand import Brand, text_color
from whatsapp_connect.languages import NAMES
from whatsapp_connect.languages.language import Language
from whatsapp_connect.responses import HEADERS, HTML, Response

_STYLE = """
:root{color-scheme:light dark;--bg:#f2f5f4;--card:#fff;--ink:#10201b;--soft:#4c5d57;--line:#dbe4e0;--go:#0a6b4f;
--on-go:#fff;--warn:#8a4b00;--warn-bg:#fdf1df;--go-bg:#e1f3ec}
@media(prefers-color-scheme:dark){:root{--bg:#0d1412;--card:#16201d;--ink:#eaf2ef;--soft:#a6b8b1;--line:#2b3a35;
--go:#4fd0a5;--on-go:#04231a;--warn:#f5bd6e;--warn-bg:#33260f;--go-bg:#12342a}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100svh;display:grid;place-items:center;align-content:center;gap:1rem;
padding:1.25rem;background:var(--bg);color:var(--ink);
font:1.0625rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header,main,footer{width:100%;max-width:28rem;text-align:center;overflow-wrap:anywhere}
header{font-weight:650}
header img{display:block;max-width:12rem;max-height:3.5rem;margin:0 auto .5rem;padding:.5rem;background:#fff;
border-radius:.6rem}
main{background:var(--card);border:1px solid var(--line);border-radius:1.25rem;padding:2rem 1.5rem}
svg{display:block;margin:0 auto 1.25rem;width:4rem;height:4rem;padding:1rem;border-radius:50%;fill:none;
stroke:var(--warn);background:var(--warn-bg);stroke-width:2.25;stroke-linecap:round;stroke-linejoin:round}
svg.good{stroke:var(--go);background:var(--go-bg)}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25;text-wrap:balance}
p{margin:0 0 1rem;color:var(--soft);text-wrap:pretty}
p.warning{padding:.75rem 1rem;border-radius:.9rem;color:var(--warn);background:var(--warn-bg)}
dl{margin:1.25rem 0;padding:1rem 1.25rem;border:1px solid var(--line);border-radius:.9rem;text-align:start}
dt{font-size:.875rem;color:var(--soft)}
dd{margin:0;font-weight:600}
dd+dt{margin-block-start:.75rem}
.button{display:block;margin:1.5rem 0 0;padding:.9rem 1rem;border:1px solid var(--go);border-radius:.9rem;
background:var(--go);color:var(--on-go);font-weight:650;text-decoration:none}
.button+.button{margin-block-start:.75rem}
.second{background:none;color:var(--ink);border-color:var(--line)}
.button:hover{filter:brightness(1.08)}
a:focus-visible{outline:3px solid var(--ink);outline-offset:3px}
footer{color:var(--soft);font-size:.8125rem}
footer p{margin:0 0 .5rem}
footer a{display:inline-block;padding:.35rem .5rem;color:inherit}
@media(max-height:30rem){body{place-items:start center}}
""".strip()

TICK = '<path d="M5 13l4.5 4.5L19 7.5"/>'
PAUSE = '<path d="M12 6.5v6.5"/><path d="M12 17.4v.1"/>'
CLOCK = '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>'
LINK = (
    '<path d="M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-.8.8"/>'
    '<path d="M14 10a4 4 0 0 0-5.700 0l-3 3A4 4 0 0 0 11 18.700l.8-.8"/>'
)


class Button(NamedTuple):
    text: str
    href: str


class Layout:
    def __init__(self, brand: Brand) -> None:
        self._brand = brand
        style = _STYLE
        if brand.accent_color:
            style += f"\n:root{{--accent:{brand.accent_color};--on-accent:{text_color(brand.accent_color)}}}"
            style += "\n.button:not(.second){background:var(--accent);border-color:var(--line);color:var(--on-accent)}"
        self._style = f"<style>{style}</style>"
        digest = b64encode(sha256(style.encode()).digest()).decode()
        images = " ".join(filter(None, ("data:", brand.logo_origin)))
        self._policy = {
            "default-src": "'none'",
            "img-src": images,
            "style-src": f"'sha256-{digest}'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }

    def page(
        self,
        language: Language,
        status: int,
        title: str,
        paragraphs: Iterable[str],
        *,
        icon: str = PAUSE,
        warning: str = "",
        facts: Mapping[str, Sequence[str]] | None = None,
        last: str = "",
        progress: str = "",
        buttons: Iterable[Button | None] = (),
        reference: str = "",
        language_links: Mapping[str, str] | None = None,
        head: str = "",
        tail: str = "",
        policy: Mapping[str, str] | None = None,
        referrer: str = "no-referrer",
        cookies: list[str] | None = None,
    ) -> Response:
        """Return a page. What is empty is left out, a fact without values too.

        The values of `facts`, and `head` and `tail`, are HTML. `language_links` adds links to the page in other languages,
        with this query. A script shows `progress`. `policy` replaces directives of the content security policy, or adds
        some, and `referrer` is the Referrer-Policy.
        """
        texts, name = language.texts, self._brand.name
        details = "".join(
            f"<dt>{escape(term)}</dt>" + "".join(f"<dd>{value}</dd>" for value in values)
            for term, values in (facts or {}).items()
            if values
        )
        parts = [
            f'<!doctype html><html lang="{language.tag}" dir="{language.direction}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f'<title>{escape(title)} - {escape(name)}</title><link rel="icon" href="data:,">{head}',
            f"{self._style}</head><body>",
            f"<header>{self._logo()}{isolated(name)}</header><main>",
            f'<svg viewBox="0 0 24 24" aria-hidden="true"{' class="good"' * (icon is not PAUSE)}>{icon}</svg>',
            f"<h1>{escape(title)}</h1>",
            f'<p class="warning" role="alert">{escape(warning)}</p>' if warning else "",
            *(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs if paragraph),
            f"<dl>{details}</dl>" if details else "",
            f"<p>{escape(last)}</p>" if last else "",
            f'<div role="status"><p id="progress" hidden>{escape(progress)}</p></div>' if progress else "",
            *(
                f'<a class="button{" second" * (number > 0)}" href="{escape(button.href)}" rel="nofollow">'
                f"{escape(button.text)}</a>"
                for number, button in enumerate(filter(None, buttons))
            ),
            f"</main><footer>{self._footer(texts, reference)}",
            "" if language_links is None else _language_nav(language, language_links),
            f"</footer>{tail}</body></html>",
        ]
        headers = {
            **HEADERS,
            "Content-Security-Policy": "; ".join(
                f"{directive} {sources}" for directive, sources in {**self._policy, **(policy or {})}.items()
            ),
            "Referrer-Policy": referrer,
            "Content-Type": HTML,
            "Content-Language": language.tag,
            "Vary": "Accept-Language",
        }
        response: Response = {"statusCode": status, "headers": headers, "body": "".join(parts)}
        if cookies:
            response["cookies"] = cookies
        return response

    def _logo(self) -> str:
        # Without a text for it: the name stands below, and a logo that does not load leaves nothing behind.
        url = self._brand.logo_url
        return f'<img src="{escape(url)}" alt="" referrerpolicy="no-referrer">' if url else ""

    def _footer(self, texts: Mapping[str, str], reference: str) -> str:
        brand = self._brand
        parts = []
        if brand.support_contact:
            shown = isolated(brand.support_contact.removeprefix("https://"), direction="ltr")
            parts.append(f'<p>{texts["foot.support"]}: <a href="{escape(brand.support_url)}">{shown}</a></p>')
        legal = ((brand.privacy_url, "foot.privacy"), (brand.terms_url, "foot.terms"))
        if links := " ".join(f'<a href="{escape(url)}">{escape(texts[key])}</a>' for url, key in legal if url):
            parts.append(f"<p>{links}</p>")
        if reference:
            shown = isolated(reference, direction="ltr")
            parts.append(f"<p>{escape(texts['foot.reference']).format(reference=shown)}</p>")
        return "".join(parts)


def isolated(text: str, *, direction: str = "") -> str:
    """Return HTML of a value that is inserted. `direction` is "ltr" for numbers and IDs."""
    return f"<bdi{f' dir="{direction}"' if direction else ''}>{escape(text)}</bdi>"


def _language_nav(language: Language, query: Mapping[str, str]) -> str:
    links = " ".join(
        f'<a href="?{escape(urlencode({**query, "lang": tag}))}" lang="{tag}" dir="auto" hreflang="{tag}" rel="nofollow">{name}</a>'
        for tag, name in NAMES.items()
        if tag != language.tag
    )
    return f'<nav aria-label="{escape(language.texts["foot.languages"])}">{links}</nav>'
