"""Every page as a browser shows it, without a server: the browser gets the function's response."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.support.screen import Show
from whatsapp_connect.responses import Response

URL = "https://connect.example/connect"


class Screen:
    """One tab. It shows one response after the other, because a new tab for each takes ten times as long."""

    def __init__(self, browser: Browser, options: dict[str, Any]) -> None:
        self._context = browser.new_context(**{"viewport": {"width": 390, "height": 780}} | options)
        self._context.route("**/*", self._answer)
        self._page = self._context.new_page()
        self._response: Response | None = None
        self._answers: dict[str, dict[str, Any]] = {}

    def show(self, response: Response, answers: dict[str, dict[str, Any]]) -> Page:
        self._response, self._answers = response, answers
        self._page.goto(URL)
        return self._page

    def close(self) -> None:
        self._context.close()

    def _answer(self, route: Route) -> None:
        if route.request.url == URL and self._response:
            response = self._response
            route.fulfill(status=response["statusCode"], headers=response["headers"], body=response["body"])
        elif answer := self._answers.get(route.request.url):
            route.fulfill(**answer)
        else:
            route.abort()


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    """Show a response. What the page loads from elsewhere is answered by `answers`, by URL, and fails otherwise."""
    screens: dict[str, Screen] = {}

    def show(response: Response, *, answers: dict[str, dict[str, Any]] | None = None, **options: Any) -> Page:
        key = repr(options)
        if key not in screens:
            screens[key] = Screen(browser, options)
        return screens[key].show(response, answers or {})

    yield show
    for screen in screens.values():
        screen.close()
