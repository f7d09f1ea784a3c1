"""The command line: it uses the functions' package, and never the other way round."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.support.source import imports

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "cli" / "whatsapp_connect_cli"
MODULES = sorted(PACKAGE.glob("*.py"))
PURE = {"finding", "story"}
ABOUT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_no_function_knows_of_the_command_line() -> None:
    for path in (ROOT / "functions").rglob("*.py"):
        assert not any(name.startswith("whatsapp_connect_cli") for name in imports(path)), path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_it_imports_the_shared_package_and_no_entry_file_nor_the_runner(path: Path) -> None:
    entries = {entry.stem for entry in (ROOT / "functions").glob("*.py")}
    assert not {name.partition(".")[0] for name in imports(path)} & (entries | {"local", "tests"})


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_the_doctor_talks_http_beside_the_shared_client(path: Path) -> None:
    """It opens the stack's own address."""
    libraries = {name.partition(".")[0] for name in imports(path)} & {"requests", "urllib3", "httpx"}
    assert libraries == ({"requests"} if path.stem == "check_site" else set())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_resources_are_listed_in_pages(path: Path) -> None:
    """DescribeStackResources returns the first 100 resources, and a stack can have more.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
    """
    assert "describe_stack_resources" not in path.read_text()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_aws_sessions_are_made_in_one_place(path: Path) -> None:
    assert ("boto3.Session(" in path.read_text()) == (path.stem == "deployment")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_output_prints_and_it_prints_nothing_that_steers_a_terminal(path: Path) -> None:
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    printing = {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"}
    assert bool(calls & printing) == (path.stem == "output")


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_module_stays_pure(name: str) -> None:
    names = {module.partition(".")[0] for module in imports(PACKAGE / f"{name}.py")}
    assert not names & {"boto3", "botocore", "click", "sys", "os"}


def test_everything_it_imports_is_declared() -> None:
    declared = {re.split(r"[>\[]", name)[0] for name in ABOUT["project"]["dependencies"]}
    shared = {"boto3", "requests"}  # needed by the functions' package, which the wheel bundles
    assert declared == {"boto3", "click", "requests", "segno", "wcwidth"} >= shared


def test_a_token_is_never_an_argument() -> None:
    for path in MODULES:
        assert 'click.argument("token"' not in path.read_text()
        assert 'click.option("--token' not in path.read_text()
