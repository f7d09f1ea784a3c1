"""Send HTTP requests to an app."""

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

_TIMEOUT_S = 30.0
_MAX_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Parcel:
    """An HTTP request to send."""

    method: str
    query: str
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The app's answer. `status` is None if there was none."""

    status: int | None
    content_type: str
    body: str


def send(url: str, parcel: Parcel) -> Answer:
    """Send a request and return the answer. Redirects are not followed."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, parcel.query)))
    headers = {"User-Agent": "facebook-simulator", "Accept": "*/*", **dict(parcel.headers)}
    if parcel.content_type:
        headers["Content-Type"] = parcel.content_type
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
        try:
            target = (parts.path or "/") + (f"?{query}" if query else "")
            connection.request(parcel.method, target, parcel.body or None, headers)
            response = connection.getresponse()
            body = response.read(_MAX_ANSWER_BYTES).decode(errors="replace")
            return Answer(response.status, response.headers.get("Content-Type", ""), body)
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError):
        return Answer(None, "", "")
