"""What the deployed stack makes of a token that grows old or dies, by the buttons of the simulated Facebook."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from local.stack import Stack
from tests.support.screen import NewPage

pytestmark = [pytest.mark.emulator, pytest.mark.browser]

PRIYA = "122100000000000003"


class Readers:
    """What readers get of Priya's connection."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._ssm = stack.session.client("ssm", endpoint_url=stack.endpoint_url)

    def parameter(self, leaf: str) -> str | None:
        name = f"{self._stack.outputs['ParameterPrefix']}/connections/{PRIYA}/{leaf}"
        try:
            return self._ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        except self._ssm.exceptions.ParameterNotFound:
            return None

    def metadata(self) -> dict[str, Any] | None:
        text = self.parameter("metadata")
        return None if text is None else json.loads(text)

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait, as long as the stack has something to tell, until a condition holds."""
        for _ in range(40):
            if condition():
                return
            list(self._stack.announcements(seconds=1))
        raise AssertionError("it did not happen")


@pytest.fixture
def readers(stack: Stack) -> Readers:
    return Readers(stack)


@pytest.fixture
def connected(stack: Stack, new_page: NewPage, readers: Readers) -> Page:
    """Connect Priya, and open the developers' page of the simulated Facebook."""
    page = new_page()
    page.goto(f"{stack.base_url}/connect")
    page.get_by_label("Somebody else?").select_option(label="Priya Nair")
    page.get_by_role("button", name="Switch").click()
    page.get_by_role("button", name=re.compile("^Continue as ")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You're connected")
    token = readers.parameter("access-token")
    readers.wait(lambda: (readers.metadata() or {}).get("status") == "active")
    assert token
    page.goto(stack.facebook_url)
    return page


def press(page: Page, button: str) -> None:
    """Press the first button of its kind on Priya's card, that of her newest token."""
    page.locator("section", has_text="Priya Nair").get_by_role("button", name=button).first.click()


def test_an_old_token_is_extended(connected: Page, readers: Readers) -> None:
    token = readers.parameter("access-token")
    connected.locator("section", has_text="Priya Nair").locator("select").first.select_option(label="5 days")
    press(connected, "Make this token old")
    readers.wait(lambda: readers.parameter("access-token") not in {token, None})


def test_a_changed_password_takes_the_token_away_and_says_why(connected: Page, readers: Readers) -> None:
    press(connected, "Change the password")
    readers.wait(lambda: readers.parameter("access-token") is None)
    readers.wait(lambda: (readers.metadata() or {}).get("status_reason") == "password-changed")


def test_removing_the_app_leaves_nothing(connected: Page, readers: Readers) -> None:
    press(connected, "Remove the app")
    readers.wait(lambda: readers.parameter("access-token") is None and readers.metadata() is None)


def test_deleted_data_has_a_page_that_says_so(connected: Page, readers: Readers) -> None:
    press(connected, "Ask to delete the data")
    readers.wait(lambda: readers.parameter("access-token") is None and readers.metadata() is None)
    connected.locator("a[href*='/data-deletion/']").first.click()
    expect(connected.get_by_role("heading", level=1)).to_have_text("Your request is done")
    expect(connected.get_by_text("Priya")).to_have_count(0)
