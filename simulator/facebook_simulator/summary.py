"""Describe people and their tokens for the developers' page, without the tokens themselves."""

import hashlib
from dataclasses import dataclass

from facebook_simulator.model import Identity, Token
from facebook_simulator.state import State
from facebook_simulator.world import Account

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
# 95 percent of a unit count as one, so that 5 days less a second are shown as 5 days.
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
    """A token in words. `why` is "" for a valid token. An expired token is `changeable`, a revoked one is not."""

    reference: str
    kind: str
    dates: str
    why: str
    changeable: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """A person or system user who has granted an app something."""

    identity: Identity
    app_name: str
    granted: tuple[str, ...]
    accounts: tuple[Account, ...]
    tokens: tuple[TokenSummary, ...]
    data_access: str

    @property
    def is_person(self) -> bool:
        """True for a person, who has a password and an end of data access."""
        return self.identity.type == "USER"


def summarize(identity: Identity, state: State) -> Summary:
    """Return the current description of a person or system user."""
    grant = state.grant_of(identity)
    seconds = grant.data_access_expires_at - state.clock.now()
    return Summary(
        identity=identity,
        app_name=state.apps[identity.app_id].name,
        granted=tuple(sorted(grant.granted)),
        accounts=tuple(state.accounts[one] for one in grant.accounts if one in state.accounts),
        tokens=tuple(_token(token, state) for token in state.tokens(identity)),
        data_access=f"ends in {span(seconds)}" if seconds > 0 else f"ended {_ago(-seconds)}",
    )


def reference(token: Token) -> str:
    """Return a hash that identifies a token without showing it."""
    return hashlib.sha256(token.value.encode()).hexdigest()[:16]


def span(seconds: int) -> str:
    """Return a length of time in words, such as "5 days"."""
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
