"""What Facebook's login dialog answers when there is no code."""

from urllib.parse import parse_qsl, urlencode

import pytest

from tests.support.browser import Browser, assert_ended, assert_page
from tests.support.facebook import Facebook
from tests.support.stored import Earlier, Stored


def test_cancelled_dialog_shows_that_nothing_was_connected(
    browser: Browser, facebook: Facebook, earlier: Earlier
) -> None:
    query = browser.log_in(cancel=True)
    assert dict(parse_qsl(query))["error_code"] == "200"
    line = assert_ended(browser.come_back(query), "declined")
    assert line["facebook_code"] == 200
    assert facebook.exchanges == 0
    earlier.assert_unchanged()


def test_a_login_refused_in_development_mode_looks_like_a_cancel(browser: Browser, facebook: Facebook) -> None:
    facebook.control("app", {"development": True})
    assert_ended(browser.finish(), "app-in-development")
    assert facebook.exchanges == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("error=access_denied&error_reason=user_denied&error_description=Permissions+error.", "declined"),
        ("error=access_denied&error_code=200&error_reason=user_denied", "declined"),
        ("error=access_denied&error_code=not-a-number", "declined"),
        ("error_code=4201&error_message=User+canceled", "declined"),
        ("error=access_denied&error_code=%D9%A2%D9%A0%D9%A0", "declined"),
        ("error=access_denied&error_code=99999999999999999999", "declined"),
        ("error=server_error", "facebook-unavailable"),
        ("error=temporarily_unavailable", "facebook-unavailable"),
        ("error=invalid_scope", "facebook-refused"),
        ("error=unheard_of", "facebook-refused"),
        ("error_code=424242&error_message=Something", "facebook-refused"),
        ("error_code=words&error_message=Something", "facebook-refused"),
        ("error_code=1349048&error_message=Can%27t+load+URL", "domain-not-allowed"),
        ("error_code=1349126&error_message=App+Not+Setup%3A", "app-in-development"),
        ("error_code=1349168&error_message=URL+Blocked", "redirect-uri-refused"),
        ("error_code=1349186&error_message=Feature", "facebook-login-unavailable"),
        ("error_code=1349220&error_message=Login", "facebook-login-unavailable"),
        ("error_code=1349245&error_message=Invite", "tester-invite-pending"),
        ("error=access_denied&error_code=1349126", "app-in-development"),
        ("granted_scopes=email&denied_scopes=", "code-missing"),
        ("code=", "code-missing"),
        ("error_reason=user_denied", "code-missing"),
    ],
)
def test_each_answer_without_a_code_has_its_page_and_ends_the_login(
    browser: Browser, facebook: Facebook, earlier: Earlier, answer: str, reason: str
) -> None:
    right = dict(parse_qsl(browser.log_in()))
    assert_ended(browser.come_back(f"{answer}&state={right['state']}"), reason)
    assert_page(browser.come_back(urlencode(right)), reason)
    assert facebook.exchanges == 0
    earlier.assert_unchanged()


def test_an_error_beside_a_code_is_believed_and_the_code_left_alone(browser: Browser, facebook: Facebook) -> None:
    query = browser.log_in()
    assert_ended(browser.come_back(f"{query}&error=access_denied"), "declined")
    assert facebook.exchanges == 0


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1349048, "domain-not-allowed"),
        (1349126, "app-in-development"),
        (1349168, "redirect-uri-refused"),
        (1349186, "facebook-login-unavailable"),
        (1349220, "facebook-login-unavailable"),
        (1349245, "tester-invite-pending"),
    ],
)
def test_an_error_that_the_dialog_sends_at_once_has_its_page(
    browser: Browser, facebook: Facebook, code: int, reason: str
) -> None:
    facebook.fail("dialog", "dialog_error", code=code)
    line = assert_ended(browser.finish(), reason)
    assert line["facebook_code"] == code


def test_an_error_without_a_state_tells_its_number_to_the_log_only(
    browser: Browser, facebook: Facebook, stored: Stored
) -> None:
    facebook.fail("dialog", "dialog_error", code=1349168, with_state=False)
    line = assert_ended(browser.finish(), "state-missing")
    assert line["facebook_code"] == 1349168
    assert "consumed_at" not in stored.states()[0]


def test_callback_without_parameters_offers_to_start_again(browser: Browser, facebook: Facebook) -> None:
    facebook.fail("dialog", "bare_redirect")
    assert_ended(browser.finish(), "empty-callback")
    assert_ended(browser.finish(), "connected")
    assert facebook.exchanges == 1


def test_undocumented_parameters_are_ignored(browser: Browser, facebook: Facebook) -> None:
    facebook.fail("dialog", "extra_parameters", iss="https://www.facebook.com", denied_scopes="email")
    assert_ended(browser.finish(), "connected")


def test_a_declined_permission_is_asked_for_again_by_the_button(
    browser: Browser, facebook: Facebook, stored: Stored
) -> None:
    reply = browser.finish(permissions=["whatsapp_business_management"])
    line = assert_ended(reply, "permission-missing")
    assert line["missing_scopes"] == ["whatsapp_business_messaging"]
    assert stored.everything() == ({}, [])
    assert_ended(browser.finish(), "permission-missing")
    assert reply.button
    again = browser.log_in(reply.button.partition("?")[2])
    assert_ended(browser.come_back(again), "connected")
    assert facebook.exchanges == 3
