"""A world for the transcripts: the functions on moto, beside the simulator, with values that are the same each time."""

from collections.abc import Iterator

import pytest

from tests.captures.stage import Stage, seed
from tests.support import command_line, stack
from tests.support.fixtures import *  # noqa: F403  pytest finds fixtures by name
from tests.support.patient import answering_site
from tests.support.world import World


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    seed(monkeypatch)


@pytest.fixture
def stage(
    seeded: None, world: World, cli: command_line.CommandLine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    with answering_site() as site:
        found = Stage(world, cli, monkeypatch, site)
        found.shown[site.url] = stack.SITE_URL
        found.be_a_terminal()
        yield found
