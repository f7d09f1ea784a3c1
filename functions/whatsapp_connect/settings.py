"""The settings of the functions, from the environment variables that template.yaml declares."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

_READ: dict[Any, Callable[[str], object]] = {
    str: str,
    int: int,
    float: float,
    bool: lambda text: text == "enabled",
    tuple[str, ...]: lambda text: tuple(filter(None, text.split(","))),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """A setting is the environment variable with its name in capitals. A bool is True for "enabled" only."""

    meta_app_id: str
    parameter_prefix: str
    required_scopes: tuple[str, ...]
    login_config_id: str  # "": plain Facebook Login
    login_minutes: int
    public_connect: bool
    reconnect: bool  # whether the addresses at /reconnect/ work
    return_url: str  # "": our own page
    service_name: str
    logo_url: str
    accent_color: str
    support_contact: str
    privacy_url: str
    terms_url: str
    state_table: str
    connection_table: str
    link_table: str
    deletion_table: str
    brake_table: str
    account_table: str
    due_queue_url: str
    check_queue_url: str
    check_queue_arn: str
    publishing: bool
    checking: bool
    subscribe_app: bool
    register_numbers: bool
    sync_business_app: bool
    metadata: bool  # whether connections have a metadata parameter
    parameter_writes_per_second: float
    token_key_id: str
    graph_version: str
    graph_url: str
    dialog_url: str
    public_base_url: str  # "": the request's host name is the one that people see. http:// in local runs only
    # Only some functions have these. The API's address cannot be a setting of functions behind the API.
    site_url: str = ""
    stack_name: str = ""
    signup_mode: str = "redirect"  # or "embedded", unless a link has its own
    signup_features: tuple[str, ...] = ()
    sdk_url: str = ""
    webhook_bus: str = ""  # "": webhooks other than account_update are dropped

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises KeyError with the name of a variable that is missing."""
        values: dict[str, Any] = {}
        for field in fields(cls):
            variable = field.name.upper()
            if field.default is MISSING or variable in environ:
                values[field.name] = _READ[field.type](environ[variable])
        return cls(**values)

    def base_url(self, host: str) -> str:
        """Return the URL of this stack for browsers. `host` is the host name that the request was sent to."""
        return self.public_base_url or f"https://{host}"

    @property
    def connect_url(self) -> str:
        return f"{self.site_url}/connect"

    @property
    def secure_cookies(self) -> bool:
        """False only if people open the stack over plain HTTP, on localhost.

        Safari stores no Secure cookie there, and so no __Host- cookie either.
        """
        return not self.public_base_url.startswith("http://")
