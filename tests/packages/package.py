"""What the three packages of Python are, and what each must contain."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.docs import files
from whatsapp_connect.version import VERSION

UV = Path(sys.executable).with_name("uv")


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    folder: str
    """Where its pyproject.toml is in the checkout."""
    modules: tuple[str, ...]
    """The folders of its modules, from `folder`."""
    readme: str
    requires_python: str
    is_typed: bool

    @property
    def file(self) -> str:
        """Return the beginning of the names of its files."""
        return f"{self.name.replace('-', '_')}-{VERSION}"

    def wheel(self, dist: Path) -> Path:
        return dist / f"{self.file}-py3-none-any.whl"

    def source(self, dist: Path) -> Path:
        return dist / f"{self.file}.tar.gz"

    def tracked(self, module: str) -> set[str]:
        """Return the files of one of `modules` that git has, from the folder that contains it."""
        root = f"{self.folder}/{module}".removeprefix("./")
        parent = root.rpartition("/")[0]
        return {name.removeprefix(f"{parent}/") for name in files() if name.startswith(f"{root}/")}


COMMAND_LINE = Package(
    name="whatsapp-connect",
    folder=".",
    modules=("functions/whatsapp_connect", "cli/whatsapp_connect_cli"),
    readme="cli/README.md",
    requires_python=">=3.13",
    is_typed=False,
)
READER = Package(
    name="whatsapp-connect-reader",
    folder="clients/python",
    modules=("src/whatsapp_connect_reader",),
    readme="README.md",
    requires_python=">=3.11",
    is_typed=True,
)
SIMULATOR = Package(
    name="whatsapp-connect-simulator",
    folder="simulator",
    modules=("facebook_simulator",),
    readme="README.md",
    requires_python=">=3.13",
    is_typed=True,
)
PACKAGES = (COMMAND_LINE, READER, SIMULATOR)
