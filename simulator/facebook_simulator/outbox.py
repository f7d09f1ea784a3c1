"""Send Facebook's deauthorize and deletion requests to an app, and record its answers."""

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
from facebook_simulator.variant import HOUR_S, Parcel, pack

Kind = Literal["deauthorize", "data_deletion"]

_TIMEOUT_S = 30.0
_MAX_ANSWER_BYTES = 1 << 20
_NOT_TEXT = re.compile(r"<(script|style|title)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Notice:
    """A request to send to an app. `changed` and `without` change the payload before `variant` does."""

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
        """The app's URL for this kind of request; "" if it has none."""
        return self.app.deauthorize_url if self.kind == "deauthorize" else self.app.data_deletion_url

    def parcel(self) -> Parcel:
        """Return the HTTP request."""
        payload: dict[str, Any] = {"algorithm": ALGORITHM}
        if self.kind == "data_deletion":
            payload["expires"] = self.issued_at + HOUR_S
        payload |= {"issued_at": self.issued_at, "user_id": self.user_id, **self.changed}
        remaining = {name: value for name, value in payload.items() if name not in self.without}
        return pack(self.variant, remaining, self.app.secret if self.secret is None else self.secret)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The app's answer. `status` is None if there was none. `problems` are mistakes that Facebook would refuse.

    The last three fields are for deletion requests. `status_page` is the HTTP status of the page at `url`.
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
    """Send notices, and record the deliveries, the oldest first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._deliveries: list[Delivery] = []
        self._under_way: list[Thread] = []

    def send(self, notice: Notice) -> Delivery:
        """Send a notice, wait for the answer, and return it."""
        delivery = _deliver(notice)
        with self._lock:
            self._deliveries.append(delivery)
        return delivery

    def send_later(self, *notices: Notice) -> None:
        """Send notices in the background, one after the other."""

        def send() -> None:
            for notice in notices:
                self.send(notice)

        thread = Thread(target=send, daemon=True)
        with self._lock:
            self._under_way.append(thread)
            thread.start()

    def deliveries(self) -> list[Delivery]:
        """Wait until nothing is being sent, and return all deliveries."""
        with self._lock:
            under_way, self._under_way = self._under_way, []
        for thread in under_way:
            thread.join()
        with self._lock:
            return list(self._deliveries)

    def clear(self) -> None:
        """Delete the recorded deliveries."""
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
    return _check_receipt(delivery) if notice.kind == "data_deletion" else delivery


def _check_receipt(delivery: Delivery) -> Delivery:
    """Return the delivery with the problems of the answer to a deletion request and of its status page."""
    try:
        receipt = json.loads(delivery.body)
    except ValueError:
        return replace(delivery, problems=("the answer is not JSON",))
    if not isinstance(receipt, dict):
        return replace(delivery, problems=("the answer is not a JSON object",))
    problems = []
    if delivery.content_type.partition(";")[0] != "application/json":
        problems.append("the answer is not called application/json")
    code, url = receipt.get("confirmation_code"), receipt.get("url")
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
    """Send a request and return the answer. Redirects are not followed."""
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, parcel.query)))
    headers = {"User-Agent": "facebook-simulator", "Accept": "*/*"}
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
            return _Answer(response.status, response.headers.get("Content-Type", ""), body)
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError):
        return _Answer(None, "", "")
