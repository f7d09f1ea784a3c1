"""What AWS refuses and moto takes: the rules of the strict layer that a request alone decides."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient

from local.strict import parameter_store, services
from local.strict.refusal import Refusal

Request = dict[str, Any]


def make_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every client answer with AWS's error before moto is asked."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001  botocore has no event that every call passes

    def refuse_or_call(client: Any, operation: str, request: Request) -> Any:
        rule = _RULES.get(operation)
        if rule and (refusal := rule(request)):
            error = {"Code": refusal.code, "Message": refusal.message}
            metadata = {"HTTPStatusCode": refusal.status}
            raise client.exceptions.from_code(refusal.code)({"Error": error, "ResponseMetadata": metadata}, operation)
        return call(client, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse_or_call)


def _put_parameter(request: Request) -> Refusal | None:
    refusal = (
        parameter_store.refuse_name(request["Name"])
        or parameter_store.refuse_value(request)
        or parameter_store.refuse_type(request)
    )
    tier = parameter_store.tier(request, existing=None, is_standard_full=False)
    return refusal or (tier if isinstance(tier, Refusal) else None)


def _encrypt(request: Request) -> Refusal | None:
    return services.refuse_encrypt({"Plaintext": base64.b64encode(request["Plaintext"])})


_RULES: dict[str, Callable[[Request], Refusal | None]] = {
    "PutParameter": _put_parameter,
    "Encrypt": _encrypt,
    "TransactWriteItems": services.refuse_transaction_token,
}
