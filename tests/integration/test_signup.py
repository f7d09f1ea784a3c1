"""Embedded Signup in the page: what a visit gets, and what POST /callback/signup does with the end of it."""

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.support import stack
from tests.support.browser import ENDS, Browser, Reply, assert_ended, assert_page, cookie_name
from tests.support.clock import HOUR
from tests.support.facebook import Facebook
from tests.support.outage import Outage
from tests.support.people import BAKERY, MARIA
from tests.support.world import World
from whatsapp_connect.failed_logins import MAX_PER_MINUTE
from whatsapp_connect.signup_page import FIELDS

CONFIG = "770000000000001"
COEXISTENCE = "whatsapp_business_app_onboarding"
pytestmark = pytest.mark.parameters(LoginConfigId=CONFIG, SignupMode="embedded")
HOST = f"https://{stack.HOST}"
OTHERS_WABA = "300000000000999"


@pytest.fixture(autouse=True)
def configured(deployed: object, facebook: Facebook) -> None:
    facebook.control("app", {"configurations": {CONFIG: {"token_type": "USER"}}, "sdk_domains": [HOST]})


def post(browser: Browser, form: Mapping[str, str] | str, **about: Any) -> Reply:
    return browser.post_signup(form, **about)


def page_data(reply: Reply) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]*)"', reply.body)
    assert found, reply.text
    data: dict[str, Any] = json.loads(unescape(found[1]))
    return data


def offered(browser: Browser, **where: Any) -> str:
    """Open the page and return the state in it."""
    state: str = page_data(browser.open(**where))["state"]
    return state


def code(facebook: Facebook, **about: Any) -> str:
    """Return a code as the SDK hands it to a page."""
    value: str = facebook.control("codes", {"redirect_uri": "", "person": "maria", **about})["code"]
    return value


# The page


def test_public_link_shows_a_page_with_the_state_of_a_login(browser: Browser) -> None:
    reply = browser.open()
    assert reply.status == 200
    options = page_data(reply)
    assert options["config_id"] == CONFIG
    assert options["fallback_redirect_uri"] == stack.REDIRECT_URI
    assert cookie_name(options["state"]) in browser.cookies
    assert f'action="{HOST}/callback/signup"' in reply.body
    assert reply.metric("LoginStarted") == ["offered"]
    assert "featureType" not in options["extras"]


def test_button_without_the_script_goes_by_redirect(browser: Browser, facebook: Facebook) -> None:
    reply = browser.connect()
    assert reply.status == 302
    assert reply.metric("LoginStarted") == ["started"]
    assert_ended(browser.come_back(urlsplit(facebook.log_in(reply.location)).query), "connected")


def test_link_and_reconnect_show_it_too(world: World) -> None:
    addresses: list[dict[str, Any]] = [{"link": world.link("acme")}, {"reconnect": "acme"}]
    for where in addresses:
        assert page_data(world.browser().open(**where))["state"]


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "facebookexternalhit/1.1", "sec-fetch-user": ""},
        {"sec-purpose": "prefetch"},
    ],
)
def test_previews_get_no_state(world: World, headers: dict[str, str]) -> None:
    addresses: list[dict[str, Any]] = [{}, {"link": world.link("acme")}, {"reconnect": "acme"}]
    for where in addresses:
        reply = world.browser().open(headers=headers, **where)
        assert reply.status == 200
        assert "<script" not in reply.body
    assert world.stored.states() == []


@pytest.mark.parametrize("where", [{}, {"reconnect": "acme"}])
def test_one_visit_can_leave_it_out(browser: Browser, where: dict[str, Any]) -> None:
    reply = browser.connect("signup=redirect", **where)
    assert reply.status == 302
    assert reply.location.startswith(browser.facebook.url)


def test_question_about_permissions_reaches_the_window(browser: Browser) -> None:
    assert page_data(browser.open("auth_type=rerequest"))["auth_type"] == "rerequest"
    assert "auth_type" not in page_data(browser.open("auth_type=forge"))


@pytest.mark.parameters(LoginConfigId=CONFIG, SignupMode="embedded", SignupFeatures=COEXISTENCE)
def test_features_are_those_of_the_stack_unless_the_link_has_its_own(world: World) -> None:
    def features(**link: Any) -> Any:
        options = page_data(world.browser().open(link=world.link("acme", **link)))
        return (options["extras"].get("featureType"), options["extras"].get("features"))

    assert features() == (COEXISTENCE, None)
    assert features(signup_features=()) == (None, None)
    assert features(signup_features=("app_only_install",)) == (None, [{"name": "app_only_install"}])


