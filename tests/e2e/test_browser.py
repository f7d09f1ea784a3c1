"""The login as a person meets it: a real browser, without script, from the link to the last page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.people import JONAS, PRIYA
from tests.support.screen import NewPage, keep
from tests.support.site import Site

pytestmark = [pytest.mark.emulator, pytest.mark.browser]

DESKTOP = {"width": 1100, "height": 720}


def says(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def follow_link(page: Page, site: Site, person: str = "Maria Bakker") -> None:
    """Follow the connect link as far as the consent page of a person."""
    page.goto(f"{site.base_url}/connect")
    be(page, person)


def be(page: Page, person: str) -> None:
    """Be another person on the consent page than the one it opens with."""
    if person != "Maria Bakker":
        page.get_by_label("Somebody else?").select_option(label=person)
        page.get_by_role("button", name="Switch").click()


def press_continue(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Continue as ")).click()


def test_a_person_connects(site: Site, new_page: NewPage) -> None:
    page = new_page()
    follow_link(page, site)
    keep(page, "consent")
    press_continue(page)
    says(page, "You are connected")
    expect(page.get_by_text("+1 202-555-0100 (Corner Bakery)")).to_be_visible()
    keep(page, "connected")
    assert (site.token("122100000000000001") or "").startswith("EAA")


def test_a_reload_shows_the_same_page_and_sends_no_second_code(site: Site, new_page: NewPage) -> None:
    page = new_page()
    follow_link(page, site)
    press_continue(page)
    says(page, "You are connected")
    token = site.token("122100000000000001")
    page.reload()
    says(page, "You are connected")
    page.goto("about:blank")
    page.go_back()
    says(page, "You are connected")
    assert site.token("122100000000000001") == token


def test_other_browser_sees_no_outcome(site: Site, new_page: NewPage) -> None:
    page, other = new_page(), new_page()
    follow_link(page, site)
    press_continue(page)
    says(page, "You are connected")
    other.goto(page.url)
    says(other, "Please start again in this browser")
    expect(other.get_by_text("Corner Bakery")).to_have_count(0)
    keep(other, "other-browser")
    other.get_by_role("link", name="Start again").click()
    expect(other.get_by_role("button", name="Cancel")).to_be_visible()


def test_two_tabs_both_finish(site: Site, new_page: NewPage) -> None:
    first = new_page()
    second = first.context.new_page()
    follow_link(first, site)
    follow_link(second, site)
    press_continue(first)
    press_continue(second)
    says(first, "You are connected")
    says(second, "You are connected")


def test_a_person_who_cancels_can_start_again(site: Site, new_page: NewPage) -> None:
    page = new_page(DESKTOP, "dark")
    follow_link(page, site)
    page.get_by_role("button", name="Cancel").click()
    says(page, "Not connected")
    keep(page, "declined-dark")
    page.get_by_role("link", name="Start again").click()
    press_continue(page)
    says(page, "You are connected")


def test_a_missing_permission_is_asked_for_again(site: Site, new_page: NewPage) -> None:
    page = new_page()
    follow_link(page, site, "Jonas Lind")
    page.locator("input[name=permission][value=whatsapp_business_messaging]").uncheck()
    press_continue(page)
    says(page, "One permission is missing")
    keep(page, "permission-missing")
    page.get_by_role("link", name="Ask me again").click()
    assert "auth_type=rerequest" in page.url
    be(page, "Jonas Lind")
    press_continue(page)
    says(page, "You are connected")


def test_person_without_an_account_can_choose_again(site: Site, new_page: NewPage) -> None:
    page = new_page()
    follow_link(page, site, "Priya Nair")
    press_continue(page)
    says(page, "You are signed in")
    keep(page, "accounts-unknown")
    site.wait_for(lambda: site.metadata(PRIYA).get("status_reason") == "accounts-unknown")
    page.get_by_role("link", name="Choose an account").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()


def test_reconnect_with_the_account_unticked_changes_nothing(site: Site, new_page: NewPage) -> None:
    page = new_page()
    follow_link(page, site, "Jonas Lind")
    press_continue(page)
    says(page, "You are connected")
    token = site.token(JONAS)
    site.facebook.control("debug-token", {"person": "jonas", "target_ids": "empty"})
    follow_link(page, site, "Jonas Lind")
    press_continue(page)
    site.facebook.control("debug-token", {"person": "jonas"})
    says(page, "No WhatsApp account was chosen")
    keep(page, "no-account")
    assert site.token(JONAS) == token
    page.get_by_role("link", name="Choose an account").click()
    be(page, "Jonas Lind")
    press_continue(page)
    says(page, "You are connected")


def test_a_person_chooses_which_account_to_share(site: Site, new_page: NewPage) -> None:
    page = new_page()
    follow_link(page, site, "Jonas Lind")
    for account in ("300000000000002", "300000000000003"):
        page.locator(f"input[name=waba][value='{account}']").uncheck()
    press_continue(page)
    says(page, "You are connected")
    expect(page.get_by_text("Harbour Cycles")).to_be_visible()
    expect(page.get_by_text("Lind Travel")).to_have_count(0)


def test_facebook_in_trouble_has_its_own_page(site: Site, new_page: NewPage) -> None:
    page = new_page(scheme="dark")
    follow_link(page, site)
    site.facebook.fail("oauth/access_token", "server_error")
    press_continue(page)
    says(page, "Facebook is not answering")
    keep(page, "facebook-unavailable-dark")
    page.reload()
    says(page, "Facebook is not answering")
    page.get_by_role("link", name="Start again").click()
    press_continue(page)
    says(page, "You are connected")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_unknown_address_shows_a_way_to_connect(site: Site, new_page: NewPage, scheme: str) -> None:
    page = new_page(scheme=scheme)
    page.goto(f"{site.base_url}/conect")
    says(page, "This page does not exist")
    keep(page, f"not-found-{scheme}")
    page.goto(site.base_url)
    says(page, "WhatsApp Connect")
    keep(page, f"home-{scheme}")
    page.get_by_role("link", name="Connect").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()


def test_old_callback_link_offers_to_start_again(site: Site, new_page: NewPage) -> None:
    page = new_page(DESKTOP)
    page.goto(f"{site.base_url}/callback")
    says(page, "Please start again")
    keep(page, "start-again")
    expect(page.get_by_role("link", name="Start again")).to_have_attribute("href", "/connect")
