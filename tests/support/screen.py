"""Pages on a phone's screen, and pictures of them."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

PHONE = {"width": 390, "height": 780}

type NewPage = Callable[..., Page]
type Show = Callable[..., Page]

_PICTURES = Path(__file__).parents[2] / ".local/pictures"


def keep(page: Page, name: str) -> None:
    """Save a picture of a page in .local/pictures."""
    _PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=_PICTURES / f"{name}.png")
