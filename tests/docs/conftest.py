"""A copy of the checkout, in which the pages' commands run as a reader runs them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.docs import ROOT, files


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of its own with the files of this one, those that are not committed included."""
    folder = tmp_path_factory.mktemp("docs") / "checkout"
    for name in files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    git = ["git", "-c", "user.name=Reader", "-c", "user.email=reader@example.com"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "Copy"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder


@pytest.fixture(scope="session")
def prepared(checkout: Path) -> Path:
    """Return the checkout after `make dev`."""
    (checkout / ".venv").symlink_to(ROOT / ".venv")
    return checkout
