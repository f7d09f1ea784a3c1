"""The return URL: where a browser goes after a login, with how it ended.

An operator or a service sets it, never a visitor. What is added to it is a hint that anybody can type.
"""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

FIELDS = ("connection_id", "status", "reason", "reference")
"""The query parameters that are added."""
MAX_CHARACTERS = 1000

_URL = re.compile(
    r"(https://[A-Za-z0-9.-]+|http://localhost)(:[0-9]{1,5})?([/?][A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]*)?"
)


def problem(url: str, *, own_url: str) -> str | None:
    """Return what is wrong with a return URL, as the end of a sentence; None if nothing is.

    `own_url` is the URL of this stack. Only a stack on this machine takes http://localhost.
    """
    own = urlsplit(own_url)
    is_url = len(url) <= MAX_CHARACTERS and _URL.fullmatch(url)
    if not is_url or (url.startswith("http:") and own.scheme != "http"):
        return (
            f"is not an https URL of at most {MAX_CHARACTERS} characters, without user name, fragment, spaces and"
            " characters outside ASCII"
        )
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return "has an impossible port"
    # Browsers ignore a final dot. The port counts, because on one machine the product is another port of localhost.
    if (parts.hostname or "").rstrip(".") == own.hostname and (own.scheme == "https" or port == own.port):
        return "is an address of the stack itself"
    if any(name in FIELDS for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        return f"has a query parameter that the stack adds: {', '.join(FIELDS)}"
    return None


def with_outcome(url: str, outcome: dict[str, str]) -> str:
    """Return the URL with the fields of an outcome that are not empty."""
    parts = urlsplit(url)
    added = urlencode({name: outcome[name] for name in FIELDS if outcome.get(name)})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))
