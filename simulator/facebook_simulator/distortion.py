"""Define how the answers of debug_token can be distorted."""

from dataclasses import dataclass, field
from typing import Any, Literal

_WABA_SCOPE = "whatsapp_business_management"
_DRIFTED_SCOPE = "whatsapp_business_manage_events"


@dataclass(frozen=True, slots=True)
class Distortion:
    """The changes to make in an answer of debug_token. The default changes nothing.

    `set` replaces fields, `without` removes fields, and `without_scopes` removes scopes. `invalid` makes the token
    invalid with this `{"code", "subcode", "message"}`. `target_ids` chooses their form. `drift` reports another
    WhatsApp scope in granular_scopes than was granted, as Facebook did in June 2026.
    """

    set: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    without_scopes: tuple[str, ...] = ()
    invalid: dict[str, Any] | None = None
    target_ids: Literal["strings", "ints", "absent"] = "strings"
    drift: bool = False

    def apply(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return a distorted copy of debug_token's `data`."""
        data = dict(data)
        if "scopes" in data:
            data["scopes"] = [scope for scope in data["scopes"] if scope not in self.without_scopes]
        if "granular_scopes" in data:
            data["granular_scopes"] = [
                self._granular(one) for one in data["granular_scopes"] if one["scope"] not in self.without_scopes
            ]
        if self.invalid is not None:
            data["is_valid"] = False
            data["error"] = {"code": 190, "message": "Error validating access token."} | self.invalid
        data |= self.set
        return {key: value for key, value in data.items() if key not in self.without}

    def _granular(self, one: dict[str, Any]) -> dict[str, Any]:
        one = dict(one)
        if self.drift and one["scope"] == _WABA_SCOPE:
            one["scope"] = _DRIFTED_SCOPE
        if self.target_ids == "absent":
            one.pop("target_ids", None)
        elif self.target_ids == "ints" and "target_ids" in one:
            one["target_ids"] = [int(target) for target in one["target_ids"]]
        return one
