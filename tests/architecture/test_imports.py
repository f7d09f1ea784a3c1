"""Imports point one way: entry files, flows, adapters, pure modules, leaves."""

import os
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support import stack
from tests.support.source import imports

FUNCTIONS = Path(__file__).parents[2] / "functions"
PACKAGE = FUNCTIONS / "whatsapp_connect"
TESTS = Path(__file__).parents[1]

ENTRIES = {path.stem for path in FUNCTIONS.glob("*.py")}
FLOWS = {"login", "publish_connection", "check_connection", "schedule_checks", "forget"}
SERVICES = {"accounts", "business_app", "registration", "set_up", "unsubscription"}
"""What several flows share."""
ADAPTERS = {
    "account_index",
    "aws",
    "app_secrets",
    "brake",
    "check_queue",
    "connections",
    "deletions",
    "event_bus",
    "facebook",
    "failed_logins",
    "login_switch",
    "links",
    "metrics",
    "parameters",
    "pins",
    "states",
    "cipher",
    "transactions",
    "verify_token",
    "whatsapp",
}
TRANSPORT = {"graph"}
"""What several adapters share."""
PURE = {
    "app_secret",
    "brand",
    "dialog",
    "errors",
    "events",
    "facebook_responses",
    "faults",
    "layout",
    "link_request",
    "pages",
    "record_changes",
    "repeated_logins",
    "request",
    "return_url",
    "signed_request",
    "signup",
    "signup_page",
    "start",
    "token_rules",
    "visit",
    "waiting",
    "webhook",
}
LEAVES = {"languages", "model", "outcomes", "responses", "settings", "version"}
MAY_IMPORT = dict.fromkeys(ENTRIES, FLOWS | SERVICES | ADAPTERS | TRANSPORT | PURE | LEAVES) | {
    **dict.fromkeys(FLOWS, SERVICES | ADAPTERS | PURE | LEAVES),
    **dict.fromkeys(SERVICES, ADAPTERS | PURE | LEAVES),
    **dict.fromkeys(ADAPTERS, TRANSPORT | PURE | LEAVES),
    **dict.fromkeys(TRANSPORT, PURE | LEAVES),
    **dict.fromkeys(PURE, PURE | LEAVES),
    **dict.fromkeys(LEAVES, frozenset()),
}
MODULES = sorted([*FUNCTIONS.glob("*.py"), *PACKAGE.glob("*.py")])


def own_imports(path: Path) -> set[str]:
    """Return the modules of ours that a file imports, without the package's name."""
    names = {name.removeprefix("whatsapp_connect.").partition(".")[0] for name in imports(path)}
    return names & (ENTRIES | FLOWS | SERVICES | ADAPTERS | TRANSPORT | PURE | LEAVES)


def third_party(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)} - set(sys.stdlib_module_names)


def test_every_module_has_its_layer() -> None:
    known = FLOWS | SERVICES | ADAPTERS | TRANSPORT | PURE | LEAVES - {"languages"} | {"__init__"}
    assert {path.stem for path in PACKAGE.glob("*.py")} == known


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_imports_point_one_way(path: Path) -> None:
    if path.stem != "__init__":
        assert own_imports(path) <= MAY_IMPORT[path.stem]


def test_the_package_itself_imports_nothing() -> None:
    assert imports(PACKAGE / "__init__.py") == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_graph_talks_http(path: Path) -> None:
    assert bool(third_party(path) & {"requests", "urllib3"}) == (path.stem == "graph")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_only_entry_files_read_the_environment_make_clients_and_log(path: Path) -> None:
    source = path.read_text()
    is_entry = path.stem in ENTRIES
    assert ("os.environ" in source) == is_entry
    assert (" = Session(" in source) == (path.stem == "aws")
    assert "aws.Clients(" not in source or is_entry
    assert " = Logger(" not in source or is_entry


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_pure_modules_and_leaves_need_only_the_standard_library(path: Path) -> None:
    if path.stem in PURE | LEAVES:
        assert third_party(path) <= {"whatsapp_connect"}


def test_pure_modules_import_each_other_without_a_circle() -> None:
    needs = {path.stem: own_imports(path) & PURE for path in MODULES if path.stem in PURE}
    assert set(TopologicalSorter(needs).static_order()) == PURE  # raises CycleError


def test_authorize_loads_no_more_than_it_needs() -> None:
    """It is the first thing people wait for, and its role has no right on Parameter Store, KMS or Facebook's secret."""
    names = ["graph", "parameters", "app_secrets", "cipher", "connections", "transactions"]
    program = "import sys, authorize; print(*sorted({*sys.argv[1:]} & {*sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-c", program, "requests", *(f"whatsapp_connect.{name}" for name in names)],
        cwd=FUNCTIONS,
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1", **stack.environment({})},
        check=True,
        capture_output=True,
        text=True,
    )
    assert loaded.stdout.split() == []


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_imports_from_another_test_or_a_conftest(path: Path) -> None:
    """What several tests need is in tests/support, or in a module of its own beside them."""
    parts = {part for name in imports(path) if name.startswith("tests.") for part in name.split(".")[1:]}
    assert not [part for part in parts if part == "conftest" or part.startswith("test_")]
