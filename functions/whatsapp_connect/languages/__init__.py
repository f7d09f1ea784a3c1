"""The languages of the pages: one file each. Only the file that a page needs is imported.

The rules for the texts are in docs/languages.md. tests/unit/test_languages.py checks them.
"""

import re
from collections.abc import Iterable
from importlib import import_module

from whatsapp_connect.languages.language import Language

NAMES = {
    "en": "English",
    "es": "Español",
    "pt-BR": "Português (Brasil)",
    "hi": "हिन्दी",
    "id": "Bahasa Indonesia",
    "ar": "العربية",
    "tr": "Türkçe",
    "de": "Deutsch",
    "fr": "Français",
    "it": "Italiano",
}
"""The name of each language in that language, by its tag."""
MAX_RANGES = 10
MAX_RANGE_CHARACTERS = 35

_TAGS = {tag.lower(): tag for tag in NAMES} | {"pt": "pt-BR", "in": "id"}
_RANGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*)?")


def load(tag: str) -> Language:
    """Return a language by its tag, which must be one of NAMES."""
    language: Language = import_module(f"whatsapp_connect.languages.{tag.lower().replace('-', '_')}").LANGUAGE
    return language


def choose(tags: Iterable[str], *, accept: str) -> str:
    """Return the tag of the first language that there is, or "en".

    `tags` are looked at first, in their order. Then comes `accept`, an Accept-Language header, of which the first ten
    languages count.
    """
    for wanted in (*tags, *_accepted(accept)):
        if found := _look_up(wanted):
            return found
    return "en"


def _accepted(header: str) -> list[str]:
    """Return the language ranges of a header, the most wanted first. What is not a language range is ignored."""
    # The length is limited before the header is split, because anybody can send 8 KB of commas.
    found = [one for part in header[:500].split(",")[:MAX_RANGES] if (one := _RANGE.fullmatch(part))]
    weighted = [(float(one[2] or 1), one[1]) for one in found]
    return [wanted for weight, wanted in sorted(weighted, key=lambda pair: -pair[0]) if weight > 0]


def _look_up(wanted: str) -> str:
    """Return the tag for a language range, or "": without its last parts if needed. RFC 4647, section 3.4."""
    # The longest tag that RFC 5646 asks programs to take. Anybody can send 8 KB of hyphens.
    parts = wanted[:MAX_RANGE_CHARACTERS].lower().split("-")
    while parts:
        if found := _TAGS.get("-".join(parts)):
            return found
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()
    return ""
