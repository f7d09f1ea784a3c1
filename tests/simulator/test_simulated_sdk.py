"""The stand-in for Facebook's JavaScript SDK and the pop-up of Embedded Signup, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.simulator.facebook_client import FacebookClient, error
from tests.simulator.signup_site import SignupSite, answer, finish, messages, press, signup_site
from tests.support.people import BAKERY

pytestmark = pytest.mark.browser

PORTFOLIO = "200000000000001"
PHONE = "400000000000001"


@pytest.fixture
def site(facebook: FacebookClient) -> Iterator[SignupSite]:
    with signup_site(facebook) as site:
        yield site


@pytest.fixture
def page(browser: Browser, site: SignupSite) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(site.url)
    yield page
    context.close()


def test_sign_up_gives_a_code_and_the_ids(facebook: FacebookClient, site: SignupSite, page: Page) -> None:
    finish(press(page))
    response = answer(page)
    assert response["status"] == "connected"
    (message,) = messages(page)
    assert message == {
        "type": "WA_EMBEDDED_SIGNUP",
        "event": "FINISH",
        "data": {"phone_number_id": PHONE, "waba_id": BAKERY, "business_id": PORTFOLIO},
    }
    code = response["authResponse"]["code"]
    assert error(facebook.token_request(code=code, redirect_uri=f"{site.url}/callback")) == (400, 100, 36008)
    exchanged = facebook.token_request(code=code, redirect_uri=None)
    assert facebook.get(f"{BAKERY}/phone_numbers", exchanged.json()["access_token"]).ok
    assert error(facebook.token_request(code=code, redirect_uri=None)) == (400, 100, 36009)
