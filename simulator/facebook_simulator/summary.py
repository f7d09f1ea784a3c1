"""What the page for developers says of a person and of each token. Never the token itself."""

import hashlib
from dataclasses import dataclass

from facebook_simulator.model import Identity, Token
from facebook_simulator.state import State

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
# A unit is used from this share of it on, so that 5 days less a second are still 5 days.
_NEARLY = 0.95
_REASONS = {
    458: "the app was removed",
    459: "Facebook wants the person to confirm something",
    460: "the password was changed",
    463: "it has expired",
    467: "the person logged out",
    493: "the person was away for too long",
}


@dataclass(frozen=True, slots=True)
class TokenSummary:
    """A token in words. `why` is empty while it lives; one that has only expired can still be changed."""

    reference: str
    kind: str
    dates: str
    why: str
    changeable: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """Somebody who granted something, a person or a system user."""

    identity: Identity
    app_name: str
    granted: tuple[str, ...]
    tokens: tuple[TokenSummary, ...]
    data_access: str

    @property
    def is_person(self) -> bool:
        """Whether there is a password, and an end to data access."""
        return self.identity.type == "USER"


def summarize(identity: Identity, state: State) -> Summary:
    """Describe somebody as things are now."""
    grant = state.grant_of(identity)
    left = grant.data_access_expires_at - state.clock.now()
    return Summary(
        identity=identity,
        app_name=state.apps[identity.app_id].name,
        granted=tuple(sorted(grant.granted)),
        tokens=tuple(_token(token, state) for token in state.tokens(identity)),
        data_access=f"ends in {span(left)}" if left > 0 else f"ended {_ago(-left)}",
    )


def reference(token: Token) -> str:
    """Name a token without telling it."""
    return hashlib.sha256(token.value.encode()).hexdigest()[:16]


def span(seconds: int) -> str:
    """Say a length of time in words."""
    for unit, name in _UNITS:
        if seconds >= unit * _NEARLY:
            count = round(seconds / unit)
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "less than a minute"


def _ago(seconds: int) -> str:
    return f"{span(seconds)} ago" if seconds >= 60 else "just now"


def _token(token: Token, state: State) -> TokenSummary:
    now = state.clock.now()
    if not token.expires_at:
        ends = "never expires"
    elif token.expires_at > now:
        ends = f"expires in {span(token.expires_at - now)}"
    else:
        ends = f"expired {_ago(now - token.expires_at)}"
    return TokenSummary(
        reference=reference(token),
        kind=_kind(token),
        dates=f"issued {_ago(now - token.issued_at)}, {ends}",
        why=_why(token, state),
        changeable=token.death is None,
    )


def _kind(token: Token) -> str:
    if token.identity.type == "SYSTEM_USER":
        return "System user token"
    return "Long-lived token" if token.long_lived else "Short-lived token"


def _why(token: Token, state: State) -> str:
    failure = state.fault_of(token)
    if failure is None:
        return ""
    if failure.subcode is None:
        return failure.message
    return f"{failure.subcode}, {_REASONS.get(failure.subcode, failure.message)}"
