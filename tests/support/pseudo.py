"""A made-up language: every letter has an accent, and every text is longer and in brackets."""

import re

from whatsapp_connect.languages.language import Language

_ACCENTED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "áḃçḋéḟğĥíĵķĺṁñöṗɋŕśţüṽŵẋýźÁḂÇḊÉḞĞĤÍĴĶĹṀÑÖṖɊŔŚŢÜṼŴẊÝŹ",
)
_PLACEHOLDER = re.compile(r"(\{[a-z_]+\})")


def pseudo(language: Language) -> Language:
    """Return the language with texts that no page can have by accident, 40 % longer than they were."""
    return language._replace(
        months=tuple(map(_changed, language.months)),
        texts={key: f"[{_changed(text)}{'·' * (len(text) * 2 // 5)}]" for key, text in language.texts.items()},
    )


def _changed(text: str) -> str:
    parts = _PLACEHOLDER.split(text)
    return "".join(part if _PLACEHOLDER.fullmatch(part) else part.translate(_ACCENTED) for part in parts)
