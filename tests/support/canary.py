"""Find a secret in what was seen, whole or in part, as it is or encoded."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

PIECE = 12
"""Characters of a secret, or of an encoding of it, that nobody may see in a row."""


def spot(text: str, secrets: Iterable[str]) -> str | None:
    """Return where in a text the first piece of a secret is, with the secret blotted out; None if it is clean."""
    pieces = {piece for secret in secrets for form in _forms(secret) for piece in _pieces(form)}
    for at in range(len(text) - PIECE + 1):
        if text[at : at + PIECE] in pieces:
            return f"{text[max(0, at - 300) : at]}[here]"
    return None


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield secret.encode().hex()
    yield secret.encode().hex().upper()
    for skipped in range(3):  # base64 has three ways to spell a text, for where in a longer one it begins
        for encode in (b64encode, urlsafe_b64encode):
            # The last character, or two, depend on what comes after.
            yield encode(secret.encode()[skipped:]).decode().rstrip("=")[:-2]


def _pieces(form: str) -> Iterator[str]:
    for at in range(len(form) - PIECE + 1):
        yield form[at : at + PIECE]