@pytest.mark.parameters(LoginConfigId=CONFIG, SignupMode="redirect")
def test_link_can_choose_it_and_the_stack_does_not(world: World) -> None:
    assert world.browser().open().status == 302
    assert "<script" not in world.browser().open(link=world.link("acme")).body
    assert page_data(world.browser().open(link=world.link("acme", signup="embedded")))["config_id"] == CONFIG


def test_link_can_choose_the_redirect(world: World) -> None:
    assert "<script" not in world.browser().open(link=world.link("acme", signup="redirect")).body


@pytest.mark.parameters(LoginConfigId="", SignupMode="redirect")
def test_link_that_outlives_the_configuration_goes_by_redirect(world: World) -> None:
    assert "<script" not in world.browser().open(link=world.link("acme", signup="embedded")).body


@pytest.mark.parameters(LoginConfigId=CONFIG, SignupMode="embedded", ReturnUrl="https://shop.example:8443/done?a=b")
def test_policy_lets_the_form_go_on_to_the_service(browser: Browser, facebook: Facebook) -> None:
    reply = browser.open()
    assert "form-action 'self' https://shop.example:8443;" in reply.response["headers"]["Content-Security-Policy"] + ";"
    ended = post(browser, {"state": page_data(reply)["state"], "code": code(facebook)})
    assert ended.status == 303
    assert ended.location.startswith("https://shop.example:8443/done?a=b&")


def test_paused_logins_show_no_page(world: World) -> None:
    world.functions["authorize"].login_switch.pause()
    browser = world.browser()
    assert browser.open().title == ENDS["logins-paused"].title
    assert browser.cookies == {}


# The end


def test_code_is_exchanged_first_and_without_a_redirect_uri(browser: Browser, facebook: Facebook) -> None:
    state = offered(browser)
    reply = post(browser, {"state": state, "code": code(facebook), "event": "FINISH", "waba_id": BAKERY})
    assert_ended(reply, "connected")
    calls = facebook.graph_calls()
    assert calls[0] == "oauth/access_token:authorization_code"
    assert facebook.exchanges == 1


def test_link_connects_its_connection(world: World, facebook: Facebook) -> None:
    browser, link = world.browser(), world.link("acme")
    assert_ended(post(browser, {"state": offered(browser, link=link), "code": code(facebook)}), "connected")
    assert world.record("acme").user_id == MARIA
    assert world.browser().open(link=link).title == "This link was already used"


def test_second_try_gets_the_same_outcome(browser: Browser, facebook: Facebook, world: World) -> None:
    state, value = offered(browser), code(facebook)
    first = post(browser, {"state": state, "code": value})
    number = world.record().token_number
    for form in (
        {"state": state, "code": value},
        {"state": state, "event": "CANCEL"},
        {"state": state, "event": "ERROR"},
    ):
        again = post(browser, form)
        assert (again.status, again.title, again.reference) == (first.status, first.title, first.reference)
    assert browser.come_back(f"state={state}&code=x").reference == first.reference
    assert (world.record().token_number, facebook.exchanges) == (number, 1)


def test_sdk_that_redirects_ends_at_the_callback(browser: Browser, facebook: Facebook) -> None:
    state = offered(browser)
    value = code(facebook, redirect_uri=stack.REDIRECT_URI)
    assert_ended(browser.come_back(urlencode({"state": state, "code": value})), "connected")


