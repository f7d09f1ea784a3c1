"""What the deployed stack makes of a token that grows old or dies, by the buttons of the simulated Facebook."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.people import PRIYA
from tests.support.screen import NewPage
from tests.support.site import Site

pytestmark = [pytest.mark.emulator, pytest.mark.browser]


@pytest.fixture
def connected(site: Site, new_page: NewPage) -> Page:
    """Connect Priya, and open the developers' page of the simulated Facebook."""
    page = new_page()
    page.goto(f"{site.base_url}/connect")
    page.get_by_label("Somebody else?").select_option(label="Priya Nair")
    page.get_by_role("button", name="Switch").click()
    page.get_by_role("button", name=re.compile("^Continue as ")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You're connected")
    token = site.token(PRIYA)
    site.wait_for(lambda: site.metadata(PRIYA).get("status") == "active")
    assert token
    page.goto(site.stack.facebook_url)
    return page


def press(page: Page, button: str) -> None:
    """Press the first button of its kind on Priya's card, that of her newest token."""
    page.locator("section", has_text="Priya Nair").get_by_role("button", name=button).first.click()


def test_an_old_token_is_extended(connected: Page, site: Site) -> None:
    token = site.token(PRIYA)
    connected.locator("section", has_text="Priya Nair").locator("select").first.select_option(label="5 days")
    press(connected, "Make this token old")
    site.wait_for(lambda: site.token(PRIYA) not in {token, None})


def test_changed_password_deletes_the_token_and_names_the_cause(connected: Page, site: Site) -> None:
    press(connected, "Change the password")
    site.wait_for(lambda: site.token(PRIYA) is None)
    site.wait_for(lambda: site.metadata(PRIYA).get("status_reason") == "password-changed")


def test_removing_the_app_leaves_nothing(connected: Page, site: Site) -> None:
    press(connected, "Remove the app")
    site.wait_for(lambda: site.token(PRIYA) is None and not site.metadata(PRIYA))


def test_deleted_data_has_a_page_that_says_so(connected: Page, site: Site) -> None:
    press(connected, "Ask to delete the data")
    site.wait_for(lambda: site.token(PRIYA) is None and not site.metadata(PRIYA))
    connected.locator("a[href*='/data-deletion/']").first.click()
    expect(connected.get_by_role("heading", level=1)).to_have_text("Your request is done")
    expect(connected.get_by_text("Priya")).to_have_count(0)
