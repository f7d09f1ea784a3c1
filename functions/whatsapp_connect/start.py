"""Where a login starts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from whatsapp_connect.errors import LoginError

CONNECTION_ID = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Start:
    """At a link, at the address where a connection is connected again, or without both at the public connect link."""

    link: str = ""
    reconnect: str = ""
    """The connection ID."""

    @classmethod
    def from_path(cls, parameters: Mapping[str, str] | None) -> "Start":
        """Read the path parameters of a request. Raises LoginError if they name an impossible connection."""
        parameters = parameters or {}
        reconnect = parameters.get("connection_id", "")
        if "connection_id" in parameters and not CONNECTION_ID.fullmatch(reconnect):
            raise LoginError("request-malformed")
        return cls(link=parameters.get("link", ""), reconnect=reconnect)

    @property
    def is_public(self) -> bool:
        return not (self.link or self.reconnect)

    @property
    def path(self) -> str:
        """The path where a person can start again."""
        if self.reconnect:
            return f"/reconnect/{self.reconnect}"
        return f"/connect/{self.link}" if self.link else "/connect"