@pytest.mark.parametrize(
    ("form", "reason", "logged"),
    [
        ({"event": "CANCEL", "current_step": "PHONE_NUMBER_SETUP"}, "declined", {"step": "PHONE_NUMBER_SETUP"}),
        ({}, "declined", {}),
        ({"blocked": "script-src-elem"}, "declined", {"blocked": "script-src-elem"}),
        ({"event": "ERROR"}, "signup-failed", {}),
        (
            {"event": "ERROR", "error_code": "524126", "session_id": "f34b51dab5e0498"},
            "signup-failed",
            {"signup_error": "524126", "session_id": "f34b51dab5e0498"},
        ),
        (
            {"event": "CANCEL", "error_code": "524126", "session_id": "f34b51dab5e0498"},
            "signup-failed",
            {"session_id": "f34b51dab5e0498"},
        ),
        (
            {"event": "CANCEL", "error_code": "unreadable", "session_id": "f34b51dab5e0498"},
            "signup-failed",
            {"session_id": "f34b51dab5e0498"},
        ),
        ({"event": "CANCEL", "current_step": "PERMISSIONS", "session_id": "f34b51dab5e0498"}, "declined", {}),
        ({"event": "FINISH", "waba_id": BAKERY}, "signup-unanswered", {"claimed_waba_id": BAKERY}),
        ({"event": "FINISH", "session_id": "f34b51dab5e0498"}, "signup-unanswered", {}),
        ({"event": "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING"}, "signup-unanswered", {}),
        ({"event": "SOMETHING_NEW"}, "signup-unanswered", {"signup_event": "SOMETHING_NEW"}),
    ],
)
def test_end_without_a_code(
    browser: Browser, facebook: Facebook, form: dict[str, str], reason: str, logged: dict[str, str]
) -> None:
    state = offered(browser)
    reply = post(browser, {"state": state, "code": "", **form})
    line = assert_ended(reply, reason)
    assert line.items() >= logged.items()
    assert facebook.exchanges == 0
    again = post(browser, {"state": state, "code": code(facebook)})
    assert (again.title, again.reference) == (reply.title, reply.reference)
    assert facebook.exchanges == 0
    for page in (reply, again):
        assert ("f34b51dab5e0498" in page.text) == ("session_id" in form and reason == "signup-failed")


def test_sign_up_that_can_be_completed_names_the_connection(world: World) -> None:
    browser, link = world.browser(), world.link("tenant-42")
    reply = post(browser, {"state": offered(browser, link=link), "event": "FINISH"})
    (line,) = reply.logs("login ended")
    assert (line["reason"], line["connection_id"]) == ("signup-unanswered", "tenant-42")


def test_everything_that_the_page_can_post_is_logged_but_the_code(browser: Browser, facebook: Facebook) -> None:
    posted = {
        "event": "FINISH",
        "current_step": "PERMISSIONS",
        "session_id": "f34b51dab5e0498",
        "blocked": "script-src",
    }
    told = posted | {name: "41" for name in FIELDS if name not in {"code", *posted}}
    value = code(facebook)
    line = assert_ended(post(browser, {"state": offered(browser), "code": value, **told}), "connected")
    assert not set(told.values()) - set(map(str, line.values()))
    assert len([one for one in line.values() if one == "41"]) == len(told) - len(posted)
    assert value not in json.dumps(line)


def test_unanswered_sign_up_goes_on_by_redirect(browser: Browser) -> None:
    reply = post(browser, {"state": offered(browser), "event": "FINISH"})
    assert reply.button
    path, _, query = reply.button.partition("?")
    assert path == "/connect"
    assert browser.connect(query).status == 302


@pytest.mark.parametrize("field", ["event", "waba_id", "current_step", "error_code", "session_id", "blocked"])
@pytest.mark.parametrize("value", ["<script>", "a b", "\n", "é", "x" * 5000, "%00", "../.."])
def test_field_of_another_form_is_left_out(browser: Browser, field: str, value: str) -> None:
    reply = post(browser, {"state": offered(browser), field: value})
    line = assert_ended(reply, "declined")
    assert value.strip() == "" or value not in json.dumps(line, ensure_ascii=False)
    assert value.strip() == "" or value not in reply.body


# Claims


def test_claimed_account_is_found_if_facebook_does_not_name_it(
    browser: Browser, facebook: Facebook, world: World
) -> None:
    facebook.control("debug-token", {"target_ids": "absent"})
    facebook.control("settings", {"assigned_accounts": "empty"})
    assert_ended(post(browser, {"state": offered(browser), "code": code(facebook), "waba_id": BAKERY}), "connected")
    assert world.record().waba_ids == (BAKERY,)


@pytest.mark.parametrize("target_ids", ["listed", "absent"])
def test_account_of_somebody_else_leaves_no_trace(
    browser: Browser, facebook: Facebook, world: World, target_ids: str
) -> None:
    if target_ids == "absent":
        facebook.control("debug-token", {"target_ids": "absent"})
    reply = post(
        browser,
        {"state": offered(browser), "code": code(facebook), "event": "FINISH", "waba_id": OTHERS_WABA}
        | {"phone_number_id": "499999999999999", "business_id": "599999999999999"},
    )
    world.settle()
    world.schedule()
    kept = [reply.body, repr(world.stored.records()), repr(world.stored.states()), repr(world.stored.accounts())]
    kept += [str(world.stored.parameters()), *(repr(event) for event in world.sent_events())]
    for claim in (OTHERS_WABA, "499999999999999", "599999999999999"):
        assert not [text for text in kept if claim in text]
    assert world.record().token is not None


