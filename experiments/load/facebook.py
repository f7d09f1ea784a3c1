"""Make a share of the requests to the simulator fail, and count how often each code is sent to it."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from threading import Lock
from typing import Any

from flask import request

from facebook_simulator.faults import DIALOG_ENDS, DIALOG_ERRORS, Fault, FaultQueue

FAULTS: tuple[tuple[str, bool], ...] = (
    ("server_error", False),
    ("server_error", True),  # after a code was used up
    ("throttled_app", False),
    ("html_error", True),
    ("invalid_json", True),
    ("empty", False),
    ("empty", True),
    ("truncated", True),
    ("slow", True),
    ("hang_after_consume", True),
)
"""The simulator's faults, and whether the request does its work before the fault."""

_ENDS = ("dialog_error", "bare_redirect", "extra_parameters")
_LOGIN_UNAVAILABLE: Mapping[str, Any] = {"code": 1349220}


class Faults(FaultQueue):
    """Draw faults at random instead of reading a queue."""

    def __init__(self, share: float, seed: int) -> None:
        super().__init__()
        self.share = share
        self.codes_sent: Counter[str] = Counter()
        """How often each code was sent."""
        self.faults: Counter[str] = Counter()
        self._random = Random(seed)
        self._drawing = Lock()

    def take(
        self,
        endpoint: str,
        names: frozenset[str],
        method: str | None = None,  # noqa: ARG002  the faults do not depend on it
        grant_type: str | None = None,
        user_id: str | None = None,  # noqa: ARG002  nor on the user
    ) -> Fault | None:
        with self._drawing:
            if grant_type == "authorization_code":
                self.codes_sent[request.form["code"]] += 1
            if not self.share or self._random.random() >= self.share:
                return None
            fault = self._draw(endpoint, names)
            if fault:
                self.faults[f"{grant_type or endpoint} {fault.name}"] += 1
            return fault

    def _draw(self, endpoint: str, names: frozenset[str]) -> Fault | None:
        if names in (DIALOG_ERRORS, DIALOG_ENDS):
            name = self._random.choice(_ENDS)
            options = _LOGIN_UNAVAILABLE if name == "dialog_error" else {}
            return Fault(endpoint, name, options=options) if name in names else None
        name, consume = self._random.choice(FAULTS)
        return Fault(endpoint, name, consume=consume)
