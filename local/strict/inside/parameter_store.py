"""Make the emulator's Parameter Store refuse requests as AWS does."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms, ssm

from local.strict import parameter_store
from local.strict.inside.patch import Answer, Handler, Headers, Json, error, operation_of, replace
from local.strict.limits import Limits
from local.strict.pace import Pace
from local.strict.refusal import Refusal


def install(limits: Limits) -> None:
    deletions = _Deletions(limits.seconds_between_delete_and_put)
    replace(ssm, "_put_parameter", _put(limits, deletions))
    replace(ssm, "_delete_parameter", deletions.recording)
    replace(ssm, "_delete_parameters", deletions.recording)
    replace(ssm, "handle_request", _throttled(limits))


class _Deletions:
    """Remember when parameters were deleted."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deleted_at: dict[tuple[str, str, str], float] = {}

    def recording(self, operation: Callable[[Json], Answer]) -> Callable[[Json], Answer]:
        def delete(request: Json) -> Answer:
            names = [request.get("Name", ""), *request.get("Names", [])]
            existing = [name for name in names if name in ssm._parameters]
            answer = operation(request)
            self._deleted_at |= {_key(name): monotonic() for name in existing if name not in ssm._parameters}
            return answer

        return delete

    def refuse(self, name: str) -> Refusal | None:
        return parameter_store.refuse_recreation(
            deleted_at=None if name in ssm._parameters else self._deleted_at.get(_key(name)),
            now=monotonic(),
            seconds=self._seconds,
        )


def _key(name: str) -> tuple[str, str, str]:
    return get_account_id(), get_region(), name


def _put(limits: Limits, deletions: _Deletions) -> Callable[[Any], Any]:
    def wrap(operation: Callable[[Json], Answer]) -> Callable[[Json], Answer]:
        def put(request: Json) -> Answer:
            name = request.get("Name", "")
            tier = tier_of(request, limits.standard_parameters)
            refusal = (
                parameter_store.refuse_name(name)
                or parameter_store.refuse_value(request)
                or parameter_store.refuse_type(request)
                or _refuse_key(request.get("KeyId"))
                or deletions.refuse(name)
                or _refuse_version(request)
                or (tier if isinstance(tier, Refusal) else None)
            )
            if refusal:
                return error(refusal)
            answer = operation({**request, "Tier": tier})
            # The emulator stores all versions, AWS the last 100.
            del (ssm._parameter_history.get(name) or [])[: -parameter_store.MAX_VERSIONS]
            return answer

        return put

    return wrap


def tier_of(request: Json, max_standard: int = 10_000) -> parameter_store.Tier | Refusal:
    """Return the tier that a parameter will be stored in, or a Refusal."""
    existing = ssm._parameters.get(request.get("Name", ""))
    # The length of the store is compared first, because counting thousands of parameters by tier is slow.
    is_full = not existing and len(ssm._parameters._data) >= max_standard and _count_standard() >= max_standard
    return parameter_store.tier(request, existing=existing["Tier"] if existing else None, is_standard_full=is_full)


def _count_standard() -> int:
    return [parameter["Tier"] for parameter in ssm._parameters.values()].count("Standard")


def _refuse_version(request: Json) -> Refusal | None:
    versions = ssm._parameter_history.get(request.get("Name", "")) or []
    if not request.get("Overwrite"):
        return None
    return parameter_store.refuse_version([version["Labels"] for version in versions])


def _refuse_key(key_id: str | None) -> Refusal | None:
    if not key_id or key_id == "alias/aws/ssm" or kms._resolve_key(key_id):
        return None
    return Refusal("InvalidKeyId", f"Invalid keyId {key_id}")


def _throttled(limits: Limits) -> Callable[[Handler], Handler]:
    pace = Pace()
    rates = {"writes": limits.put_parameters_per_second, "reads": limits.get_parameters_per_second}

    def wrap(handle: Handler) -> Handler:
        async def handle_request(method: str, path: str, headers: Headers, body: bytes, query: Json) -> Answer:
            quota = parameter_store.quota(operation_of(headers))
            rate = rates[quota] if quota else None
            key = get_account_id(), get_region(), quota
            if rate and not pace.allows(key, rate=rate, burst=max(rate, 1)):
                return error(Refusal("ThrottlingException", "Rate exceeded"))
            return await handle(method, path, headers, body, query)

        return handle_request

    return wrap