def test_wrong_claim_does_not_prove_that_there_is_no_account(browser: Browser, facebook: Facebook) -> None:
    """Without a claim the same login ends with a token whose account is not known yet."""
    facebook.control("debug-token", {"target_ids": "absent"})
    ends = []
    for claim in ({}, {"waba_id": OTHERS_WABA}):
        value = code(facebook, wabas=[])
        ends.append(post(browser, {"state": offered(browser), "code": value, **claim}).metric("LoginEnded"))
    assert ends[0] == ends[1]


# Codes


def test_bad_codes_are_refused(browser: Browser, facebook: Facebook) -> None:
    facebook.control("app", {"id": "9876543210", "secret": "f" * 32})
    used = code(facebook)
    assert_ended(post(browser, {"state": offered(browser), "code": used}), "connected")
    bad = {
        used: "code-used",
        code(facebook, ttl=0): "code-expired",
        code(facebook, app_id="9876543210"): "code-rejected",
        "made-up": "code-rejected",
        code(facebook, redirect_uri=stack.REDIRECT_URI): "code-rejected",
    }
    for value, reason in bad.items():
        reply = post(browser, {"state": offered(browser), "code": value, "waba_id": BAKERY, "event": "FINISH"})
        assert assert_ended(reply, reason, page="sdk-code-refused")["claimed_waba_id"] == BAKERY, reason
        assert value not in reply.body


def test_code_of_the_sdk_is_refused_at_the_redirect(browser: Browser, facebook: Facebook) -> None:
    reply = browser.come_back(urlencode({"state": offered(browser), "code": code(facebook)}))
    assert_ended(reply, "redirect-uri-refused")


# Who may post


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "https://evil.connect.example.com"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "Same-Origin"},
        {"sec-fetch-site": "cross-site", "origin": HOST},
        {"sec-fetch-site": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"{HOST}.evil.example"},
        {"origin": f"http://{stack.HOST}"},
    ],
)
def test_form_of_another_site_is_refused_and_the_login_goes_on(
    browser: Browser, facebook: Facebook, headers: dict[str, str]
) -> None:
    state = offered(browser)
    reply = post(browser, {"state": state, "code": code(facebook)}, headers=headers)
    assert_ended(reply, "request-malformed")
    assert facebook.exchanges == 0
    assert_ended(post(browser, {"state": state, "code": code(facebook)}), "connected")


@pytest.mark.parametrize("headers", [{}, {"origin": HOST}])
def test_browser_without_fetch_headers_can_finish(
    browser: Browser, facebook: Facebook, headers: dict[str, str]
) -> None:
    assert_ended(post(browser, {"state": offered(browser), "code": code(facebook)}, headers=headers), "connected")


def test_other_browser_cannot_finish(world: World, facebook: Facebook) -> None:
    owner, thief = world.browser(), world.browser()
    state, value = offered(owner), code(facebook)
    offered(thief)
    assert_ended(post(thief, {"state": state, "code": value}), "cookie-missing")
    forged = {cookie_name(state): next(iter(thief.cookies.values()))}
    assert_ended(post(thief, {"state": state, "code": value}, cookies=forged), "state-foreign")
    assert facebook.exchanges == 0
    assert_ended(post(owner, {"state": state, "code": value}), "connected")


def test_two_tabs_have_a_login_each(browser: Browser, facebook: Facebook) -> None:
    first, second = offered(browser), offered(browser)
    for state in (second, first):
        assert_ended(post(browser, {"state": state, "code": code(facebook)}), "connected")


def test_state_of_a_redirect_does_not_take_its_code_here(browser: Browser, facebook: Facebook) -> None:
    assert_ended(post(browser, dict(parse_qsl(browser.log_in()))), "code-rejected", page="sdk-code-refused")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "empty-callback"),
        ("code=x", "state-missing"),
        ("state=&code=x", "state-missing"),
        ("state=short&code=x", "state-malformed"),
        ("state={state}&state={state}&code=x", "request-malformed"),
        ("state={state}&code=x&code=y", "request-malformed"),
        ("state={state}&waba_id=1&waba_id=2", "request-malformed"),
        ("state={state}&code=" + "x" * 4097, "request-malformed"),
        ("state={state}&event=" + "X" * 20_000, "request-malformed"),
        ("&".join(f"a{number}=b" for number in range(60)) + "&state={state}", "request-malformed"),
        ('{"state": "{state}"}', "empty-callback"),
    ],
)
def test_malformed_body_is_refused_and_the_login_goes_on(
    browser: Browser, facebook: Facebook, body: str, reason: str
) -> None:
    state = offered(browser)
    assert_ended(post(browser, body.replace("{state}", state)), reason)
    assert_ended(post(browser, {"state": state, "code": code(facebook)}), "connected")


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "text/plain", ""])
def test_other_content_type_is_refused(browser: Browser, content_type: str) -> None:
    headers = {"content-type": content_type, "sec-fetch-site": "same-origin"}
    assert_ended(post(browser, {"state": offered(browser)}, headers=headers), "request-malformed")


