"""Every link of a page leads to a file or a heading that exists."""

import re
from pathlib import PurePosixPath
from posixpath import normpath

import pytest

from tests.support.docs import files, pages, prose

_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
FILES = set(files())
FOLDERS = {str(folder) for name in FILES for folder in PurePosixPath(name).parents}


def anchors(page: str) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    found: set[str] = set()
    for heading in re.findall(r"(?m)^#+ (.+)$", prose(page)):
        text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number, name = 0, anchor
        while name in found:
            number, name = number + 1, f"{anchor}-{number + 1}"
        found.add(name)
    return found


def broken(page: str) -> list[str]:
    found = []
    for link in (first or second for first, second in _LINK.findall(re.sub(r"`[^`]*`", "", prose(page)))):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        target = normpath(PurePosixPath(page).parent / path) if path else page
        if target not in FILES | FOLDERS or (anchor and anchor not in anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", pages())
def test_link_leads_to_what_exists(page: str) -> None:
    assert broken(page) == []
