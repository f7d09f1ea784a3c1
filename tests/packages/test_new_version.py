"""`make version`: sets the next version everywhere, or nowhere."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from whatsapp_connect.version import VERSION

NEXT = f"{int(VERSION.partition('.')[0]) + 1}.0.0"
CHANGES = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Something.\n\n[unreleased]: https://github.com/<owner>/<repository>/commits/HEAD\n"


@pytest.fixture
def clone(clone: Path, tmp_path: Path) -> Path:
    """Return a clone before the first release."""
    own = tmp_path / "clone"
    git(clone, "clone", "--quiet", ".", str(own))
    commit(own, CHANGES)
    return own


def git(clone: Path, *arguments: str) -> str:
    author = ("-c", "user.name=Reader", "-c", "user.email=reader@example.com")
    done = subprocess.run(["git", *author, *arguments], cwd=clone, check=True, capture_output=True, text=True)
    return done.stdout


def commit(clone: Path, changes: str) -> None:
    (clone / "CHANGELOG.md").write_text(changes)
    git(clone, "commit", "--quiet", "--all", "--allow-empty", "--message", "Change")


def set_version(clone: Path, version: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "version", f"VERSION={version}"]
    return subprocess.run(command, cwd=clone, env=environ, check=False, capture_output=True, text=True)


def test_version_is_set_everywhere(clone: Path) -> None:
    done = set_version(clone, NEXT)
    assert done.returncode == 0, done.stderr
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert (clone / "CHANGELOG.md").read_text() == CHANGES.replace(
        "\n### Added", f"\n## [{NEXT}] - {today}\n\n### Added"
    ).replace(
        "commits/HEAD\n",
        f"compare/v{NEXT}...HEAD\n[{NEXT}]: https://github.com/<owner>/<repository>/releases/tag/v{NEXT}\n",
    )
    # The tests that hold everything equal, on the clone.
    tests = ("tests/architecture/test_version.py", "tests/docs/test_changelog.py")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    held = subprocess.run(
        [sys.executable, "-m", "pytest", "-n0", *tests],
        cwd=clone,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
    )
    assert held.returncode == 0, held.stdout


def test_next_release_is_compared_with_the_last(clone: Path) -> None:
    assert set_version(clone, VERSION).returncode == 0
    first = (clone / "CHANGELOG.md").read_text()
    commit(clone, first.replace("[Unreleased]\n", "[Unreleased]\n\n### Fixed\n\n- Something.\n"))
    assert set_version(clone, NEXT).returncode == 0
    links = (clone / "CHANGELOG.md").read_text().split("\n\n")[-1].splitlines()
    assert [link.rpartition("/")[2] for link in links] == [f"v{NEXT}...HEAD", f"v{VERSION}...v{NEXT}", f"v{VERSION}"]


@pytest.mark.parametrize("version", ["", "1.1", f"v{NEXT}", f"{NEXT}-beta", "01.0.0", "0.9.9", "1.0.0 2.0.0"])
def test_nonsense_is_refused_and_changes_nothing(clone: Path, version: str) -> None:
    done = set_version(clone, version)
    assert done.returncode != 0
    assert "Nothing was changed" in done.stderr
    assert git(clone, "status", "--porcelain") == ""


def test_released_version_is_refused(clone: Path) -> None:
    assert set_version(clone, VERSION).returncode == 0
    released = (clone / "CHANGELOG.md").read_text()
    commit(clone, released.replace("[Unreleased]\n", "[Unreleased]\n\n### Fixed\n\n- Something.\n"))
    assert f"not after {VERSION}" in set_version(clone, VERSION).stderr


def test_release_without_a_change_is_refused(clone: Path) -> None:
    commit(clone, CHANGES.replace("### Added\n\n- Something.\n\n", ""))
    assert "no change" in set_version(clone, NEXT).stderr


def test_checkout_with_other_changes_is_refused(clone: Path) -> None:
    (clone / "README.md").write_text("Something else.")
    assert "not committed" in set_version(clone, NEXT).stderr
