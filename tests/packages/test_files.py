"""What is in each package: its files, its metadata, and its page on an index."""

import json
import re
import subprocess
import tarfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import pytest
from readme_renderer import markdown

from tests.packages.package import PACKAGES, READER, Package
from tests.support.docs import ROOT, read
from whatsapp_connect.version import VERSION

ABOUT_WHEEL = {"METADATA", "RECORD", "WHEEL", "licenses/LICENSE"}
PROGRAMS = {"whatsapp-connect", "whatsapp-connect-simulator"}
READMES = [f"{package.folder}/{package.readme}".removeprefix("./") for package in PACKAGES] + ["clients/node/README.md"]
LICENSES = ["clients/node/LICENSE", "clients/python/LICENSE", "simulator/LICENSE"]
every_package = pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)


def metadata(package: Package, dist: Path) -> Message:
    with ZipFile(package.wheel(dist)) as archive:
        return message_from_bytes(archive.read(f"{package.file}.dist-info/METADATA"))


@every_package
def test_wheel_has_the_modules_and_nothing_else(package: Package, dist: Path) -> None:
    with ZipFile(package.wheel(dist)) as archive:
        names = archive.namelist()
    about = ABOUT_WHEEL | ({"entry_points.txt"} if package.name in PROGRAMS else set())
    modules = set().union(*(package.tracked(module) for module in package.modules))
    assert sorted(names) == sorted(modules | {f"{package.file}.dist-info/{name}" for name in about})


@every_package
def test_source_distribution_has_what_a_wheel_is_built_from(package: Package, dist: Path) -> None:
    with tarfile.open(package.source(dist)) as archive:
        names = [name for name in archive.getnames() if archive.getmember(name).isfile()]
    modules = {
        f"{module.rpartition('/')[0]}/{name}".removeprefix("/")
        for module in package.modules
        for name in package.tracked(module)
    }
    # hatchling adds .gitignore, so that a wheel of the source distribution leaves out the same files.
    own = {".gitignore", "LICENSE", "PKG-INFO", "pyproject.toml", package.readme}
    assert sorted(names) == sorted(f"{package.file}/{name}" for name in modules | own)


def test_build_leaves_nothing_in_the_checkout(clone: Path, dist: Path) -> None:
    assert dist.exists()
    left = subprocess.run(
        ["git", "status", "--porcelain", "--ignored"], cwd=clone, check=True, capture_output=True, text=True
    )
    assert left.stdout == ""


@every_package
def test_metadata_says_what_the_package_is(package: Package, dist: Path) -> None:
    about = metadata(package, dist)
    assert (about["Name"], about["Version"]) == (package.name, VERSION)
    assert about["Requires-Python"] == package.requires_python
    assert about["License-Expression"] == "MIT"
    assert about["License-File"] == "LICENSE"
    assert about["Author"]
    assert about["Summary"]
    assert about["Keywords"]
    assert about["Description-Content-Type"] == "text/markdown"
    assert about.get_payload() == (ROOT / package.folder / package.readme).read_text()
    classifiers = about.get_all("Classifier", [])
    assert ("Typing :: Typed" in classifiers) == package.is_typed
    assert any(name.endswith("/py.typed") for name in package.tracked(package.modules[0])) == package.is_typed


def test_reader_needs_nothing(dist: Path) -> None:
    assert metadata(READER, dist).get_all("Requires-Dist") == ["boto3>=1.40; extra == 'boto3'"]


@pytest.mark.parametrize("copy", LICENSES)
def test_each_package_has_the_licence(copy: str) -> None:
    """A package can only contain files below its folder."""
    assert read(copy) == read("LICENSE")


@pytest.mark.parametrize("readme", READMES)
def test_page_on_an_index_has_no_link_into_the_repository(readme: str) -> None:
    """An index shows the page alone, and PyPI makes no anchors of its headings."""
    page = markdown.render(read(readme))
    assert page
    assert "<h1>" in page
    links = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert [link for link in links if not link.startswith("https://")] == []


def test_npm_package_says_what_it_is() -> None:
    about = json.loads(read("clients/node/package.json"))
    assert about["license"] == "MIT"
    assert about["author"]
    assert about["keywords"]
    assert about["files"] == ["dist"]
    assert about["exports"]["."]["types"].endswith(".d.ts")
