"""The stand-in for Facebook's JavaScript SDK and the pop-up of Embedded Signup, in a real browser."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError

from facebook_simulator.server import APP_ID
from facebook_simulator.signup import STEPS
from tests.simulator.facebook_client import FacebookClient, error
from tests.simulator.signup_site import SignupSite, answer, finish, messages, press, seen, signup_site
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


def test_number_of_the_business_app(facebook: FacebookClient, site: SignupSite, page: Page) -> None:
    site.options["extras"] = {
        "setup": {},
        "featureType": "whatsapp_business_app_onboarding",
        "version": "v4",
        "sessionInfoVersion": "3",
    }
    page.reload()
    popup = press(page)
    popup.get_by_role("button", name="Next").click()
    popup.get_by_role("button", name="Next").click()
    expect(popup.get_by_label("Connect a number of the WhatsApp Business app")).to_be_checked()
    popup.get_by_label("Share the chats").uncheck()
    popup.get_by_role("button", name="Next").click()
    popup.get_by_role("button", name="Finish").click()
    assert "code" in answer(page)["authResponse"]
    (message,) = messages(page)
    assert (message["event"], message["data"]) == ("FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING", {"waba_id": BAKERY})
    people = facebook.http.get(f"{facebook.url}/_control/people").json()["people"]
    phones = people[0]["businesses"][0]["accounts"][0]["phones"]
    assert [one["shares_history"] for one in phones if one["is_on_biz_app"]] == [False]


def test_person_with_nothing_creates_everything(site: SignupSite, page: Page) -> None:
    popup = press(page)
    popup.get_by_label("Somebody else?").select_option(label="Priya Nair")
    popup.get_by_role("button", name="Switch").click()
    popup.get_by_label("Name of a new one").fill("Priya's Shop")
    popup.get_by_role("button", name="Next").click()
    popup.get_by_label("Name of a new one").fill("Shop account")
    finish(popup, steps=2)
    assert answer(page)["status"] == "connected"
    (message,) = messages(page)
    shown = site.facebook.http.get(f"{site.facebook.url}/_control/people").json()["people"]
    (business,) = next(one["businesses"] for one in shown if one["person"] == "priya")
    assert (business["id"], business["name"]) == (message["data"]["business_id"], "Priya's Shop")
    assert business["accounts"][0]["name"] == "Shop account"


@pytest.mark.parametrize("steps", [0, 3])
def test_cancel_names_the_step(page: Page, steps: int) -> None:
    popup = press(page)
    for _ in range(steps):
        popup.get_by_role("button", name="Next").click()
    popup.get_by_role("button", name="Cancel").click()
    assert answer(page) == {"authResponse": None, "status": "unknown"}
    (message,) = messages(page)
    assert (message["event"], message["data"]) == ("CANCEL", {"current_step": STEPS[steps]})


def test_closed_window_cancels(page: Page) -> None:
    popup = press(page)
    popup.get_by_role("button", name="Next").click()
    expect(popup.get_by_text("WABA_PHONE_PROFILE_PICKER")).to_be_visible()
    popup.close(run_before_unload=True)
    assert answer(page) == {"authResponse": None, "status": "unknown"}
    (message,) = messages(page)
    assert (message["event"], message["data"]) == ("CANCEL", {"current_step": "WABA_PHONE_PROFILE_PICKER"})


def test_closed_window_can_be_silent(facebook: FacebookClient, page: Page) -> None:
    facebook.control("settings", signup_close="silent")
    popup = press(page)
    expect(popup.get_by_role("button", name="Next")).to_be_visible()
    popup.close(run_before_unload=True)
    assert answer(page) == {"authResponse": None, "status": "unknown"}
    messages(page, 0)


def test_error_has_a_session_id_for_support(page: Page) -> None:
    press(page).get_by_role("button", name="Report a problem").click()
    assert answer(page)["authResponse"] is None
    (message,) = messages(page)
    assert message["event"] == "ERROR"
    assert message["data"]["session_id"]


def test_finished_without_an_answer(facebook: FacebookClient, page: Page) -> None:
    facebook.control("faults", endpoint="dialog", fault="no_answer")
    finish(press(page))
    assert answer(page) == {"authResponse": None, "status": "unknown"}
    assert [one["event"] for one in messages(page)] == ["FINISH"]


def test_window_that_never_answers(facebook: FacebookClient, page: Page) -> None:
    facebook.control("faults", endpoint="dialog", fault="never_answers")
    popup = press(page)
    finish(popup)
    expect(popup.get_by_role("heading", name="This window does not go on")).to_be_visible()
    messages(page)
    assert seen(page, "callback") == []


def test_answer_without_a_message(facebook: FacebookClient, page: Page) -> None:
    facebook.control("faults", endpoint="dialog", fault="no_message")
    finish(press(page))
    assert "code" in answer(page)["authResponse"]
    messages(page, 0)


def order(page: Page) -> list[str]:
    """Return in which order the callback and the message came."""
    answer(page)
    messages(page)
    return [one["kind"] for one in seen(page, "callback", "message")]


def test_message_comes_before_the_answer_or_after_it(facebook: FacebookClient, page: Page) -> None:
    finish(press(page))
    assert order(page) == ["message", "callback"]
    page.reload()
    facebook.control("faults", endpoint="dialog", fault="message_after_answer")
    finish(press(page))
    assert order(page) == ["callback", "message"]


def test_slow_answer(facebook: FacebookClient, page: Page) -> None:
    facebook.control("faults", endpoint="dialog", fault="slow_answer", answer_after_ms=100)
    finish(press(page))
    assert "code" in answer(page)["authResponse"]


def test_message_of_another_origin(facebook: FacebookClient, page: Page) -> None:
    facebook.control("faults", endpoint="dialog", fault="foreign_message")
    finish(press(page))
    answer(page)
    foreign, genuine = messages(page, 2)
    origins = [one["origin"] for one in seen(page, "message")]
    assert origins == [facebook.url.replace("127.0.0.1", "localhost"), facebook.url]
    assert foreign["event"] == genuine["event"] == "FINISH"
    assert foreign["data"]["waba_id"] != genuine["data"]["waba_id"]


def test_other_messages_come_unless_switched_off(facebook: FacebookClient, page: Page) -> None:
    press(page).get_by_role("button", name="Cancel").click()
    answer(page)
    assert [type(one["data"]) for one in seen(page, "other")] == [str, str, dict, str, str]
    page.reload()
    facebook.control("settings", signup_noise=False)
    press(page).get_by_role("button", name="Cancel").click()
    answer(page)
    # What is left is the answer, which the SDK reads in the same way.
    (left,) = seen(page, "other")
    assert left["data"].startswith("cb=")


def test_blocked_window_is_not_told_to_the_page(page: Page) -> None:
    page.evaluate("() => { window.open = () => { see('blocked', {}); return null; }; }")
    page.get_by_role("button").click()
    expect(page.locator(".blocked")).to_have_count(1)
    assert seen(page, "callback") == []


def test_window_that_lost_its_opener_ends_at_the_fallback(site: SignupSite, page: Page) -> None:
    site.options |= {"fallback_redirect_uri": f"{site.url}/callback", "state": "s1"}
    site.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    page.goto(site.url)
    popup = press(page)
    finish(popup)
    popup.wait_for_url(f"{site.url}/callback?code=*")
    assert "state=s1" in popup.url
    assert answer(page) == {"authResponse": None, "status": "unknown"}


def test_page_is_the_fallback_by_default(site: SignupSite, page: Page) -> None:
    assert f"fallback_redirect_uri={quote(site.url + '/', safe='')}" in press(page).url


@pytest.mark.parametrize(
    ("change", "title"),
    [({"sdk_login": False}, "JSSDK Option is Not Toggled"), ({"sdk_domains": []}, "JSSDK Unknown Host domain")],
)
def test_page_that_the_app_does_not_allow(site: SignupSite, page: Page, change: dict[str, Any], title: str) -> None:
    site.allow(**change)
    popup = press(page)
    expect(popup.get_by_text(title)).to_be_visible()
    popup.close()
    assert answer(page) == {"authResponse": None, "status": "unknown"}


def test_wrong_calls_are_refused(page: Page, facebook: FacebookClient) -> None:
    page.goto(f"{page.url}other")
    page.add_script_tag(url=f"{facebook.url}/de_DE/sdk.js?hash=1")
    for call, message in (
        ("FB.login(() => {}, {})", "init not called with valid version"),
        ("FB.init({ appId: '1' })", "invalid version specified"),
        ("FB.init({ appId: '1', version: '26.0' })", "invalid version specified"),
        ("FB.init()", "Invalid argument"),
        ("FB.init({ version: 'v26.0' }); FB.login(async () => {}, {})", "is of type asyncfunction"),
    ):
        with pytest.raises(PlaywrightError, match=message):
            page.evaluate(f"() => {{ {call} }}")
    with page.expect_console_message(lambda one: "before FB.init" in one.text):
        page.evaluate("() => FB.login(() => {}, {})")
    assert len(page.context.pages) == 1


def test_calls_before_the_sdk_has_loaded_are_made_later(page: Page, facebook: FacebookClient) -> None:
    page.goto(f"{page.url}other")
    page.route("**/sdk.js?hash=*", lambda route: route.abort())
    page.add_script_tag(url=f"{facebook.url}/en_US/sdk.js")
    page.evaluate("() => { FB.init({ appId: '1234567890', version: 'v26.0' }); FB.login(() => {}, {}); }")
    assert len(page.context.pages) == 1
    page.unroute("**/sdk.js?hash=*")
    page.evaluate("() => { window.open = (url) => { window.opened = url; return null; }; }")
    page.add_script_tag(url=f"{facebook.url}/en_US/sdk.js?hash=2")
    page.wait_for_function("window.opened")
    assert "/v26.0/dialog/oauth?" in page.evaluate("opened")
    assert "locale=en_US" in page.evaluate("opened")


def test_answer_of_another_origin_is_ignored(page: Page) -> None:
    popup = press(page)
    (fragment,) = parse_qs(urlsplit(popup.url).query)["redirect_uri"]
    page.evaluate("answer => postMessage(answer, '*')", f"{urlsplit(fragment).fragment}&code=forged")
    expect(page.locator(".other").last).to_be_attached()
    popup.get_by_role("button", name="Cancel").click()
    assert answer(page) == {"authResponse": None, "status": "unknown"}


def test_refusal_leaves_a_cookie_of_the_page(page: Page) -> None:
    press(page).get_by_role("button", name="Cancel").click()
    answer(page)
    (cookie,) = page.context.cookies(page.url)
    assert cookie["name"] == f"fblo_{APP_ID}"


def policy(facebook: FacebookClient, **changes: str) -> str:
    """Return the strictest policy with which the SDK works undisturbed, with changes."""
    directives = {
        "default-src": "'none'",
        "script-src": f"'unsafe-inline' {facebook.url}",
        "style-src": "'unsafe-inline'",
        "connect-src": facebook.url,
    }
    return "; ".join(f"{name} {value}" for name, value in (directives | changes).items())


def test_strictest_policy_is_not_violated(facebook: FacebookClient, site: SignupSite, page: Page) -> None:
    site.headers["Content-Security-Policy"] = policy(facebook)
    logged: list[str] = []
    page.on("console", lambda one: logged.append(one.text))
    page.goto(site.url)
    finish(press(page))
    assert answer(page)["status"] == "connected"
    assert page.evaluate("violations") == []
    page.reload()
    popup = press(page)
    expect(popup.get_by_role("button", name="Next")).to_be_visible()
    popup.close(run_before_unload=True)
    answer(page)
    assert page.evaluate("violations") == []
    assert not [text for text in logged if "login status" in text]


def test_closed_window_is_told_without_connections(facebook: FacebookClient, site: SignupSite, page: Page) -> None:
    site.headers["Content-Security-Policy"] = policy(facebook, **{"connect-src": "'none'"})
    page.goto(site.url)
    popup = press(page)
    expect(popup.get_by_role("button", name="Next")).to_be_visible()
    popup.close(run_before_unload=True)
    assert answer(page) == {"authResponse": None, "status": "unknown"}


@pytest.mark.parametrize(("directive", "violated"), [("style-src", "style-src-elem"), ("connect-src", "connect-src")])
def test_login_works_but_violates_a_policy_without_the_rest(
    facebook: FacebookClient, site: SignupSite, page: Page, directive: str, violated: str
) -> None:
    site.headers["Content-Security-Policy"] = policy(facebook, **{directive: "'none'"})
    page.goto(site.url)
    finish(press(page))
    assert answer(page)["status"] == "connected"
    assert set(page.evaluate("violations")) == {violated}


def test_policy_without_the_script(facebook: FacebookClient, site: SignupSite, page: Page) -> None:
    site.headers["Content-Security-Policy"] = policy(facebook, **{"script-src": "'unsafe-inline'"})
    page.goto(site.url)
    page.wait_for_load_state("load")
    assert page.evaluate("typeof FB") == "undefined"
    assert page.evaluate("violations") == ["script-src-elem"]


def test_script_that_is_blocked(facebook: FacebookClient, site: SignupSite, page: Page) -> None:
    facebook.control("faults", endpoint="sdk", fault="empty", times=None)
    page.goto(site.url)
    page.wait_for_load_state("load")
    assert page.evaluate("typeof FB") == "undefined"


def test_login_with_permissions_uses_the_consent_page(site: SignupSite, page: Page) -> None:
    site.options |= {"config_id": None, "scope": "whatsapp_business_management"}
    page.reload()
    popup = press(page)
    popup.get_by_role("button", name="Continue as Maria Bakker").click()
    code = answer(page)["authResponse"]["code"]
    assert site.facebook.token_request(code=code, redirect_uri=None).ok
    messages(page, 0)
