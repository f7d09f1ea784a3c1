"""What Facebook tells an app of its own accord: that a person removed it, or wants their data deleted."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Lock, Thread
from typing import Any, Literal
from urllib.parse import urlsplit

from facebook_simulator.model import App
from facebook_simulator.signed_request import ALGORITHM
from facebook_simulator.variant import HOUR, Parcel, pack

Kind = Literal["deauthorize", "data_deletion"]

_PATIENCE = 30.0
_LONGEST = 1 << 20
_NOT_TEXT = re.compile(r"<(script|style|title)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell an app. `changed` and `without` alter the payload before `variant` does."""

    kind: Kind
    app: App
    user_id: str
    issued_at: int
    variant: str = "good"
    secret: str | None = field(default=None, repr=False)
    changed: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Where the app wants to be told; empty if it does not."""
        return self.app.deauthorize_url if self.kind == "deauthorize" else self.app.data_deletion_url

    def parcel(self) -> Parcel:
        """Make the request."""
        payload: dict[str, Any] = {"algorithm": ALGORITHM}
        if self.kind == "data_deletion":
            payload["expires"] = self.issued_at + HOUR
        payload |= {"issued_at": self.issued_at, "user_id": self.user_id, **self.changed}
        kept = {name: value for name, value in payload.items() if name not in self.without}
        return pack(self.variant, kept, self.app.secret if self.secret is None else self.secret)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the app answered: `status` is None if it did not. `problems` are what Facebook would object to.

    The last three are about data deletion only; `status_page` is the HTTP status of the page at `url`.
    """

    kind: Kind
    user_id: str
    variant: str
    status: int | None
    content_type: str
    body: str
    problems: tuple[str, ...] = ()
    url: str | None = None
    confirmation_code: str | None = None
    status_page: int | None = None


class Outbox:
    """Sends notices and keeps what came of them, oldest first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._deliveries: list[Delivery] = []
        self._under_way: list[Thread] = []

    def send(self, notice: Notice) -> Delivery:
        """Tell the app, and wait for its answer."""
        delivery = _deliver(notice)
        with self._lock:
            self._deliveries.append(delivery)
        return delivery

    def send_later(self, *notices: Notice) -> None:
        """Tell the app in the background, one notice after the other."""

        def send() -> None:
            for notice in notices:
                self.send(notice)

        thread = Thread(target=send, daemon=True)
        with self._lock:
            self._under_way.append(thread)
            thread.start()

    def deliveries(self) -> list[Delivery]:
        """List what was sent, once nothing is under way any more."""
        with self._lock:
            under_way, self._under_way = self._under_way, []
        for thread in under_way:
            thread.join()
        with self._lock:
            return list(self._deliveries)

    def clear(self) -> None:
        """Forget what was sent."""
        with self._lock:
            self._deliveries.clear()


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int | None
    content_type: str
    body: str


def _deliver(notice: Notice) -> Delivery:
    answer = _ask(notice.url, notice.parcel())
    delivery = Delivery(
        kind=notice.kind,
        user_id=notice.user_id,
        variant=notice.variant,
        status=answer.status,
        content_type=answer.content_type,
        body=answer.body,
    )
    if answer.status is None:
        return replace(delivery, problems=("no answer",))
    if not 200 <= answer.status < 300:
        return replace(delivery, problems=(f"answered {answer.status}",))
    return _check_promise(delivery) if notice.kind == "data_deletion" else delivery


def _check_promise(delivery: Delivery) -> Delivery:
    """Read the answer to a deletion request, and look at the page it refers to."""
    try:
        promise = json.loads(delivery.body)
    except ValueError:
        return replace(delivery, problems=("the answer is not JSON",))
    if not isinstance(promise, dict):
        return replace(delivery, problems=("the answer is not a JSON object",))
    problems = []
    if delivery.content_type.partition(";")[0] != "application/json":
        problems.append("the answer is not called application/json")
    code, url = promise.get("confirmation_code"), promise.get("url")
    if not isinstance(code, str) or not (code.isascii() and code.isalnum()):
        problems.append("confirmation_code is not an alphanumeric string")
    status_page = None
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        problems.append("url is not an absolute URL")
    else:
        page = _ask(url, Parcel("GET", "", "", b""))
        status_page = page.status
        if page.status != 200:
            problems.append(f"the status page answered {page.status or 'nothing'}")
        elif not _NOT_TEXT.sub("", page.body).strip():
            problems.append("the status page has no text")
    return replace(
        delivery,
        problems=tuple(problems),
        url=url if isinstance(url, str) else None,
        confirmation_code=code if isinstance(code, str) else None,
        status_page=status_page,
    )


def _ask(url: str, parcel: Parcel) -> _Answer:
    """Make a request; redirects are not followed."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, parcel.query)))
    headers = {"User-Agent": "facebook-simulator", "Accept": "*/*"}
    if parcel.content_type:
        headers["Content-Type"] = parcel.content_type
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=_PATIENCE)
        try:
            target = (parts.path or "/") + (f"?{query}" if query else "")
            connection.request(parcel.method, target, parcel.body or None, headers)
            response = connection.getresponse()
            body = response.read(_LONGEST).decode(errors="replace")
            return _Answer(response.status, response.headers.get("Content-Type", ""), body)
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError):
        return _Answer(None, "", "")
