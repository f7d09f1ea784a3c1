"""The settings every function starts from: the only reader of the environment."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    meta_app_id: str
    parameter_prefix: str
    required_scopes: tuple[str, ...]
    login_config_id: str  # empty: plain Facebook Login
    public_connect: bool
    success_url: str  # empty: our own page
    state_table: str
    connection_table: str
    link_table: str
    deletion_table: str
    brake_table: str
    due_queue_url: str
    check_queue_url: str
    check_queue_arn: str
    publishing: bool
    checking: bool
    metadata: bool
    """Whether connections have a metadata parameter."""
    parameter_writes_per_second: float
    token_key_id: str
    graph_version: str
    graph_url: str
    dialog_url: str
    public_base_url: str  # empty on AWS, where the request tells
    connect_url: str  # empty but in PublishFunction: functions behind the API cannot be told its address
    stack_name: str  # empty but in PublishFunction, which writes it into events

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings that template.yaml declares.

        Raises KeyError naming the first variable that is missing.
        """
        return cls(
            meta_app_id=environ["META_APP_ID"],
            parameter_prefix=environ["PARAMETER_PREFIX"],
            required_scopes=tuple(environ["REQUIRED_SCOPES"].split(",")),
            login_config_id=environ["LOGIN_CONFIG_ID"],
            public_connect=environ["PUBLIC_CONNECT"] == "enabled",
            success_url=environ["SUCCESS_URL"],
            state_table=environ["STATE_TABLE"],
            connection_table=environ["CONNECTION_TABLE"],
            link_table=environ["LINK_TABLE"],
            deletion_table=environ["DELETION_TABLE"],
            brake_table=environ["BRAKE_TABLE"],
            due_queue_url=environ["DUE_QUEUE_URL"],
            check_queue_url=environ["CHECK_QUEUE_URL"],
            check_queue_arn=environ["CHECK_QUEUE_ARN"],
            publishing=environ["PUBLISHING"] == "enabled",
            checking=environ["CHECKING"] == "enabled",
            metadata=environ["METADATA"] == "enabled",
            parameter_writes_per_second=float(environ["PARAMETER_WRITES_PER_SECOND"]),
            token_key_id=environ["TOKEN_KEY_ID"],
            graph_version=environ["GRAPH_VERSION"],
            graph_url=environ["GRAPH_URL"],
            dialog_url=environ["DIALOG_URL"],
            public_base_url=environ["PUBLIC_BASE_URL"],
            connect_url=environ.get("CONNECT_URL", ""),
            stack_name=environ.get("STACK_NAME", ""),
        )

    @property
    def secure_cookies(self) -> bool:
        """False only where people reach the stack over plain HTTP, that is on localhost.

        Safari keeps no Secure cookie there, and so no __Host- cookie either.
        """
        return not self.public_base_url.startswith("http://")
