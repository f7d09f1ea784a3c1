"""Control how the simulated Facebook treats each person's tokens, and know when each token died."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from experiments.life.script import Character
from facebook_simulator.death import Reason
from facebook_simulator.faults import Fault
from facebook_simulator.model import Configuration, Identity, Token
from facebook_simulator.state import State
from tests.support.clock import DAY
from tests.support.world import World

CONFIG_ID = "77"
"""A configuration of Facebook Login for Business, for system users."""

_SIXTY_DAYS_S = 5_183_944
_ENDPOINTS = ("debug_token", "oauth/access_token", "phone_numbers")


@dataclass(frozen=True, slots=True)
class Death:
    at: float
    cause: str


class Habits:
    """Log people in, invalidate their tokens, and know when each token died."""

    def __init__(self, world: World, characters: dict[str, Character], monkeypatch: pytest.MonkeyPatch) -> None:
        self._facebook = world.facebook
        self._state = world.state
        self._clock = world.clock
        self._characters = characters
        self._killed: dict[str, Death] = {}
        self.dialogs: dict[str, list[float]] = defaultdict(list)
        """When each person accepted the dialog, even if the login failed. Ninety days of data access begin there."""
        state = self._state
        state.populate(tuple(one.person() for one in characters.values()))
        state.configure_app(state.app.id, {"configurations": (Configuration(CONFIG_ID),)})
        state.configure({"data_access_expired": "invalid"})
        monkeypatch.setattr(state, "extend", self._extend)
        monkeypatch.setattr(state, "data_access_ended", self._data_access_ended)

    def log_in(self, who: Character, dialog: str) -> str:
        """Accept the dialog as a person, and return the query of the redirect."""
        self._state.configure(
            {
                "exchange_lifetime": _SIXTY_DAYS_S if who.kind == "user-sixty" else 5_000,
                "system_user_lifetime": _SIXTY_DAYS_S if who.kind == "system-sixty" else 0,
            }
        )
        location = self._facebook.log_in(dialog, person=who.key)
        self.dialogs[who.connection_id].append(self._clock.now())
        return urlsplit(location).query

    def kill(self, who: Character, reason: Reason) -> bool:
        """Invalidate all tokens of a person. Return False if they never logged in."""
        identity = self._identity(who)
        if identity is None:
            return False
        if reason == "app_removed":
            self._state.remove_app(identity)
        else:
            self._state.kill_all(identity, reason)
        for token in self._state.tokens(identity):
            self._killed.setdefault(token.value, Death(self._clock.now(), reason))
        return True

    def revoke_permission(self, who: Character, name: str) -> bool:
        identity = self._identity(who)
        return identity is not None and self._state.remove_permission(identity, name)

    def fail(self, name: str) -> None:
        """Answer every request with this fault until recover() is called."""
        for endpoint in _ENDPOINTS:
            self._state.faults.add(Fault(endpoint, name, times=None))

    def recover(self) -> None:
        self._state.faults.clear()

    def forget_requests(self) -> None:
        """Delete the recorded requests, to save memory."""
        self._state.journal.clear()

    def death_of(self, value: str) -> Death | None:
        """Return when and why a token died; None if it is valid. Raises LookupError for an unknown token."""
        token = self._state.token(value)
        if token is None:
            raise LookupError("Facebook never made this token.")
        deaths = [Death(token.expires_at, "expired")] if token.expires_at else []
        if killed := self._killed.get(value):
            deaths.append(killed)
        if self._loses_access(token) and (ends := self._state.data_access_expires_at(token)):
            deaths.append(Death(ends, "data access ended"))
        first = min(deaths, key=lambda death: death.at, default=None)
        return first if first and first.at <= self._clock.now() else None

    def is_valid(self, value: str) -> bool:
        token = self._state.token(value)
        return token is not None and self._state.fault_of(token) is None

    def expires_at(self, value: str) -> int:
        """Return when a token expires, in epoch seconds; 0 for never."""
        token = self._state.token(value)
        return token.expires_at if token else 0

    def days_left(self, value: str) -> float:
        ends = self.expires_at(value)
        return (ends - self._clock.now()) / DAY if ends else float("inf")

    def _identity(self, who: Character) -> Identity | None:
        return self._state.identity(self._state.app.id, who.connection_id)

    def _loses_access(self, token: Token) -> bool:
        return self._characters[token.identity.user_id].loses_access

    def _data_access_ended(self, token: Token) -> bool:
        return self._loses_access(token) and State.data_access_ended(self._state, token)

    def _extend(self, token: Token, **arguments: Any) -> Token:
        self._state.configure({"renewal": self._characters[token.identity.user_id].renewal})
        return State.extend(self._state, token, **arguments)
