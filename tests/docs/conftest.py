"""A copy of the checkout, in which the pages' commands run as a reader runs them."""

from pathlib import Path

import pytest

from tests.support.docs import ROOT, copy


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository of its own with the files of this one, those that are not committed included."""
    return copy(tmp_path_factory.mktemp("docs") / "checkout")


@pytest.fixture(scope="session")
def prepared(checkout: Path) -> Path:
    """Return the checkout after `make dev`."""
    (checkout / ".venv").symlink_to(ROOT / ".venv")
    return checkout
