"""The things the simulator remembers. All immutable: `State` replaces them under its lock."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from facebook_simulator.death import Death

TokenType = Literal["USER", "SYSTEM_USER"]
Renewal = Literal["extend", "unchanged", "same_token", "daily", "refuse"]
RENEWALS: tuple[Renewal, ...] = get_args(Renewal)

WHATSAPP_SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")
KNOWN_SCOPES = (
    *WHATSAPP_SCOPES,
    "whatsapp_business_manage_events",
    "business_management",
    "ads_read",
    "public_profile",
    "email",
    "openid",
)
# From this lifetime on Facebook calls a token long-lived, and debug_token tells when it was issued.
LONG_LIVED = 86_400


@dataclass(frozen=True, slots=True)
class Configuration:
    """A Facebook Login for Business configuration: what `config_id` stands for."""

    id: str
    token_type: TokenType = "SYSTEM_USER"  # noqa: S105 - a kind of token, not a token
    scopes: tuple[str, ...] = WHATSAPP_SCOPES

    @property
    def for_system_user(self) -> bool:
        """Whether its tokens belong to a system user of the business instead of the person."""
        return self.token_type == "SYSTEM_USER"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True)
class App:
    """A Meta app as its dashboard describes it. `roles` are the people who may log in during development.

    An empty `deauthorize_url` or `data_deletion_url` is one that was not configured.
    """

    id: str
    secret: str = field(repr=False)
    name: str = "Simulated app"
    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = KNOWN_SCOPES
    configurations: tuple[Configuration, ...] = ()
    require_app_secret: bool = False
    development: bool = False
    roles: tuple[str, ...] = ()
    deauthorize_url: str = ""
    data_deletion_url: str = ""

    def configuration(self, config_id: str) -> Configuration | None:
        """Find the configuration with this id, if the app has it."""
        return next((one for one in self.configurations if one.id == config_id), None)


@dataclass(frozen=True, slots=True)
class Settings:
    """How Facebook behaves today. Times are seconds; a lifetime of 0 never ends."""

    code_ttl: int = 600
    config_code_ttl: int = 30
    exchange_lifetime: int = 5_000
    exchange_tells_expiry: bool = True
    extend_lifetime: int = 5_183_944
    extend_tells_expiry: bool = True
    renewal: Renewal = "extend"
    system_user_lifetime: int = 0
    data_access_lifetime: int = 90 * 86_400
    data_access_expired: Literal["allow", "invalid", "permission"] = "allow"
    default_version: str = "v26.0"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person (or a business's system user) allowed an app. `accounts` are newest first."""

    granted: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()
    accounts: tuple[str, ...] = ()
    data_access_expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a code or token speaks for. `business_id` is set for system users only."""

    app_id: str
    user_id: str
    name: str
    type: TokenType = "USER"
    business_id: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code: good once, for one redirect_uri, until `expires_at`."""

    value: str = field(repr=False)
    identity: Identity
    redirect_uri: str
    scopes: tuple[str, ...]
    accounts: tuple[str, ...]
    expires_at: int
    used: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `expires_at` is epoch seconds, 0 for never."""

    value: str = field(repr=False)
    identity: Identity
    scopes: tuple[str, ...]
    accounts: tuple[str, ...]
    issued_at: int
    expires_at: int
    death: Death | None = None

    @property
    def long_lived(self) -> bool:
        """Whether debug_token would tell `issued_at`."""
        return self.expires_at == 0 or self.expires_at - self.issued_at >= LONG_LIVED
