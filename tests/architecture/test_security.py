"""The threat model and its tests belong together."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
THREATS = (ROOT / "docs/security.md").read_text()


def names_in(path: Path) -> set[str]:
    names = {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
    return {f"{path.relative_to(TESTS)}::{name}" for name in names if name.startswith("test_")}


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = re.findall(r"`([a-z_0-9/]+\.py)::(\w+)`", THREATS)
    assert len(named) > 40
    assert THREATS.count("::") == len(named)
    missing = [f"{file}::{name}" for file, name in named if f"{file}::{name}" not in names_in(TESTS / file)]
    assert missing == []


def test_every_attack_is_in_the_threat_model() -> None:
    attacks = {name for path in (TESTS / "attacks").glob("test_*.py") for name in names_in(path)}
    assert attacks
    assert sorted(name for name in attacks if f"`{name}`" not in THREATS) == []


def test_the_threat_model_can_be_found() -> None:
    assert "(docs/security.md)" in (ROOT / "README.md").read_text()
    assert "(docs/security.md)" in (ROOT / "SECURITY.md").read_text()
