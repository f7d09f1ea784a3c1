"""The packages as `uv build` makes them of a clean clone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packages.package import PACKAGES, UV
from tests.support.docs import copy


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with the files of this one, those that are not committed included."""
    return copy(tmp_path_factory.mktemp("packages") / "clone")


@pytest.fixture(scope="session")
def dist(clone: Path) -> Path:
    """Return a folder with a source distribution of each package, and with the wheel that was built from it."""
    folder = clone.parent / "dist"
    build = (UV, "build", "--quiet", "--offline", "--no-build-isolation", "--python", sys.executable)
    for package in PACKAGES:
        subprocess.run([*build, "--out-dir", folder, clone / package.folder], check=True, env=os.environ)
    return folder
