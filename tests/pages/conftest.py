"""Every page as a browser shows it, without a server: the browser gets the function's response."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from tests.support.screen import Show
from whatsapp_connect.responses import Response

URL = "https://connect.example/connect"


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Show a response. What the page loads from elsewhere is answered by `answers`, by URL, and fails otherwise."""
    contexts: list[BrowserContext] = []

    def show(response: Response, *, answers: dict[str, dict[str, Any]] | None = None, **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 390, "height": 780}} | options)
        contexts.append(context)

        def answer(route: Route) -> None:
            if route.request.url == URL:
                route.fulfill(status=response["statusCode"], headers=response["headers"], body=response["body"])
            elif route.request.url in (answers or {}):
                route.fulfill(**(answers or {})[route.request.url])
            else:
                route.abort()

        context.route("**/*", answer)
        page = context.new_page()
        page.goto(URL)
        return page

    yield show
    for context in contexts:
        context.close()
