"""AWS refusing a call, at the point where the answer of a real one would arrive."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

WORDS = "arn:aws:iam::123456789012:user/canary is not welcome"
"""AWS's message, which can name accounts and roles and is nobody's business."""


class Outage:
    """Refuses calls of one operation, by a client or by any of many, with `code`, after letting `skip` calls through, `times` times.

    A refusal stands for the SDK's last attempt; `on_the_wire` it is one answer, which the SDK may ask for again.
    With an `answer`, the call succeeds with that.
    """

    def __init__(
        self,
        client: Any,
        operation: str,
        code: str,
        *,
        skip: int = 0,
        times: int = 1000,
        on_the_wire: bool = False,
        answer: Mapping[str, Any] | None = None,
    ) -> None:
        self.calls = 0
        self._error = {"Code": code, "Message": WORDS}
        self._answer = answer
        self._turns = range(skip + 1, skip + times + 1)
        if on_the_wire:
            for one in _able(client, operation):
                one.meta.events.register_first(_event("before-send", one, operation), self._response)
        else:
            watch(client, operation, self._parsed)

    def end(self) -> None:
        """Let every call through from here on."""
        self._turns = range(0)

    def _parsed(self, **_: object) -> tuple[AWSResponse, Mapping[str, Any]] | None:
        if not self._strikes():
            return None
        if self._answer is not None:
            return answer_with(self._answer)
        return AWSResponse("", 400, HTTPHeaders(), None), {"Error": self._error}

    def _response(self, **_: object) -> AWSResponse | None:
        if not self._strikes():
            return None
        body = json.dumps({"__type": self._error["Code"], "message": WORDS}).encode()
        return AWSResponse("", 400, HTTPHeaders(), MockRawResponse(body))

    def _strikes(self) -> bool:
        self.calls += 1
        return self.calls in self._turns


def answer_with(answer: Mapping[str, Any]) -> tuple[AWSResponse, Mapping[str, Any]]:
    """Return what `watch` can have a call succeed with."""
    return AWSResponse("", 200, HTTPHeaders(), None), answer


def watch(client: Any, operation: str, action: Callable[..., Any]) -> None:
    """Have `action` called before every call of an operation; what it returns, unless None, is the answer."""
    for one in _able(client, operation):
        one.meta.events.register(_event("before-call", one, operation), action)


def lose_answers(client: Any, operation: str, *, times: int = 1) -> None:
    """Have the first requests served and their answers lost, as when a connection breaks."""
    lost: list[None] = []

    def lose(request: Any, event_name: str, **_: object) -> None:
        if len(lost) < times:
            lost.append(None)
            botocore_stubber(event_name, request)
            raise ReadTimeoutError(endpoint_url=request.url)

    for one in _able(client, operation):
        one.meta.events.register_first(_event("before-send", one, operation), lose)


def _able(client: Any, operation: str) -> list[Any]:
    """Return the clients, of one or of many, that know an operation."""
    clients = client if isinstance(client, list) else [client]
    able = [one for one in clients if operation in one.meta.service_model.operation_names]
    assert able, operation
    return able


def _event(name: str, client: Any, operation: str) -> str:
    return f"{name}.{client.meta.service_model.service_id.hyphenize()}.{operation}"
