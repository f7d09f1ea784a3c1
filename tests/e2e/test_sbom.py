"""The bill of materials of what was built."""

import json
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

from local import sbom
from local.place import template
from local.stack import Stack

pytestmark = pytest.mark.emulator


@pytest.fixture
def artifacts(stack: Stack) -> list[Path]:
    """Return the folder of each function."""
    return [path for path in template(stack.directory).parent.iterdir() if path.is_dir()]


@pytest.fixture
def written(artifacts: list[Path], tmp_path: Path) -> dict[str, Any]:
    sbom.write(artifacts[0], tmp_path / "bom.json")
    content: dict[str, Any] = json.loads((tmp_path / "bom.json").read_text())
    return content


def test_the_bill_lists_what_is_in_every_function(artifacts: list[Path], written: dict[str, Any]) -> None:
    listed = {(one["name"], one["version"]) for one in written["components"]}
    assert len(artifacts) == 10
    for artifact in artifacts:
        assert {(one.name, one.version) for one in distributions(path=[str(artifact)])} == listed


def test_every_distribution_has_the_hashes_of_the_list(written: dict[str, Any]) -> None:
    lock = sbom.LOCK.read_text()
    allowed = sbom.hashes_in(lock)
    assert sum(map(len, allowed.values())) == lock.count("sha256:")
    for component in written["components"]:
        (reference,) = component["externalReferences"]
        hashes = {one["content"] for one in reference["hashes"]}
        assert hashes == set(allowed[component["purl"].removeprefix("pkg:pypi/").partition("@")[0]])
        assert component["licenses"]


def test_every_file_of_ours_is_listed_as_it_is_deployed(artifacts: list[Path], written: dict[str, Any]) -> None:
    ours = written["metadata"]["component"]
    listed = {one["name"]: one["hashes"][0]["content"] for one in ours["components"]}
    source = sbom.LOCK.parent
    assert listed == {
        str(path.relative_to(source)): sha256(path.read_bytes()).hexdigest()
        for path in source.rglob("*.py")
        if path.parent.name != "artifact"  # builds what is deployed, and is not
    }
    for artifact in artifacts:
        assert {name: sha256((artifact / name).read_bytes()).hexdigest() for name in listed} == listed


def test_every_dependency_is_traced_to_the_project(written: dict[str, Any]) -> None:
    needs = {one["ref"]: set(one.get("dependsOn", [])) for one in written["dependencies"]}
    direct = {ref.removeprefix("pkg:pypi/").partition("@")[0] for ref in needs["whatsapp-connect-stack"]}
    assert direct == {"aws-lambda-powertools", "botocore", "requests"}
    reached, new = set[str](), {"whatsapp-connect-stack"}
    while new:
        reached |= new
        new = {need for ref in new for need in needs[ref]} - reached
    assert reached == {"whatsapp-connect-stack"} | {one["bom-ref"] for one in written["components"]}


def test_the_same_build_makes_the_same_bill(artifacts: list[Path], tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    sbom.write(artifacts[0], first)
    sbom.write(artifacts[1], second)
    assert first.read_bytes() == second.read_bytes()
    assert "timestamp" not in first.read_text()
    assert str(artifacts[0].parent) not in first.read_text()
