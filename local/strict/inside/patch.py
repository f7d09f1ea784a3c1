"""Put checks before functions of the emulator's modules and before steps of its CloudFormation."""

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
    """Replace a function of a module by what `wrap` returns for it."""
    setattr(module, name, wrap(getattr(module, name)))


def operation_of(headers: Headers) -> str:
    """Return the operation that a request of a JSON protocol names; "" if it names none."""
    return headers.get("x-amz-target", "").rpartition(".")[2]


def error(refusal: Refusal) -> Answer:
    """Return a refusal as an answer of the JSON protocols."""
    answer: Answer = error_response_json(refusal.code, refusal.message, refusal.status)
    return answer


def refusing(rule: Callable[[Json], Refusal | None]) -> Callable[[Any], Any]:
    """Return a wrapper for operations of the JSON protocols, which answers with the rule's refusal if there is one."""

    def wrap(operation: Callable[[Json], Answer]) -> Callable[[Json], Answer]:
        def checked(request: Json) -> Answer:
            refusal = rule(request)
            return error(refusal) if refusal else operation(request)

        return checked

    return wrap


def fail(refusal: Refusal | None) -> None:
    """Raise ValueError for a refusal, which makes CloudFormation fail the resource. Do nothing for None."""
    if refusal:
        raise ValueError(f"{refusal.message} (Error Code: {refusal.code})")


def before(resource_type: str, step: str, check: Callable[..., None]) -> None:
    """Call `check` with the same arguments before CloudFormation creates or deletes a resource of this type."""
    handler = provisioners._RESOURCE_HANDLERS[resource_type]
    do = handler[step]

    def checked(*arguments: Any) -> Any:
        check(*arguments)
        return do(*arguments)

    handler[step] = checked
