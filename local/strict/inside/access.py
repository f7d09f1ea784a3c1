"""Make the emulator's IAM check the resources and condition keys that AWS checks."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import kms, ssm

from local.strict import access, parameter_store
from local.strict.inside.parameter_store import tier_of
from local.strict.inside.patch import Answer, Handler, Headers, Json, operation_of, replace


def install() -> None:
    """Install the checks."""

    def resource(original: Callable[..., str]) -> Callable[..., str]:
        def extract_resource_arn(
            service: str, method: str, path: str, headers: Headers, body: bytes, *rest: Any
        ) -> str:
            operation = operation_of(headers)
            if service == "ssm" and operation in _NAMED_OPERATIONS:
                names = parameter_store.resources(operation, _request(body))
                return _parameter_arn(names[0]) if names else "*"
            # ListStreams has no resource, so a policy that names one does not allow it.
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
            if operation == "ListStreams":
                return "*"
            return original(service, method, path, headers, body, *rest)

        return extract_resource_arn

    def action(original: Callable[..., str | None]) -> Callable[..., str | None]:
        def extract_iam_action(*arguments: Any) -> str | None:
            named = original(*arguments)
            return access.action(named) if named else named

        return extract_iam_action

    def context(original: Callable[..., Json]) -> Callable[..., Json]:
        def request_tag_context(service: str, action: str, body: bytes, params: Json) -> Json:
            keys = access.condition_keys(service, _request(body)) if service in {"kms", "events"} else {}
            return original(service, action, body, params) | keys

        return request_tag_context

    replace(app, "_enforce_ses_v2", _with_sender)
    replace(iam_actions, "extract_iam_action", action)
    replace(iam_actions, "extract_resource_arn", resource)
    replace(iam_actions, "request_tag_context", context)
    replace(ssm, "handle_request", _with_rights)


def _with_sender(enforce: Callable[..., Answer | None]) -> Callable[..., Answer | None]:
    def enforce_ses_v2(method: str, path: str, headers: Headers, body: bytes, *rest: Any) -> Answer | None:
        if (method, path) != ("POST", "/v2/email/outbound-emails"):
            return enforce(method, path, headers, body, *rest)
        context = access.condition_keys("ses", _request(body))
        denied: Answer | None = app._enforce_data_plane(
            "sesv2", "ses:SendEmail", headers, *rest, service_context=context, named_resource="*"
        )
        return denied

    return enforce_ses_v2


def _with_rights(handle: Handler) -> Handler:
    async def handle_request(method: str, path: str, headers: Headers, body: bytes, query: Json) -> Answer:
        caller = extract_access_key_id(headers, query)
        operation = operation_of(headers)
        for action, service, resource, context in _rights(operation, _request(body)):
            denied = iam_evaluator.enforce(caller, action, service, get_region(), resource, context)
            if denied:
                answer: Answer = iam_actions.access_denied_response(
                    "ssm", action, denied.principal_arn, "", headers=headers, resource_arn=resource
                )
                return answer
        return await handle(method, path, headers, body, query)

    return handle_request


def _rights(operation: str, request: Json) -> Iterator[tuple[str, str, str, Json]]:
    """Yield the rights that the emulator does not check: those for every name but the first, and those for the keys."""
    names = parameter_store.resources(operation, request) if operation in _NAMED_OPERATIONS else []
    for name in names[1:]:
        yield f"ssm:{operation}", "ssm", _parameter_arn(name), {}
    for name in names:
        if operation == "PutParameter":
            key_id = request.get("KeyId") if request.get("Type") == "SecureString" else None
        else:
            _, parameter = ssm._lookup_parameter(name, flexible_name=True)
            key_id = (parameter or {}).get("KeyId")
        key = kms._resolve_key(key_id)
        action = access.key_action(operation, request, is_advanced=tier_of(request) == "Advanced")
        if key and action:
            context = access.encryption_context({"PARAMETER_ARN": _parameter_arn(name)})
            yield action, "kms", key["Arn"], context


def _request(body: bytes) -> Json:
    try:
        request = json.loads(body)
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}


def _parameter_arn(name: str) -> str:
    return f"arn:aws:ssm:{get_region()}:{get_account_id()}:parameter/{name.removeprefix('/')}"


_NAMED_OPERATIONS = frozenset(
    {
        "PutParameter",
        "GetParameter",
        "GetParameters",
        "GetParametersByPath",
        "DeleteParameter",
        "DeleteParameters",
    }
)
