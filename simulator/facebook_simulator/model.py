"""Define the simulator's data. Everything is immutable; `State` replaces it under its lock."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from facebook_simulator.death import Death
from facebook_simulator.distortion import WhatsAppScopes

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
# Facebook calls a token with this lifetime or a longer one long-lived. debug_token then has its `issued_at`.
MIN_LONG_LIFETIME_S = 86_400


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration of Facebook Login for Business, which `config_id` names."""

    id: str
    token_type: TokenType = "SYSTEM_USER"  # noqa: S105 - a kind of token, not a token
    scopes: tuple[str, ...] = WHATSAPP_SCOPES

    @property
    def for_system_user(self) -> bool:
        """True if its tokens belong to a system user of the business instead of the person."""
        return self.token_type == "SYSTEM_USER"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True)
class App:
    """A Meta app with the settings of its dashboard. `roles` are the people who may log in during development.

    `sdk_login` is the setting "Login with the JavaScript SDK", `sdk_domains` are the "Allowed Domains for the JavaScript
    SDK", each an origin. An empty URL means that it is not configured.
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
    whatsapp_webhook_url: str = ""
    webhook_verify_token: str = field(default="", repr=False)
    sdk_login: bool = False
    sdk_domains: tuple[str, ...] = ()

    def configuration(self, config_id: str) -> Configuration | None:
        """Return the configuration with this id; None if the app has none."""
        return next((one for one in self.configurations if one.id == config_id), None)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the simulated Facebook behaves. Lifetimes and TTLs are in seconds; a lifetime of 0 never ends."""

    code_ttl: int = 600
    config_code_ttl: int = 30
    exchange_lifetime: int = 5_000
    exchange_tells_expiry: bool = True
    extend_lifetime: int = 5_183_944
    extend_tells_expiry: bool = True
    renewal: Renewal = "unchanged"
    system_user_lifetime: int = 0
    data_access_lifetime: int = 90 * 86_400
    data_access_expired: Literal["allow", "invalid", "permission"] = "allow"
    foreign_account: Literal["missing", "refused"] = "missing"
    assigned_accounts: Literal["empty", "listed"] = "empty"
    system_user_target_ids: Literal["listed", "absent"] = "absent"
    whatsapp_scopes: WhatsAppScopes = "granular"
    zero_expires_in: bool = False
    businesses_without_permission: Literal["empty", "refused"] = "empty"
    system_user_notices: Literal["person", "system_user"] = "person"
    signup_close: Literal["cancel", "silent"] = "cancel"
    signup_noise: bool = True
    signup_app_number: Literal["account", "all"] = "account"
    history_messages: int = 3
    default_version: str = "v26.0"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person or a business's system user allows an app. `accounts` has the newest first."""

    granted: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()
    accounts: tuple[str, ...] = ()
    data_access_expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """The owner of a code or token. Only system users have a `business_id`, and the `person_id` of who logged in."""

    app_id: str
    user_id: str
    name: str
    type: TokenType = "USER"
    business_id: str | None = None
    person_id: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code. It can be used once, with one redirect_uri, before `expires_at` (epoch seconds).

    A code of Facebook's JavaScript SDK has no redirect_uri.
    """

    value: str = field(repr=False)
    identity: Identity
    redirect_uri: str | None
    scopes: tuple[str, ...]
    accounts: tuple[str, ...]
    expires_at: int
    used: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. `expires_at` is in epoch seconds; 0 means never."""

    value: str = field(repr=False)
    identity: Identity
    scopes: tuple[str, ...]
    accounts: tuple[str, ...]
    issued_at: int
    expires_at: int
    death: Death | None = None

    @property
    def long_lived(self) -> bool:
        """True if debug_token shows `issued_at`."""
        return self.expires_at == 0 or self.expires_at - self.issued_at >= MIN_LONG_LIFETIME_S
