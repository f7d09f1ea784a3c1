"""Meta telling the app something: a signed_request, as API Gateway hands it on."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from facebook_simulator.sender import Parcel
from facebook_simulator.variant import pack
from tests.support import stack
from tests.support.browser import Console, Context, Reply, event_json
from tests.support.clock import SharedClock

REASONS = {"deauthorize": "app-removed", "data-deletion": "deletion-requested"}
"""The status reason of a connection that is forgotten, by the kind of request."""
METRICS = {"deauthorize": "Deauthorized", "data-deletion": "DataDeletion"}


@dataclass(frozen=True, slots=True)
class Meta:
    """Tells one of the two webhooks; `kind` is the name of its event and of its route."""

    kind: str
    function: ModuleType
    clock: SharedClock
    console: Console
    context: Context

    def tell(
        self,
        user_id: str,
        *,
        variant: str = "good",
        secret: str = stack.APP_SECRET,
        issued_at: int | None = None,
        payload: Mapping[str, Any] | None = None,
        encoded: bool = True,
    ) -> Reply:
        """Send what Meta would, spoiled as `variant` says, with `payload` on top."""
        parcel = self.parcel(user_id, variant=variant, secret=secret, issued_at=issued_at, payload=payload)
        return self.send(parcel, encoded=encoded)

    def parcel(
        self,
        user_id: str,
        *,
        variant: str = "good",
        secret: str = stack.APP_SECRET,
        issued_at: int | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> Parcel:
        """Return the request that tell() sends."""
        said = {
            "algorithm": "HMAC-SHA256",
            "issued_at": self.clock.now() if issued_at is None else issued_at,
            "user_id": user_id,
            **(payload or {}),
        }
        return pack(variant, said, secret)

    def send(self, parcel: Parcel, *, encoded: bool = True) -> Reply:
        """Send a request; `encoded` in base64, as API Gateway does with what it takes for binary."""
        return self.handle(self.event(parcel, encoded=encoded))

    def event(self, parcel: Parcel, *, encoded: bool = True) -> dict[str, Any]:
        """Return the event of a request, for somebody else to send."""
        sent = event_json(self.kind, query=parcel.query, method=parcel.method)
        sent["headers"].pop("content-type", None)
        if parcel.content_type:
            sent["headers"]["Content-Type"] = parcel.content_type
        sent["body"] = b64encode(parcel.body).decode() if encoded else parcel.body.decode()
        sent["isBase64Encoded"] = encoded
        return sent

    def handle(self, sent: dict[str, Any]) -> Reply:
        self.console.read()
        return Reply(self.function.handler(sent, self.context), self.console.read())

    def outcomes(self, reply: Reply) -> list[str]:
        return reply.metric(METRICS[self.kind], "outcome")


@dataclass(frozen=True, slots=True)
class Promise:
    """What Meta is answered to a deletion request, and the page that it shows the person."""

    url: str
    confirmation_code: str

    @classmethod
    def of(cls, reply: Reply) -> "Promise":
        assert reply.status == 200
        assert reply.response["headers"]["Content-Type"].startswith("application/json")
        return cls(**json.loads(reply.body))


def look_up(data_deletion: Meta, code: str) -> tuple[int, str]:
    """Open the page of a confirmation code, and return its status and its body."""
    sent = event_json("data-deletion-status")
    sent["pathParameters"]["code"] = code
    reply = data_deletion.handle(sent)
    assert reply.response["headers"]["Cache-Control"] == "no-store"
    assert reply.printed == []
    return reply.status, reply.body
