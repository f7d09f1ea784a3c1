"""One version for the stack, the command line, the readers and the simulator."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.support.docs import files
from tests.support.stack import TEMPLATE
from whatsapp_connect.version import VERSION

ROOT = Path(__file__).parents[2]
NODE = ROOT / "clients" / "node"
FILE = re.compile(r"whatsapp[_-]connect(?:[_-]reader|[_-]simulator|-stack)?-(\d+\.\d+\.\d+)")
"""The beginning of the name of a file that a release has."""


def test_version_has_three_numbers() -> None:
    assert re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", VERSION)


def test_stack_tells_the_version() -> None:
    assert TEMPLATE["Outputs"]["Version"]["Value"] == VERSION


@pytest.mark.parametrize("project", ["pyproject.toml", "clients/python/pyproject.toml", "simulator/pyproject.toml"])
def test_package_takes_the_version_from_the_one_place(project: str) -> None:
    about = tomllib.loads((ROOT / project).read_text())
    path = (ROOT / project).parent / about["tool"]["hatch"]["version"]["path"]
    assert path.resolve() == ROOT / "functions/whatsapp_connect/version.py"
    assert about["project"]["dynamic"] == ["version"]


def test_npm_package_has_the_version() -> None:
    locked = json.loads((NODE / "package-lock.json").read_text())
    assert json.loads((NODE / "package.json").read_text())["version"] == VERSION
    assert (locked["version"], locked["packages"][""]["version"]) == (VERSION, VERSION)


def test_files_of_a_release_are_named_with_the_version() -> None:
    texts = {name: (ROOT / name).read_text() for name in files() if name.endswith((".md", "requirements.txt"))}
    named = {name: set(FILE.findall(text)) for name, text in texts.items() if FILE.search(text)}
    assert named.keys() >= {"docs/cli.md", "clients/python/README.md", "examples/lambda/src/requirements.txt"}
    assert set().union(*named.values()) == {VERSION}
