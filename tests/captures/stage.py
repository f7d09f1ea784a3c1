"""Run the commands of the pages in a world that is the same each time."""

import base64
import random
import shlex
import sys
from dataclasses import dataclass, field

import pytest

from tests.support import stack
from tests.support.command_line import CommandLine
from tests.support.patient import Site
from tests.support.world import World

WIDTH_COLUMNS = 130
_RANDOM = (
    "whatsapp_connect.links.secrets",  # the links
    "whatsapp_connect.token_rules.random",  # when checks are due
    "facebook_simulator.state.secrets",  # the tokens
    "facebook_simulator.messages.secrets",  # the IDs of messages
)
"""Where values are drawn that commands print, or print hashes of."""


class _Seeded(random.Random):
    """The functions of `secrets` and `random`, with the same values in each run."""

    def token_bytes(self, number: int) -> bytes:
        return self.randbytes(number)

    def token_hex(self, number: int) -> str:
        return self.randbytes(number).hex()

    def token_urlsafe(self, number: int) -> str:
        return base64.urlsafe_b64encode(self.randbytes(number)).rstrip(b"=").decode()


def seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the same random values in each run. Each module has its own, so that no thread can change another's."""
    for name in _RANDOM:
        monkeypatch.setattr(name, _Seeded(name))


@dataclass(frozen=True, slots=True)
class Stage:
    """What a scene prepares. `files` are those that commands read with `<`. `shown` replaces texts in the output."""

    world: World
    cli: CommandLine
    monkeypatch: pytest.MonkeyPatch
    site: Site
    """What answers at the stack's address."""
    files: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=lambda: {stack.PREFIX: "/whatsapp-connect"})

    def be_a_terminal(self) -> None:
        """Have commands print as on a terminal of a fixed width, without colours."""
        self.monkeypatch.setenv("COLUMNS", str(WIDTH_COLUMNS))
        self.monkeypatch.setenv("NO_COLOR", "1")
        for name, module in sys.modules.items():
            if name.startswith("whatsapp_connect_cli.") and hasattr(module, "is_terminal"):
                self.monkeypatch.setattr(module, "is_terminal", lambda: True)

    def run(self, command: str) -> str:
        """Return what a command prints to both streams."""
        program, *arguments = shlex.split(command)
        assert program == "whatsapp-connect", command
        typed = None
        if "<" in arguments:
            *arguments, _, file = arguments
            typed = self.files[file]
        printed = self.cli(*arguments, typed=typed).output
        assert "\x1b" not in printed, command
        for text, shown in self.shown.items():
            printed = printed.replace(text, shown)
        return printed
