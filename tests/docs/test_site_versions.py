""".ci/site.py builds the site of each tag from the files of that tag, and a list of all of them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.docs import ROOT

MAKEFILE = 'docs:\n\t@mkdir -p "$(SITE)" "$(SITE).doctrees"\n\t@cp page "$(SITE)/page"\n\t@echo "$$SITE_VERSION" > "$(SITE)/version"\n'
"""Stands for the real one, which takes half a minute for each version."""


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sites = folder / "build/sites"
        (folder / ".ci").mkdir(parents=True)
        shutil.copy(ROOT / ".ci/site.py", folder / ".ci")
        (folder / "Makefile").write_text(MAKEFILE)
        self.git("init", "--quiet")

    def git(self, *arguments: str) -> str:
        git = ("git", "-c", "user.name=Writer", "-c", "user.email=writer@example.com")
        return subprocess.run(
            [*git, *arguments], cwd=self.folder, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()

    def commit(self, text: str, tag: str = "") -> None:
        (self.folder / "page").write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", text)
        if tag:
            self.git("tag", tag)

    def build(self) -> Mapping[str, Any]:
        """Return the list of versions, by version."""
        environ = os.environ | {"GITHUB_REPOSITORY": "Acme/connect"}
        subprocess.run([sys.executable, ".ci/site.py"], cwd=self.folder, env=environ, check=True)
        return {one["version"]: one for one in json.loads((self.sites / "versions.json").read_text())}

    def first(self) -> str:
        (found,) = re.findall(r"url=([^\"]+)", (self.sites / "index.html").read_text())
        return str(found)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def test_each_tag_has_a_folder_with_its_own_pages(checkout: Checkout) -> None:
    checkout.commit("first", "v1.9.0")
    checkout.commit("second", "v1.10.0")
    checkout.commit("third")
    listed = checkout.build()
    assert list(listed) == ["v1.10.0", "v1.9.0", "latest"]
    pages = {version: (checkout.sites / version / "page").read_text() for version in listed}
    assert pages == {"v1.9.0": "first", "v1.10.0": "second", "latest": "third"}
    for version, one in listed.items():
        assert (checkout.sites / version / "version").read_text().strip() == version
        assert one["url"] == f"https://acme.github.io/connect/{version}/"
    assert [version for version, one in listed.items() if one["preferred"]] == ["v1.10.0"]
    assert checkout.first() == "v1.10.0/"


def test_before_the_first_release_the_latest_pages_come_first(checkout: Checkout) -> None:
    checkout.commit("only")
    assert list(checkout.build()) == ["latest"]
    assert checkout.first() == "latest/"


def test_nothing_but_the_sites_stays_behind(checkout: Checkout) -> None:
    checkout.commit("first", "v1.0.0")
    checkout.build()
    checkout.build()
    assert {path.name for path in checkout.sites.iterdir()} == {"v1.0.0", "latest", "versions.json", "index.html"}
    assert len(checkout.git("worktree", "list").splitlines()) == 1