def test_body_that_is_not_ascii_is_refused(browser: Browser) -> None:
    assert_ended(post(browser, f"state={offered(browser)}&code=\u00e9"), "empty-callback")


# Meanwhile


def test_expired_state_is_refused(browser: Browser, world: World, facebook: Facebook) -> None:
    state = offered(browser)
    world.clock.advance(HOUR + 1)
    assert_ended(post(browser, {"state": state, "code": code(facebook)}), "state-expired")
    assert facebook.exchanges == 0


def test_link_that_was_revoked_meanwhile_is_refused_before_the_code_is_spent(world: World, facebook: Facebook) -> None:
    browser, link = world.browser(), world.link("acme")
    state = offered(browser, link=link)
    (row,) = world.stored.links()
    world.links.revoke(row["link_hash"])
    assert post(browser, {"state": state, "code": code(facebook)}).metric("LoginEnded") == ["link-revoked"]
    assert facebook.exchanges == 0


def test_link_that_was_used_meanwhile_is_refused(world: World, facebook: Facebook) -> None:
    browser, other, link = world.browser(), world.browser(), world.link("acme")
    state = offered(browser, link=link)
    post(other, {"state": offered(other, link=link), "code": code(facebook)})
    reply = post(browser, {"state": state, "code": code(facebook)})
    assert reply.metric("LoginEnded") == ["link-used"]
    assert reply.button == "/reconnect/acme"


def test_page_of_paused_logins_leads_back_to_the_start(browser: Browser, world: World, facebook: Facebook) -> None:
    """It cannot be loaded again: a button does not post the form, and the code lives 30 seconds."""
    state = offered(browser)
    world.functions["callback"].login_switch.pause()
    reply = post(browser, {"state": state, "code": code(facebook)})
    assert reply.metric("LoginEnded") == ["logins-paused"]
    assert reply.button == "/connect"
    assert facebook.exchanges == 0


def test_too_many_failures_are_counted_with_those_of_redirects(browser: Browser, facebook: Facebook) -> None:
    for _ in range(MAX_PER_MINUTE):
        post(browser, {"state": offered(browser), "code": "made-up"})
    sent = facebook.exchanges
    reply = post(browser, {"state": offered(browser), "code": code(facebook)})
    assert reply.metric("LoginEnded") == ["too-many-failures"]
    assert facebook.exchanges == sent


def test_aws_that_is_busy_leaves_the_state(browser: Browser, world: World, facebook: Facebook) -> None:
    state = offered(browser)
    outage = Outage(world.clients("callback"), "UpdateItem", "ThrottlingException")
    assert post(browser, {"state": state, "code": code(facebook)}).metric("LoginEnded") == ["aws-busy"]
    outage.end()
    assert_ended(post(browser, {"state": state, "code": code(facebook)}), "connected")


def test_page_of_a_login_that_is_being_finished_leads_to_its_end(
    browser: Browser, world: World, facebook: Facebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    callback = world.functions["callback"]
    monkeypatch.setattr(callback, "FINISHING_TRIES", 0)
    state = offered(browser)
    login = callback.states.consume(state, cookies=browser.cookies)
    reply = post(browser, {"state": state, "code": code(facebook)})
    assert reply.title == "Almost there"
    assert reply.button
    path, _, query = reply.button.partition("?")
    assert path == "/callback"
    callback.states.finish(login, {"reason": "declined", "reference": "r-7"})
    assert_page(browser.come_back(query), "declined")


def test_other_methods_use_nothing_up(browser: Browser, facebook: Facebook) -> None:
    state = offered(browser)
    assert browser.post_signup({"state": state}, method="HEAD").status == 200
    assert_ended(post(browser, {"state": state, "code": code(facebook)}), "connected")


def test_no_secret_is_printed(browser: Browser, facebook: Facebook) -> None:
    state, good = offered(browser), code(facebook)
    printed = str(post(browser, {"state": state, "code": good}).printed)
    printed += str(post(browser, {"state": offered(browser), "code": "made-up-code"}).printed)
    for secret in (state, good, "made-up-code", *browser.cookies.values()):
        assert secret not in printed
