"""Each line of the pages that installs a package, in an empty environment, from a checkout, from git and from a wheel."""

import os
import subprocess
import venv
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.docs import Block, blocks, run_blocks

REPOSITORY = "https://github.com/<owner>/<repository>"
USE = {
    "docs/cli.md": ("whatsapp-connect --version && whatsapp-connect --help", "Usage: whatsapp-connect"),
    "clients/python/README.md": (
        "python -c 'import boto3, whatsapp_connect_reader as it; print(it.TokenReader.__name__)'",
        "TokenReader",
    ),
}


def lines() -> list[tuple[Block, str]]:
    """Return the lines that install a package, and the block of each."""
    return [(block, line) for page in USE for block in blocks(page, "sh")[:1] for line in block.text.splitlines()]


def empty_environment(folder: Path) -> Mapping[str, str]:
    """Make a virtual environment, and return the variables of a shell in which it is activated."""
    venv.create(folder, with_pip=True)
    own = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return own | {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}


def test_each_package_is_installed_in_three_ways() -> None:
    shown = [(block.page, line) for block, line in lines()]
    assert [page for page, _ in shown] == [page for page in USE for _ in range(3)]
    for number, part in enumerate(("install ", "git+https://", "pip wheel ")):
        assert all(part in line for _, line in shown[number::3])


@pytest.mark.parametrize(("block", "line"), lines(), ids=[f"{block.page}-{line}" for block, line in lines()])
def test_line_installs_the_package(block: Block, line: str, checkout: Path, tmp_path: Path) -> None:
    environ = empty_environment(tmp_path / "venv")
    # Who has a wheel or the address of the repository needs no checkout, but here the wheel is made first.
    folder = tmp_path if "git+" in line else checkout
    instead = {REPOSITORY: f"file://{checkout}"} if "git+" in line else {}
    run_blocks([Block(block.page, block.line, "sh", line)], folder=folder, environ=environ, instead=instead)
    command, expected = USE[block.page]
    used = subprocess.run(
        ["bash", "-euc", command], cwd=tmp_path, env=environ, check=False, capture_output=True, text=True
    )
    assert used.returncode == 0, used.stderr
    assert expected in used.stdout
