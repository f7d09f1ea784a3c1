"""Pages in a browser, for the tests of the deployed stack."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from local.stack import Stack
from tests.support.screen import PHONE, NewPage
from tests.support.site import Site


@pytest.fixture(scope="session")
def site(stack: Stack) -> Site:
    return Site(stack)


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
