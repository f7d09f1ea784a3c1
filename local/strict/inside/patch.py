"""How the emulator is changed: a function of a module, or a step of CloudFormation, gets a check before it."""

from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services.cloudformation import provisioners

from local.strict.refusal import Refusal

Answer = tuple[int, dict[str, str], bytes]
Json = dict[str, Any]
Headers = dict[str, str]
Handler = Callable[[str, str, Headers, bytes, Json], Awaitable[Answer]]


def replace(module: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    setattr(module, name, wrap(getattr(module, name)))


def operation_of(headers: Headers) -> str:
    """Return the operation that a request of a JSON protocol names, or nothing."""
    return headers.get("x-amz-target", "").rpartition(".")[2]


def error(refusal: Refusal) -> Answer:
    """Return a refusal in the JSON protocols."""
    answer: Answer = error_response_json(refusal.code, refusal.message, refusal.status)
    return answer


def refusing(rule: Callable[[Json], Refusal | None]) -> Callable[[Any], Any]:
    """Wrap an operation that is handed the request and answers in a JSON protocol."""

    def wrap(operation: Callable[[Json], Answer]) -> Callable[[Json], Answer]:
        def checked(request: Json) -> Answer:
            refusal = rule(request)
            return error(refusal) if refusal else operation(request)

        return checked

    return wrap


def fail(refusal: Refusal | None) -> None:
    """Fail the resource that CloudFormation is making or deleting."""
    if refusal:
        raise ValueError(f"{refusal.message} (Error Code: {refusal.code})")


def before(resource_type: str, step: str, check: Callable[..., None]) -> None:
    """Call `check` with the same arguments before CloudFormation makes or deletes a resource of a type."""
    handler = provisioners._RESOURCE_HANDLERS[resource_type]
    do = handler[step]

    def checked(*arguments: Any) -> Any:
        check(*arguments)
        return do(*arguments)

    handler[step] = checked
