"""What the deployed stack makes of a token that grows old or dies, by the buttons of the simulated Facebook."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from facebook_simulator.world import Person
from tests.support.people import newcomer
from tests.support.screen import NewPage
from tests.support.site import Site

pytestmark = [pytest.mark.emulator, pytest.mark.browser]


@pytest.fixture
def person(site: Site) -> Iterator[Person]:
    """Let somebody live in the simulator. The only token on their card is that of their one login."""
    assert site.stack.facebook
    state = site.stack.facebook.state
    before, person = state.people, newcomer()
    state.populate((*before, person))
    yield person
    state.populate(before)


@pytest.fixture
def card(site: Site, person: Person, new_page: NewPage) -> Locator:
    """Connect the person, and find their card on the developers' page of the simulated Facebook."""
    assert site.connect(person.key).status_code == 200
    site.wait_for(lambda: site.metadata(person.id).get("status") == "active")
    page = new_page()
    page.goto(site.stack.facebook_url)
    return page.locator("section", has_text=person.id)


def press(card: Locator, button: str) -> None:
    """Press the first button of its kind: of the newest token."""
    card.get_by_role("button", name=button).first.click()


def test_an_old_token_is_extended(card: Locator, person: Person, site: Site) -> None:
    site.facebook.control("settings", {"renewal": "extend"})
    token = site.token(person.id)
    assert token
    card.locator("select").first.select_option(label="5 days")
    press(card, "Make this token old")
    site.wait_for(lambda: site.token(person.id) not in {token, None})


def test_changed_password_deletes_the_token_and_names_the_cause(card: Locator, person: Person, site: Site) -> None:
    press(card, "Change the password")
    site.wait_for(lambda: site.token(person.id) is None)
    site.wait_for(lambda: site.metadata(person.id).get("status_reason") == "password-changed")


def test_removing_the_app_leaves_nothing(card: Locator, person: Person, site: Site) -> None:
    press(card, "Remove the app")
    site.wait_for(lambda: site.token(person.id) is None and not site.metadata(person.id))


def test_deleted_data_has_a_page_that_says_so(card: Locator, person: Person, site: Site) -> None:
    press(card, "Ask to delete the data")
    site.wait_for(lambda: site.token(person.id) is None and not site.metadata(person.id))
    page = card.page
    page.locator("a[href*='/data-deletion/']").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your data is deleted")
    expect(page.get_by_text(person.name)).to_have_count(0)
