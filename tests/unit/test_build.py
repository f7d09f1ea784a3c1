"""What the build tries before anything can be deployed: every entry file, with the artifact alone."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.source import load

FUNCTIONS = Path(__file__).parents[2] / "functions"


@pytest.fixture(scope="module")
def build() -> ModuleType:
    return load(FUNCTIONS / "artifact/build.py")


def write(folder: Path, source: str) -> None:
    (folder / "entry.py").write_text(f"{source}\ndef handler(event, context): ...\n")


def test_an_entry_file_gets_the_variables_it_demands(build: ModuleType, tmp_path: Path) -> None:
    write(tmp_path, "import os; os.environ['STATE_TABLE']; assert os.environ.get('AWS_ENDPOINT_URL') is None")
    build.try_entries(tmp_path, ["entry"])


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import whatsapp_connect.kept", "No module named 'whatsapp_connect'"),
        # Both are installed where the tests run, and must not hide that the artifact lacks them.
        ("import requests", "No module named 'requests'"),
        ("import boto3", "No module named 'boto3'"),
        ("raise ValueError('broken')", "ValueError: broken"),
        ("import os; os._exit(3)", "exit code 3"),
    ],
)
def test_an_entry_file_that_cannot_be_imported_is_refused(
    build: ModuleType, tmp_path: Path, source: str, why: str
) -> None:
    write(tmp_path, source)
    with pytest.raises(SystemExit, match=re.escape(why)):
        build.try_entries(tmp_path, ["entry"])


def test_an_entry_file_without_a_handler_is_refused(build: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "entry.py").touch()
    with pytest.raises(SystemExit, match="has no attribute 'handler'"):
        build.try_entries(tmp_path, ["entry"])


def test_shipped_services_are_those_the_functions_call(build: ModuleType) -> None:
    called = {
        service for path in FUNCTIONS.glob("*.py") for service in re.findall(r"\.make\(\"([a-z]+)\"", path.read_text())
    }
    assert called == build.SERVICES.keys()


def test_every_handler_of_the_template_is_tried() -> None:
    handlers = set(re.findall(r"(?m)^      Handler: (\w+)\.handler$", (FUNCTIONS.parent / "template.yaml").read_text()))
    assert handlers == {path.stem for path in FUNCTIONS.glob("*.py")}
