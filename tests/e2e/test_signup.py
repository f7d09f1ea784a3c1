"""Embedded Signup as a person meets it: the page, Meta's SDK and its window in a real browser, with the deployed stack."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from facebook_simulator.model import Configuration
from local.stack import Stack
from tests.e2e.neighbour import Neighbour, neighbour_of
from whatsapp_connect.model import PhoneNumber

pytestmark = [pytest.mark.emulator, pytest.mark.browser]

CONFIG = "77"


@pytest.fixture(scope="module")
def embedded(stack: Stack) -> Iterator[Neighbour]:
    with neighbour_of(stack, "embedded", app_id="5550007") as neighbour:
        assert stack.facebook
        about = {"configurations": (Configuration(CONFIG),), "sdk_login": True, "sdk_domains": (neighbour.base_url,)}
        stack.facebook.state.configure_app("5550007", about)
        neighbour.update(LoginConfigId=CONFIG, SignupMode="embedded")
        yield neighbour


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def says(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def opened(context: BrowserContext, site: Neighbour, link: str = "") -> Page:
    """Open the page before the login and wait until the SDK is ready."""
    page = context.new_page()
    page.goto(f"{site.base_url}/connect/{link}" if link else f"{site.base_url}/connect")
    expect(page.locator("form#signup")).to_have_attribute("data-ready", "yes")
    return page


def press(page: Page) -> Page:
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Continue to Facebook").click()
    return popup.value


def finish(popup: Page) -> None:
    for _ in range(3):
        popup.get_by_role("button", name="Next").click()
    popup.get_by_role("button", name="Finish").click()


def test_business_signs_up_in_the_window(context: BrowserContext, embedded: Neighbour) -> None:
    page = opened(context, embedded, embedded.link("tenant-embedded"))
    finish(press(page))
    says(page, "You are connected")
    assert page.url == f"{embedded.base_url}/callback/signup"
    assert embedded.existing_record("tenant-embedded").token_type == "SYSTEM_USER"
    # The person goes back to a page whose state is used up: it gets another one.
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("This link was already used")


def test_number_stays_in_the_business_app_and_its_chats_are_asked_for(
    context: BrowserContext, embedded: Neighbour
) -> None:
    link = embedded.link("tenant-phone", signup="embedded", signup_features=("whatsapp_business_app_onboarding",))
    page = opened(context, embedded, link)
    finish(press(page))
    says(page, "You are connected")
    embedded.wait_for(lambda: asked_for_chats(embedded, "tenant-phone"))
    (number,) = numbers_on_the_app(embedded, "tenant-phone")
    assert not number.registered


def numbers_on_the_app(site: Neighbour, connection_id: str) -> list[PhoneNumber]:
    record = site.existing_record(connection_id)
    return [number for account in record.accounts for number in account.numbers if number.is_on_biz_app]


def asked_for_chats(site: Neighbour, connection_id: str) -> bool:
    numbers = numbers_on_the_app(site, connection_id)
    return bool(numbers) and all(number.contacts.asked_at and number.history.asked_at for number in numbers)


def test_person_who_cancels_can_start_again(context: BrowserContext, embedded: Neighbour) -> None:
    page = opened(context, embedded)
    popup = press(page)
    popup.get_by_role("button", name="Next").click()
    popup.get_by_role("button", name="Cancel").click()
    says(page, "Not connected")
    page.get_by_role("link", name="Start again").click()
    finish(press(page))
    says(page, "You are connected")


def test_error_shows_the_session_of_facebooks_support(context: BrowserContext, embedded: Neighbour) -> None:
    page = opened(context, embedded)
    press(page).get_by_role("button", name="Report a problem").click()
    says(page, "Facebook reported an error")
    expect(page.get_by_text("Facebook's session ID")).to_be_visible()


def test_window_without_an_answer_leads_on_by_redirect(context: BrowserContext, embedded: Neighbour) -> None:
    embedded.facebook.fail("dialog", "no_answer")
    page = opened(context, embedded)
    finish(press(page))
    says(page, "One more step")
    page.get_by_role("link", name="Continue to Facebook").click()
    page.wait_for_url(re.compile("/dialog/oauth"))


def test_without_the_sdk_the_button_redirects(context: BrowserContext, embedded: Neighbour) -> None:
    context.route("**/sdk.js", lambda route: route.abort())
    page = context.new_page()
    page.goto(f"{embedded.base_url}/connect")
    page.get_by_role("link", name="Continue to Facebook").click()
    page.wait_for_url(re.compile("/dialog/oauth"))


def test_service_gets_the_browser_back(context: BrowserContext, embedded: Neighbour) -> None:
    """Its policy allows the page's form to end there. The service is another origin that answers: the stack beside it."""
    service = embedded.stack.base_url
    page = opened(context, embedded, embedded.link("tenant-back", return_url=f"{service}/?a=b"))
    finish(press(page))
    page.wait_for_url(re.compile(rf"^{re.escape(service)}/\?a=b&.*status=connected"))
