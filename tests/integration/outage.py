"""AWS refusing a call, at the point where the answer of a real one would arrive."""

from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

WORDS = "arn:aws:iam::123456789012:user/canary is not welcome"
"""AWS's message, which can name accounts and roles and is nobody's business."""


class Outage:
    """Refuses calls of one operation with `code`, after letting `skip` calls through, `times` times."""

    def __init__(self, client: Any, operation: str, code: str, *, skip: int = 0, times: int = 1000) -> None:
        self.calls = 0
        self._code = code
        self._turns = range(skip + 1, skip + times + 1)
        watch(client, operation, self._answer)

    def _answer(self, **_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        self.calls += 1
        if self.calls not in self._turns:
            return None
        return AWSResponse("", 400, HTTPHeaders(), None), {"Error": {"Code": self._code, "Message": WORDS}}


def watch(client: Any, operation: str, action: Callable[..., Any]) -> None:
    """Have `action` called before every call of an operation; what it returns, unless None, is the answer."""
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-call.{service}.{operation}", action)
