"""Define the options of every command, which may come before or after its name, and the types of arguments."""

import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from whatsapp_connect.start import CONNECTION_ID
from whatsapp_connect_cli.deployment import LOCAL_STACK, Deployment, Place, find, on_aws, on_this_machine
from whatsapp_connect_cli.output import STACK_OPTIONS, say
from whatsapp_connect_cli.versions import difference

_WABA_ID = re.compile(r"[0-9]{1,32}")
_DURATION = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_SECONDS_BY_UNIT = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_MAX_DURATION_S = 366 * 86400

NO_FEATURE = "none"
"""The choice of no feature of Embedded Signup, although the stack has some."""


@dataclass(slots=True)
class CommonOptions:
    """The values of the common options, from before and after the command's name."""

    stack: str = LOCAL_STACK
    local: bool = False
    local_directory: Path | None = None
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    json: bool = False
    deployment: Deployment | None = None
    """The stack, once it was found. Tests set it."""

    def find(self) -> Deployment:
        """Return the stack that the options name. Warns, on stderr, of another version. Raises NotFoundError."""
        if self.deployment is None:
            self.deployment = find(self._place(), self.stack)
            if found := difference(self.deployment.version):
                say(f"Warning: {' '.join(found)}")
        return self.deployment

    def _place(self) -> Place:
        if self.local or self.local_directory:
            return on_this_machine(self.local_directory)
        return on_aws(profile=self.profile, region=self.region, endpoint_url=self.endpoint_url)


def _set_option(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    options = context.ensure_object(CommonOptions)
    if value and parameter.name:
        setattr(options, parameter.name, value)
        if parameter.name != "json":
            typed = parameter.opts[0] if value is True else f"{parameter.opts[0]} {shlex.quote(str(value))}"
            context.meta.setdefault(STACK_OPTIONS, {})[parameter.name] = typed


_COMMON: dict[str, Any] = {"expose_value": False, "callback": _set_option}
_OPTIONS = [
    click.option("--stack", envvar="WHATSAPP_CONNECT_STACK", help=f"Name of the stack [{LOCAL_STACK}].", **_COMMON),
    click.option("--local", is_flag=True, help="Use the stack that make run started.", **_COMMON),
    click.option(
        "--local-directory",
        type=click.Path(path_type=Path, file_okay=False),
        help="Use the local stack with its files in this folder [.local].",
        **_COMMON,
    ),
    click.option("--region", help="AWS Region.", **_COMMON),
    click.option("--profile", help="AWS profile.", **_COMMON),
    click.option("--endpoint-url", help="AWS endpoint of an emulator.", **_COMMON),
    click.option("--json", is_flag=True, help="Print JSON.", **_COMMON),
]


def common_options[F: Callable[..., Any]](command: F) -> F:
    """Add the common options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class Duration(click.ParamType[int]):
    """Convert 30m, 12h, 7d or 2w to seconds, up to a year."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = _DURATION.fullmatch(str(value))
        seconds = int(found[1]) * _SECONDS_BY_UNIT[found[2]] if found else 0
        if not 0 < seconds <= _MAX_DURATION_S:
            self.fail(f"{value!r} is not a duration such as 12h, 7d or 2w, up to a year.", param, ctx)
        return seconds


class ConnectionId(click.ParamType[str]):
    """Accept a valid connection id."""

    name = "connection id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not CONNECTION_ID.fullmatch(str(value)):
            self.fail(
                "A connection id has 1 to 64 letters, digits, dots, hyphens and underscores, and begins and ends with a"
                " letter or digit.",
                param,
                ctx,
            )
        return str(value)


def chosen_features(names: Iterable[str]) -> list[str]:
    """Return the features of Embedded Signup that were chosen. NO_FEATURE is none."""
    return [name for name in names if name != NO_FEATURE]


class Tag(click.ParamType[tuple[str, str]]):
    """Accept NAME=VALUE."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, equals, text = str(value).partition("=")
        if not equals:
            self.fail("A tag looks like plan=pro.", param, ctx)
        return name, text


class WabaId(click.ParamType[str]):
    """Accept the ID of a WhatsApp Business account: digits."""

    name = "WABA_ID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not _WABA_ID.fullmatch(str(value)):
            self.fail("The ID of a WhatsApp Business account has up to 32 digits and nothing else.", param, ctx)
        return str(value)


class BusinessId(click.ParamType[str]):
    """Accept the ID of a business portfolio: digits."""

    name = "BUSINESS_ID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not _WABA_ID.fullmatch(str(value)):
            self.fail("The ID of a business portfolio has up to 32 digits and nothing else.", param, ctx)
        return str(value)
