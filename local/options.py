"""Read the options of the local stack from environment variables."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.error import LocalError
from local.place import STATE
from local.strict.limits import DEFAULT, Limits
from whatsapp_connect.app_secret import read_app_secrets


@dataclass(frozen=True, slots=True)
class MetaApp:
    """A real Meta app, in development mode, used instead of the simulator."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the local stack. Port 0 stands for any free port."""

    port: int = 3000
    facebook_port: int = 4000
    emulator_port: int = 4566
    start_api_port: int = 3001
    """The port of `sam local start-api`."""
    app: MetaApp | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Stack parameters in addition to those that the local stack sets itself."""
    debug_terminal: str = ""
    """The path of the terminal in which a function's `breakpoint()` opens pdb; "" for none."""
    limits: Limits = DEFAULT
    """The limits of AWS that the emulator applies."""
    directory: Path = STATE
    """Folder for logs and for the variables of `sam local`. Each stack has its own."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], directory: Path) -> "Options":
        """Read META_APP_ID, META_APP_SECRET, LOGIN_CONFIG_ID, DEBUG and the ports: CONNECT_PORT, FACEBOOK_PORT, ...

        Raises LocalError if a value cannot be used.
        """
        # A stack in another folder runs beside the usual one, so it takes free ports.
        defaults = cls() if directory == STATE else cls(port=0, facebook_port=0, emulator_port=0, start_api_port=0)
        login_config_id = environ.get("LOGIN_CONFIG_ID")
        return cls(
            port=_port(environ, "CONNECT_PORT", defaults.port),
            facebook_port=_port(environ, "FACEBOOK_PORT", defaults.facebook_port),
            emulator_port=_port(environ, "EMULATOR_PORT", defaults.emulator_port),
            start_api_port=_port(environ, "START_API_PORT", defaults.start_api_port),
            app=_app(environ),
            parameters={"LoginConfigId": login_config_id} if login_config_id else {},
            debug_terminal=_terminal() if environ.get("DEBUG") else "",
            directory=directory,
        )


def _port(environ: Mapping[str, str], variable: str, default: int) -> int:
    text = environ.get(variable, str(default))
    if not text.isdecimal() or int(text) > 65_535:
        raise LocalError(f"{variable} is {text!r}, which is not a port.")
    return int(text)


def _terminal() -> str:
    try:
        return os.ttyname(sys.stdin.fileno())
    except (OSError, ValueError):
        raise LocalError("DEBUG needs a terminal, because pdb reads your input from it.") from None


def _app(environ: Mapping[str, str]) -> MetaApp | None:
    app_id, secret = environ.get("META_APP_ID", ""), environ.get("META_APP_SECRET", "")
    if bool(app_id) != bool(secret):
        raise LocalError("Set both META_APP_ID and META_APP_SECRET to use the real Facebook, or neither of them.")
    if not app_id:
        return None
    secrets = read_app_secrets(secret)
    if len(secrets.values) != 1 or secrets.ignored:
        raise LocalError("META_APP_SECRET is not an app secret. An app secret has 32 hexadecimal digits.")
    return MetaApp(app_id, secrets.values[0])
