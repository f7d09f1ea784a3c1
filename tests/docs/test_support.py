"""The page of what is supported agrees with the code."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.template.translate import parse
from whatsapp_connect import token_rules

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/support.md").read_text()


def test_every_known_end_of_a_graph_version_is_on_the_page() -> None:
    table = dict(re.findall(r"(?m)^\| (v\d+\.\d)(?:, the default)? \| (.*) \|$", PAGE))
    assert {version: end for version, end in table.items() if end != "not announced"} == token_rules.GRAPH_VERSION_ENDS
    (default,) = re.findall(r"(v\d+\.\d), the default", PAGE)
    assert default == parse()["Parameters"]["GraphVersion"]["Default"]


def project(folder: str) -> dict[str, Any]:
    about: dict[str, Any] = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
    return about


@pytest.mark.parametrize(
    ("row", "folder"),
    [
        ("Python for the command line and the simulator", "."),
        ("Python for the command line and the simulator", "simulator"),
        ("Python for the reader", "clients/python"),
    ],
)
def test_the_versions_of_python_are_those_of_the_packages(row: str, folder: str) -> None:
    (least,) = re.findall(rf"\| {row} \| ([\d.]+) and later \|", PAGE)
    assert project(folder)["requires-python"] == f">={least}"


def test_the_version_of_node_is_that_of_the_package() -> None:
    (least,) = re.findall(r"\| Node\.js for its package \| (\d+) and later \|", PAGE)
    assert json.loads((ROOT / "clients/node/package.json").read_text())["engines"]["node"] == f">={least}"


def test_the_runtime_is_that_of_the_template() -> None:
    runtime = parse()["Globals"]["Function"]["Runtime"]
    assert f"| the Lambda runtime | `{runtime}`" in PAGE


def test_the_template_is_checked_for_the_regions_that_the_page_names() -> None:
    (checked,) = re.findall(r"cfn-lint --regions ([a-z0-9 -]+?) --template template", (ROOT / "Makefile").read_text())
    named = re.findall(r"`([a-z]+(?:-[a-z]+)+-\d)`", PAGE)
    assert set(checked.split()) == set(named)
