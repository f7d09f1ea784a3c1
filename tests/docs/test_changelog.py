"""CHANGELOG.md has the form of https://keepachangelog.com/en/1.1.0/, which programs read."""

import re
from datetime import date
from itertools import pairwise

from tests.support.docs import read
from whatsapp_connect.version import VERSION

KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
PAGE = read("CHANGELOG.md")
_, UNRELEASED, *RELEASED = re.split(r"(?m)^(?=## )", PAGE)
HEADING = re.compile(r"## \[(?P<version>\d+\.\d+\.\d+)\] - (?P<date>\d{4}-\d\d-\d\d)\n")
RELEASES = [HEADING.match(release) for release in RELEASED]


def test_it_begins_with_its_title_and_what_is_unreleased() -> None:
    assert PAGE.startswith("# Changelog\n")
    assert UNRELEASED.startswith("## [Unreleased]\n")


def test_each_release_has_a_version_and_a_date_and_the_newest_is_first() -> None:
    found = [release for release in RELEASES if release]
    assert len(found) == len(RELEASED)
    dates = [date.fromisoformat(release["date"]) for release in found]
    versions = [tuple(int(number) for number in release["version"].split(".")) for release in found]
    assert all(newer >= older for newer, older in pairwise(dates))
    assert all(newer > older for newer, older in pairwise(versions))
    assert [release["version"] for release in found[:1]] in ([], [VERSION])


def test_changes_of_a_version_are_grouped_by_kind() -> None:
    for version in (UNRELEASED, *RELEASED):
        kinds = re.findall(r"(?m)^### (.*)$", version)
        assert kinds == [kind for kind in KINDS if kind in kinds]
        for group in re.split(r"(?m)^### .*$", version)[1:]:
            assert group.lstrip().startswith("- ")


def test_every_version_has_a_link() -> None:
    links = re.findall(r"(?m)^\[(.+)\]: https://github\.com/<owner>/<repository>/(.+)$", PAGE)
    released = [release["version"] for release in RELEASES if release]
    assert [name for name, _ in links] == ["unreleased", *released]
    older = [f"compare/v{older}...v{newer}" for newer, older in pairwise(released)]
    newest = f"compare/v{released[0]}...HEAD" if released else "commits/HEAD"
    assert [target for _, target in links] == [newest, *older, *(f"releases/tag/v{first}" for first in released[-1:])]
