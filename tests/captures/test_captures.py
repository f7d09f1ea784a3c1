"""The pages show what the commands print. After a change: `python -m tests.captures`."""

import inspect
import os
from pathlib import Path

import pytest

from tests.captures import scenes
from tests.captures.pages import ROOT, WRITE, captured, pages, without_scene
from tests.captures.pages import scenes as scenes_of
from tests.captures.stage import Stage

SCENES = {
    name.replace("_", "-"): scene
    for name, scene in inspect.getmembers(scenes, inspect.isfunction)
    if scene.__module__ == scenes.__name__ and not name.startswith("_")
}
USED = [(page, scene) for page in pages() for scene in scenes_of(page)]


@pytest.mark.parametrize(("page", "scene"), USED, ids=[f"{page.relative_to(ROOT)} {scene}" for page, scene in USED])
def test_page_shows_what_the_commands_print(page: Path, scene: str, stage: Stage) -> None:
    SCENES[scene](stage)
    text = page.read_text()
    again = captured(text, scene, stage.run)
    if os.environ.get(WRITE):
        page.write_text(again)
    else:
        assert again == text, "The output has changed. Run: .venv/dev/bin/python -m tests.captures"


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_transcript_names_its_scene(page: Path) -> None:
    assert without_scene(page) == []


def test_every_scene_is_used() -> None:
    assert {scene for _, scene in USED} == SCENES.keys()
