"""Send Facebook's deauthorize and deletion requests to an app, and record its answers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock, Thread
from typing import Any, Literal, Protocol

from facebook_simulator.model import App
from facebook_simulator.sender import Parcel, send
from facebook_simulator.signed_request import ALGORITHM
from facebook_simulator.variant import HOUR_S, pack

Kind = Literal["deauthorize", "data_deletion"]
"""What a signed_request is about."""

_NOT_TEXT = re.compile(r"<(script|style|title)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


class Message(Protocol):
    """What can be sent to an app."""

    @property
    def kind(self) -> str: ...

    @property
    def subject(self) -> str:
        """The ID of the user or the WhatsApp account."""

    @property
    def variant(self) -> str: ...

    @property
    def url(self) -> str: ...

    def parcel(self) -> Parcel: ...


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
    def subject(self) -> str:
        """The ID of the user."""
        return self.user_id

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
    """The app's answer to a request about `subject`, a user or a WhatsApp account. `status` is None if there was none. `problems` are mistakes that Facebook would refuse.

    The last three fields are for deletion requests. `status_page` is the HTTP status of the page at `url`.
    """

    kind: str
    subject: str
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

    def send(self, notice: Message) -> Delivery:
        """Send a notice, wait for the answer, and return it."""
        delivery = _deliver(notice)
        with self._lock:
            self._deliveries.append(delivery)
        return delivery

    def send_later(self, *notices: Message) -> None:
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


def _deliver(notice: Message) -> Delivery:
    answer = send(notice.url, notice.parcel())
    delivery = Delivery(
        kind=notice.kind,
        subject=notice.subject,
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
        page = send(url, Parcel("GET", "", "", b""))
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
