"""The pages' commands that install something from a checkout."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = [
    (page, shlex.split(arguments, comments=True))
    for page in ("README.md", "docs/cli.md", "clients/python/README.md", "simulator/README.md")
    for arguments in re.findall(r"pip install ([^`\n]*\./[^`\n]*)", (ROOT / page).read_text())
]


def test_each_package_has_a_command() -> None:
    installed = {argument.partition("[")[0] for _, arguments in COMMANDS for argument in arguments}
    assert installed == {"./cli", "./clients/python", "./simulator"}


@pytest.mark.parametrize(("page", "arguments"), COMMANDS)
def test_command_installs_a_package_of_the_checkout(page: str, arguments: list[str]) -> None:
    pip = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--dry-run", "--no-deps", "--offline"]
    ended = subprocess.run(
        [*pip, "--python", sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, f"{page}: {ended.stderr}"
