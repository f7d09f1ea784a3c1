"""One local stack for all tests: they share it, so each uses a person, a table row or a name of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from local.options import Options
from local.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start the whole of WhatsApp Connect on free ports, beside the simulator."""
    options = Options(
        port=0, facebook_port=0, emulator_port=0, start_api_port=0, directory=tmp_path_factory.mktemp("stack")
    )
    with Stack.start(options) as stack:
        yield stack


PHONE = {"width": 390, "height": 780}
PICTURES = Path(__file__).parents[2] / ".local/pictures"

NewPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-background-networking", "--disable-sync"],
        )
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Open a page in a browser of its own: with no cookies, no script, and a phone's size unless told otherwise."""
    contexts: list[BrowserContext] = []

    def open_page(size: dict[str, int] = PHONE, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=False,
        )
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def keep(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")
