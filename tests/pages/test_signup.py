"""The page before Embedded Signup in a browser, with a stub in the place of Meta's SDK: what it posts, and when."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Page

from tests.support.every_page import SHOP, SIGNUP
from tests.support.screen import Show
from whatsapp_connect.languages.en import LANGUAGE as ENGLISH
from whatsapp_connect.pages import Pages
from whatsapp_connect.signup_page import SignupPage

pytestmark = pytest.mark.browser

SDK = "https://connect.facebook.net/en_US/sdk.js"
FACEBOOK = "https://www.facebook.com"
ENDED = "https://connect.example/callback/signup"
REDIRECTED = "https://connect.example/connect?click=x"
STUB = """
window.FB = {
  init(options) { window.inited = options; },
  login(callback, options) { window.logins = (window.logins ?? 0) + 1; window.answer = callback; window.options = options; },
};
window.fbAsyncInit();
"""
FINISH = {"waba_id": "300000000000001", "phone_number_id": "400000000000001", "business_id": "200000000000001"}

type Open = Callable[..., Page]


@pytest.fixture
def opened(show: Show) -> Open:
    """Show the page, with the SDK loaded unless `sdk` is another answer, and the clock stopped."""

    def opened(*, sdk: dict[str, Any] | None = None, signup: SignupPage = SIGNUP) -> Page:
        response = Pages(SHOP).start(ENGLISH, href="?click=x", url="https://h.example/", query={}, signup=signup)
        page_answers = {
            SDK: {"status": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": STUB} if sdk is None else sdk,
            ENDED: {"status": 200, "body": "ended"},
            REDIRECTED: {"status": 200, "body": "redirected"},
        }
        page = show(response, answers={url: answer for url, answer in page_answers.items() if answer})
        page.clock.install()
        page.reload()
        return page

    return opened


def button(page: Page) -> Any:
    return page.get_by_role("link", name="Continue to Facebook")


def click(page: Page) -> None:
    button(page).click()
    assert page.evaluate("window.logins") == 1


def say(page: Page, data: object, *, origin: str = FACEBOOK, as_text: bool = True) -> None:
    """Have a window post a message to the page."""
    page.evaluate(
        "([data, origin, asText]) => dispatchEvent("
        "new MessageEvent('message', {origin, data: asText ? JSON.stringify(data) : data}))",
        [data, origin, as_text],
    )


def told(event: str, **data: object) -> dict[str, Any]:
    return {"type": "WA_EMBEDDED_SIGNUP", "event": event, "version": "3", "data": data}


def answer(page: Page, value: object) -> None:
    """Have the SDK call back."""
    page.evaluate("value => window.answer(value)", value)


def posted(page: Page, act: Callable[[], object]) -> dict[str, str]:
    """Return what the page posts because of an action, without what is empty."""
    with page.expect_request(ENDED) as asked:
        act()
    assert asked.value.method == "POST"
    fields = dict(parse_qsl(asked.value.post_data or ""))
    assert fields.pop("state") == SIGNUP.state
    return fields


def nothing_posted(page: Page, act: Callable[[], object]) -> bool:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    act()
    page.clock.run_for(60_000)
    return asked == []


CODE = {"authResponse": {"code": "c0de", "userID": None, "expiresIn": None}, "status": "connected"}
NO_CODE = {"authResponse": None, "status": "unknown"}


def test_a_click_opens_facebooks_window_and_shows_progress(opened: Open) -> None:
    page = opened()
    progress = page.get_by_text(ENGLISH.texts["signup.open"])
    assert not progress.is_visible()
    click(page)
    assert progress.is_visible()
    assert page.evaluate("window.inited.appId") == SIGNUP.app_id
    assert page.evaluate("window.options") == SIGNUP.login_options()


def test_a_code_is_posted_at_once_with_what_was_told_before(opened: Open) -> None:
    page = opened()
    click(page)
    say(page, told("FINISH", **FINISH))
    assert posted(page, lambda: answer(page, CODE)) == {"code": "c0de", "event": "FINISH"} | FINISH
    page.get_by_text("ended").wait_for()


def test_a_code_does_not_wait_for_a_message(opened: Open) -> None:
    page = opened()
    click(page)
    assert posted(page, lambda: answer(page, CODE)) == {"code": "c0de"}


def test_cancel_is_posted_with_its_step(opened: Open) -> None:
    page = opened()
    click(page)
    say(page, told("CANCEL", current_step="PHONE_NUMBER_SETUP"))
    fields = posted(page, lambda: answer(page, NO_CODE))
    assert fields == {"event": "CANCEL", "current_step": "PHONE_NUMBER_SETUP"}


def test_an_error_is_posted_with_metas_session_id(opened: Open) -> None:
    page = opened()
    click(page)
    say(page, told("ERROR", error_message="do not pass on", error_code=524126, session_id="f34b51dab5e0498"))
    fields = posted(page, lambda: page.clock.run_for(5_000))
    assert fields == {"event": "ERROR", "error_code": "524126", "session_id": "f34b51dab5e0498"}


def test_a_message_after_the_window_was_closed_still_counts(opened: Open) -> None:
    page = opened()
    click(page)
    answer(page, NO_CODE)
    say(page, told("CANCEL", current_step="ERROR"))
    assert posted(page, lambda: page.clock.run_for(5_000)) == {"event": "CANCEL", "current_step": "ERROR"}


def test_a_closed_window_without_a_message_ends_the_login(opened: Open) -> None:
    page = opened()
    click(page)
    answer(page, NO_CODE)
    assert posted(page, lambda: page.clock.run_for(5_000)) == {}


@pytest.mark.parametrize("is_called", [True, False], ids=["callback without a code", "no callback"])
def test_a_finish_without_a_code_ends_the_login(opened: Open, *, is_called: bool) -> None:
    page = opened()
    click(page)
    say(page, told("FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING", waba_id="300000000000001"))
    expected = {"event": "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING", "waba_id": "300000000000001"}
    end = (lambda: answer(page, NO_CODE)) if is_called else (lambda: page.clock.run_for(5_000))
    assert posted(page, end) == expected


def test_only_the_first_end_is_posted(opened: Open) -> None:
    page = opened()
    click(page)
    page.evaluate("void (HTMLFormElement.prototype.submit = () => { window.submitted = (window.submitted ?? 0) + 1; })")
    answer(page, CODE)
    say(page, told("FINISH", **FINISH))
    answer(page, CODE)
    page.clock.run_for(60_000)
    assert page.evaluate("window.submitted") == 1


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://evilfacebook.com",
        "https://facebook.com.evil.example",
        "https://www.facebook.com.",
        "https://www.facebook.com:8443",
        "http://www.facebook.com",
        "https://connect.example",
        "null",
        "",
    ],
)
def test_messages_of_other_origins_are_not_heard(opened: Open, origin: str) -> None:
    page = opened()
    click(page)
    assert nothing_posted(page, lambda: say(page, told("CANCEL", current_step="X"), origin=origin))
    assert posted(page, lambda: answer(page, CODE)) == {"code": "c0de"}


@pytest.mark.parametrize("origin", ["https://www.facebook.com", "https://web.facebook.com", "https://facebook.com"])
def test_messages_of_facebook_are_heard(opened: Open, origin: str) -> None:
    page = opened()
    click(page)
    say(page, told("FINISH", waba_id="300000000000001"), origin=origin)
    assert posted(page, lambda: answer(page, CODE))["event"] == "FINISH"


@pytest.mark.parametrize(
    "data",
    [
        None,
        7,
        "cb=f3a&type=resize",
        [],
        {},
        {"type": "WA_EMBEDDED_SIGNUP"},
        {"type": "WA_EMBEDDED_SIGNUP", "event": 7},
        {"type": "WA_EMBEDDED_SIGNUP", "event": {"a": 1}},
        {"type": "OTHER", "event": "FINISH", "data": FINISH},
    ],
)
@pytest.mark.parametrize("as_text", [True, False], ids=["JSON", "as it is"])
def test_messages_of_other_shapes_are_not_heard(opened: Open, data: object, *, as_text: bool) -> None:
    page = opened()
    click(page)
    assert nothing_posted(page, lambda: say(page, data, as_text=as_text))
    assert posted(page, lambda: answer(page, CODE)) == {"code": "c0de"}


@pytest.mark.parametrize(
    "data", [None, 7, "x", [1], {"waba_id": {"a": 1}, "phone_number_id": ["4"], "business_id": None}]
)
def test_odd_data_of_a_message_is_left_out(opened: Open, data: object) -> None:
    page = opened()
    click(page)
    say(page, {"type": "WA_EMBEDDED_SIGNUP", "event": "FINISH", "data": data})
    assert posted(page, lambda: answer(page, CODE)) == {"code": "c0de", "event": "FINISH"}


def test_a_message_before_the_click_is_not_heard(opened: Open) -> None:
    page = opened()
    assert nothing_posted(page, lambda: say(page, told("CANCEL", current_step="X")))


@pytest.mark.parametrize("value", [None, {}, {"authResponse": {}}, {"authResponse": {"code": ""}}])
def test_an_odd_answer_of_the_sdk_is_one_without_a_code(opened: Open, value: object) -> None:
    page = opened()
    click(page)
    answer(page, value)
    assert posted(page, lambda: page.clock.run_for(5_000)) == {}


def test_a_double_click_opens_one_window(opened: Open) -> None:
    page = opened()
    button(page).dblclick()
    assert page.evaluate("window.logins") == 1


def test_a_second_click_goes_by_redirect(opened: Open) -> None:
    page = opened()
    click(page)
    page.evaluate("Object.defineProperty(Event.prototype, 'timeStamp', {get: () => 1e9})")
    button(page).click()
    page.wait_for_url(REDIRECTED)


@pytest.mark.parametrize(
    "sdk",
    [
        {},
        {"status": 503, "body": ""},
        {"status": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": "throw new Error('no')"},
        {"status": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": "/* fbAsyncInit is never called */"},
        {
            "status": 200,
            "headers": {"Access-Control-Allow-Origin": "*"},
            "body": "window.FB = {init() { throw new Error('no'); }}; window.fbAsyncInit();",
        },
    ],
    ids=["blocked", "down", "broken", "silent", "init fails"],
)
def test_without_the_sdk_the_click_goes_by_redirect(opened: Open, sdk: dict[str, Any]) -> None:
    page = opened(sdk=sdk)
    button(page).click()
    page.wait_for_url(REDIRECTED)


def test_without_scripts_the_click_goes_by_redirect(show: Show) -> None:
    response = Pages(SHOP).start(ENGLISH, href="?click=x", url="https://h.example/", query={}, signup=SIGNUP)
    page = show(response, answers={REDIRECTED: {"status": 200, "body": "redirected"}}, java_script_enabled=False)
    button(page).click()
    page.wait_for_url(REDIRECTED)


def test_what_the_policy_blocked_is_posted(opened: Open) -> None:
    """So that the log names it if Meta's SDK needs more one day."""
    page = opened()
    click(page)
    with page.expect_event("console", lambda line: "Content Security Policy" in line.text):
        page.evaluate(
            "document.body.append(Object.assign(document.createElement('iframe'), {src: 'https://x.example'}))"
        )
    answer(page, NO_CODE)
    assert posted(page, lambda: page.clock.run_for(5_000)) == {"blocked": "frame-src"}


def test_a_script_that_is_not_ours_does_not_run(opened: Open) -> None:
    page = opened()
    with page.expect_event("console", lambda line: "Content Security Policy" in line.text):
        page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), {text: 'window.stolen = 1'}))"
        )
    assert page.evaluate("window.stolen") is None


def test_a_page_from_the_cache_loads_again(opened: Open) -> None:
    page = opened()
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")


def test_the_form_leads_to_the_service_that_the_person_came_from(opened: Open) -> None:
    """A browser applies form-action to the redirect after a form."""
    page = opened(signup=replace(SIGNUP, return_origin=""))
    click(page)
    assert posted(page, lambda: answer(page, CODE)) == {"code": "c0de"}
