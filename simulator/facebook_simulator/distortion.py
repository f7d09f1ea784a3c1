"""Define how the answers of debug_token can be distorted."""

from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any, Literal

TargetIds = Literal["strings", "ints", "absent", "empty", "businesses", "unlisted"]
Order = Literal["newest", "oldest", "shuffled"]
WhatsAppScopes = Literal["both", "granular"]

_RANDOM = SystemRandom()
_WHATSAPP_PREFIX = "whatsapp_"
_WABA_SCOPE = "whatsapp_business_management"
_UNLISTED_SCOPES = {_WABA_SCOPE, "whatsapp_business_messaging"}
_DRIFTED_SCOPE = "whatsapp_business_manage_events"


@dataclass(frozen=True, slots=True)
class Distortion:
    """The changes to make in an answer of debug_token. The default changes nothing.

    `set` replaces fields, `without` removes fields, and `without_scopes` removes scopes. `invalid` makes the token
    invalid with this `{"code", "subcode", "message"}`. `drift` reports another WhatsApp scope in granular_scopes than was
    granted, as Facebook did in June 2026.

    `target_ids` chooses their form; with "businesses" they are the IDs of portfolios, with "unlisted" granular_scopes lack
    the two scopes that need accounts. With `ids_of` only this scope has
    its IDs, and the others have `[]`. `order` is that of the IDs. `whatsapp_scopes` says where these scopes are:
    in both lists, or in granular_scopes alone.
    """

    set: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    without_scopes: tuple[str, ...] = ()
    invalid: dict[str, Any] | None = None
    target_ids: TargetIds = "strings"
    ids_of: str = ""
    order: Order = "newest"
    whatsapp_scopes: WhatsAppScopes = "both"
    drift: bool = False

    def apply(self, data: dict[str, Any], business_ids: tuple[str, ...]) -> dict[str, Any]:
        """Return a distorted copy of debug_token's `data`. `business_ids` are the portfolios of the token's owner."""
        data = dict(data)
        if "scopes" in data:
            data["scopes"] = [scope for scope in data["scopes"] if self._shows(scope)]
        if "granular_scopes" in data:
            data["granular_scopes"] = [
                self._granular(one, business_ids)
                for one in data["granular_scopes"]
                if one["scope"] not in self.without_scopes and not self._is_unlisted(one["scope"])
            ]
        if self.invalid is not None:
            data["is_valid"] = False
            data["error"] = {"code": 190, "message": "Error validating access token."} | self.invalid
        data |= self.set
        return {key: value for key, value in data.items() if key not in self.without}

    def _shows(self, scope: str) -> bool:
        return scope not in self.without_scopes and (
            self.whatsapp_scopes == "both" or not scope.startswith(_WHATSAPP_PREFIX)
        )

    def _is_unlisted(self, scope: str) -> bool:
        return self.target_ids == "unlisted" and scope in _UNLISTED_SCOPES

    def _granular(self, one: dict[str, Any], business_ids: tuple[str, ...]) -> dict[str, Any]:
        scope = one["scope"]
        shown = {"scope": _DRIFTED_SCOPE if self.drift and scope == _WABA_SCOPE else scope}
        if not scope.startswith(_WHATSAPP_PREFIX) or self.target_ids in {"absent", "unlisted"}:
            return shown
        if self.target_ids == "empty":
            return shown | {"target_ids": []}
        if self.target_ids == "businesses":
            return shown | {"target_ids": list(business_ids)}
        if "target_ids" not in one:
            return shown
        ids: list[str] = one["target_ids"] if self.ids_of in {"", scope} else []
        ids = _ordered(ids, self.order)
        return shown | {"target_ids": list(map(int, ids)) if self.target_ids == "ints" else ids}


def _ordered(ids: list[str], order: Order) -> list[str]:
    if order == "oldest":
        return ids[::-1]
    return _RANDOM.sample(ids, len(ids)) if order == "shuffled" else ids
