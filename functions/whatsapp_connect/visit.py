"""A click on our own page, proven without a form: only a click on the page before a login starts the login.

The page sets a cookie that no other site can have sent, and its button leads to an address that only somebody who knows
the cookie can make. Another site can neither read nor guess it.
"""

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256

_VALUE = re.compile("[A-Za-z0-9_-]{43}")


class VisitCookie:
    """`secure` is False only on plain HTTP, see Settings."""

    def __init__(self, *, secure: bool) -> None:
        self._name = "__Host-visit" if secure else "visit"
        self._attributes = "; Secure" * secure + "; HttpOnly; Path=/; SameSite=Strict"

    def read(self, cookies: Mapping[str, str]) -> str:
        """Return the value that the browser sent, or ""."""
        value = cookies.get(self._name, "")
        return value if _VALUE.fullmatch(value) else ""

    def issue(self, cookies: Mapping[str, str]) -> tuple[str, str]:
        """Return the value for a page, and the Set-Cookie value. An earlier value stays, because other tabs have it."""
        value = self.read(cookies) or secrets.token_urlsafe(32)
        return value, f"{self._name}={value}{self._attributes}"


def click_token(value: str, path: str) -> str:
    """Return what the button of the page at this path sends."""
    return urlsafe_b64encode(sha256(f"{value}\n{path}".encode()).digest()).decode().rstrip("=")


def is_click(value: str, path: str, *, token: str, fetch_site: str) -> bool:
    """Return whether a request is a click on our page.

    `fetch_site` is the header Sec-Fetch-Site, "" if the browser does not send it.
    """
    if not value or fetch_site not in {"", "same-origin"}:
        return False
    return secrets.compare_digest(click_token(value, path).encode(), token.encode())
