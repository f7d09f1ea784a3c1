"""The page for developers: what it shows, what its buttons do, and whom it tells."""

import json
import re
from collections.abc import Iterator
from html import unescape
from queue import Queue

import pytest
import requests

from facebook_simulator.server import FacebookServer
from tests.simulator.facebook_client import APP_TOKEN, REDIRECT_URI, FacebookClient, error
from tests.simulator.receiver import Receiver, Reply
from tests.support.clock import DAY
from tests.support.people import BAKERY, MARIA

SYSTEM_USER = "122100000000000901"


def page(facebook: FacebookClient) -> str:
    return unescape(facebook.http.get(f"{facebook.url}/").text)


def press(facebook: FacebookClient, action: str, user_id: str = MARIA, **form: str) -> list[str]:
    """Press a button; return what the page then says has happened."""
    fields = {"app_id": APP_TOKEN.partition("|")[0], "user_id": user_id, "action": action}
    answer = facebook.http.post(f"{facebook.url}/", data=fields | form)
    assert answer.status_code == 200
    assert [one.status_code for one in answer.history] == [303]
    [outcome] = re.findall('role="status">(.*?)</section>', answer.text, re.DOTALL)
    return [unescape(text) for text in re.findall("<p>(.*?)</p>", outcome)]


def only_reference(facebook: FacebookClient) -> str:
    [reference] = set(re.findall('name="token" value="(.*?)"', page(facebook)))
    return str(reference)


@pytest.fixture
def changed() -> Queue[str]:
    return Queue()


@pytest.fixture
def told(changed: Queue[str]) -> Iterator[FacebookClient]:
    """Run a simulator that tells of changes."""
    with FacebookServer(redirect_uris=(REDIRECT_URI,), on_change=changed.put) as server:
        facebook = FacebookClient(server.url)
        with facebook.http:
            yield facebook


def test_first_page_is_empty_and_reading_changes_nothing(facebook: FacebookClient) -> None:
    answer = facebook.http.get(f"{facebook.url}/")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Facebook simulator:" in answer.text
    assert "Nobody yet" in answer.text
    assert "<script" not in answer.text
    assert facebook.http.get(f"{facebook.url}/_control/requests").json()["requests"] == []


def test_a_token_is_described_and_never_shown(facebook: FacebookClient) -> None:
    short = facebook.exchange(facebook.code())["access_token"]
    long = facebook.extend(short).json()["access_token"]
    shown = page(facebook)
    assert "Maria Bakker" in shown
    assert "Jonas Lind" not in shown
    assert "issued just now, expires in 60 days" in shown
    assert "expires in 1 hour" in shown
    assert (shown.count("Long-lived token"), shown.count("Short-lived token")) == (1, 1)
    assert short not in shown
    assert long not in shown
    facebook.control("clock", advance=3 * DAY)
    assert "Time here is 3 days ahead." in page(facebook)


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("app_removed", "458, the app was removed"),
        ("checkpoint", "459, Facebook wants the person to confirm something"),
        ("password_changed", "460, the password was changed"),
        ("logged_out", "467, the person logged out"),
        ("revoked", "The access token has been revoked."),
    ],
)
def test_error_of_a_dead_token_names_the_cause(facebook: FacebookClient, reason: str, why: str) -> None:
    facebook.token()
    assert ">alive</span>" in page(facebook)
    facebook.control("tokens/invalidate", person="maria", reason=reason)
    shown = page(facebook)
    assert ">dead</span>" in shown
    assert why in shown
    assert "Make this token old" not in shown


@pytest.mark.parametrize(
    ("age", "says", "shows"),
    [
        ("25 days", "expires in 25 days", "issued 35 days ago, expires in 25 days"),
        ("5 days", "expires in 5 days", "issued 55 days ago, expires in 5 days"),
        ("1 hour", "expires in 1 hour", "issued 60 days ago, expires in 1 hour"),
        ("already expired", "has expired", "issued 60 days ago, expired 1 minute ago"),
    ],
)
def test_a_token_is_made_old(facebook: FacebookClient, age: str, says: str, shows: str) -> None:
    facebook.token()
    outcome = press(facebook, "age", token=only_reference(facebook), age=age)
    assert outcome == [f"This token of Maria Bakker's now {says}."]
    assert shows in page(facebook)


def test_an_expired_token_can_be_made_young_again(facebook: FacebookClient) -> None:
    token = facebook.token(lifetime=-5)
    press(facebook, "age", token=only_reference(facebook), age="13 days")
    assert facebook.debug(token)["is_valid"]


def test_the_password_is_changed(facebook: FacebookClient) -> None:
    tokens = [facebook.token() for _ in range(2)]
    assert press(facebook, "password") == ["Maria Bakker changed the password.", "2 tokens became invalid (460)."]
    assert [error(facebook.get("me", token)) for token in tokens] == [(400, 190, 460)] * 2
    assert press(facebook, "password")[1] == "There was no valid token."


def test_permission_is_removed(facebook: FacebookClient) -> None:
    token = facebook.token()
    [said] = press(facebook, "permission", permission="whatsapp_business_messaging")
    assert said == "Maria Bakker revoked whatsapp_business_messaging. It was removed from all valid tokens."
    assert facebook.scopes(token) == ["whatsapp_business_management"]
    assert "<option>whatsapp_business_messaging</option>" not in page(facebook)


def test_removed_app_is_notified(facebook: FacebookClient, receiver: Receiver) -> None:
    token = facebook.token()
    assert press(facebook, "remove") == [
        "Maria Bakker removed the app.",
        "1 token became invalid (458).",
        "The app was sent a deauthorize request and answered 200.",
    ]
    assert receiver.next().path == "/deauthorize"
    assert error(facebook.get("me", token)) == (400, 190, 458)
    assert "None is left." in page(facebook)


def test_app_without_urls_is_not_notified(facebook: FacebookClient) -> None:
    facebook.token()
    assert press(facebook, "delete")[2:] == [
        "The app has no deauthorize URL, so no request was sent.",
        "The app has no data deletion URL, so no request was sent.",
    ]
    facebook.control("app", deauthorize_url="http://127.0.0.1:1/")
    assert press(facebook, "remove")[2] == "The app was sent a deauthorize request and did not answer."


def test_the_data_is_asked_to_be_deleted(facebook: FacebookClient, receiver: Receiver) -> None:
    token = facebook.token()
    receiver.replies["/status"] = Reply(body="Gone.", content_type="text/html")
    url = f"{receiver.url}/status?code=abc123&from=facebook"
    receiver.promise(json.dumps({"url": url, "confirmation_code": "abc123"}))
    said = press(facebook, "delete")
    assert said[3:] == [
        "The app was sent a data deletion request and answered 200.",
        "Confirmation code: <strong>abc123</strong>",
        f'<a href="{url}">The status page</a> answered 200.',
    ]
    assert [receiver.next().path.partition("?")[0] for _ in range(3)] == [
        "/deauthorize",
        "/data-deletion",
        "/status",
    ]
    assert error(facebook.get("me", token)) == (400, 190, 458)


def test_objections_of_facebook_are_shown(facebook: FacebookClient, receiver: Receiver) -> None:
    facebook.token()
    receiver.promise(json.dumps({"url": "javascript:alert(1)", "confirmation_code": "<b>"}))
    said = press(facebook, "delete")
    assert "Facebook would object: url is not an absolute URL." in said
    assert not any("href" in sentence for sentence in said)
    assert "<b>" not in facebook.http.get(f"{facebook.url}/?outcome=1").text


@pytest.mark.parametrize("renewal", ["extend", "unchanged", "same_token", "daily", "refuse"])
def test_the_renewal_is_switched(facebook: FacebookClient, renewal: str) -> None:
    [said] = press(facebook, "renewal", renewal=renewal)
    assert said.startswith(f"Renewal from now on is {renewal.replace('_', ' ')}:")
    assert f'<option value="{renewal}" selected>' in page(facebook)
    assert facebook.control("settings")["renewal"] == renewal


@pytest.mark.parametrize(
    ("left", "shows"),
    [("90 days", "ends in 90 days"), ("10 days left", "ends in 10 days"), ("over", "ended 1 minute ago")],
)
def test_data_access_is_changed(facebook: FacebookClient, left: str, shows: str) -> None:
    facebook.token()
    assert press(facebook, "data-access", data_access=left) == [f"Access to the data of Maria Bakker: {left}."]
    assert f"It {shows}." in page(facebook)


def test_a_system_user_has_neither_password_nor_data_access(facebook: FacebookClient) -> None:
    token = facebook.token(type="SYSTEM_USER", lifetime=0)
    shown = page(facebook)
    assert "System user token" in shown
    assert "never expires" in shown
    assert "Change the password" not in shown
    assert "Data access" not in shown
    press(facebook, "remove", SYSTEM_USER)
    assert error(facebook.get("me", token)) == (400, 190, 458)


@pytest.mark.parametrize(("setting", "named"), [(None, MARIA), ("person", MARIA), ("system_user", SYSTEM_USER)])
@pytest.mark.parametrize("way", ["tokens", "login"])
def test_setting_decides_whom_the_requests_for_a_system_user_name(
    facebook: FacebookClient, receiver: Receiver, setting: str | None, named: str, way: str
) -> None:
    if setting:
        facebook.control("settings", system_user_notices=setting)
    if way == "tokens":
        facebook.token(type="SYSTEM_USER", lifetime=0)
    else:
        facebook.control("app", configurations={"77": {"token_type": "SYSTEM_USER"}})
        facebook.code(facebook.dialog_url(scope=None, config_id="77", override_default_response_type="true"))
    press(facebook, "delete", SYSTEM_USER)
    deliveries = facebook.http.get(f"{facebook.url}/_control/deliveries").json()["deliveries"]
    assert [(one["kind"], one["subject"]) for one in deliveries] == [("deauthorize", named), ("data_deletion", named)]


@pytest.mark.parametrize(
    "form",
    [
        {"action": "age", "token": "none", "age": "5 days"},
        {"action": "permission", "permission": "ads_read"},
        {"action": "data-access", "data_access": "some"},
        {"action": "renewal", "renewal": "some"},
        {"action": "some"},
        {"action": "remove", "user_id": "42"},
    ],
)
def test_an_outdated_button_changes_nothing(told: FacebookClient, changed: Queue[str], form: dict[str, str]) -> None:
    token = told.token()
    said = press(told, **form)
    assert said == ["This page was out of date, so nothing was changed."]
    assert told.debug(token)["is_valid"]
    press(told, "password")
    assert [changed.get(timeout=10), changed.empty()] == [MARIA, True]


def test_only_the_result_of_the_last_button_is_shown(facebook: FacebookClient) -> None:
    facebook.token()
    first = facebook.http.post(f"{facebook.url}/", data={"action": "some"}).url
    press(facebook, "password")
    assert 'role="status"' not in facebook.http.get(first).text


@pytest.mark.parametrize("action", ["password", "remove", "delete"])
def test_change_calls_the_hook_of_the_simulator(told: FacebookClient, changed: Queue[str], action: str) -> None:
    told.token()
    press(told, action)
    assert changed.get(timeout=10) == MARIA


def test_change_of_a_system_user_is_reported_under_its_own_id(told: FacebookClient, changed: Queue[str]) -> None:
    told.token(type="SYSTEM_USER")
    press(told, "age", SYSTEM_USER, token=only_reference(told), age="5 days")
    assert changed.get(timeout=10) == SYSTEM_USER


def test_new_renewal_setting_is_reported_for_everyone_with_a_valid_token(
    told: FacebookClient, changed: Queue[str]
) -> None:
    told.token()
    told.token(person="jonas")
    told.token(person="priya", lifetime=-5)
    press(told, "renewal", renewal="refuse")
    assert {changed.get(timeout=10) for _ in range(2)} == {MARIA, "122100000000000002"}
    assert changed.empty()


def test_a_listener_may_ask_the_simulator(changed: Queue[str]) -> None:
    def look(user_id: str) -> None:
        answer = requests.get(f"{facebook.url}/_control/people", timeout=10)
        changed.put(f"{user_id} {answer.status_code}")

    with FacebookServer(on_change=look) as server:
        facebook = FacebookClient(server.url)
        with facebook.http:
            facebook.token()
            press(facebook, "password")
            assert changed.get(timeout=10) == f"{MARIA} 200"


def test_the_page_is_not_part_of_the_graph_api(facebook: FacebookClient) -> None:
    assert error(facebook.get("nothing")) == (400, 100, 33)
    assert facebook.http.put(f"{facebook.url}/").status_code == 405


@pytest.fixture
def webhook(facebook: FacebookClient, receiver: Receiver) -> Receiver:
    """Run an app that is subscribed to Maria's account."""
    url = f"{receiver.url}/whatsapp"
    facebook.control("app", whatsapp_webhook_url=url, webhook_verify_token=receiver.verify_token)
    receiver.next()
    facebook.post(f"{BAKERY}/subscribed_apps", facebook.token())
    return receiver


def test_unticked_account_is_gone_for_one_person_and_nobody_is_told(facebook: FacebookClient) -> None:
    person, business = facebook.token(), facebook.token(type="SYSTEM_USER")
    press(facebook, "untick", account=BAKERY)
    assert error(facebook.get(f"{BAKERY}/phone_numbers", person)) == (400, 100, 33)
    assert facebook.get(f"{BAKERY}/phone_numbers", business).ok
    assert facebook.debug(person)["is_valid"]
    assert facebook.granular(person)["whatsapp_business_management"] is None
    assert facebook.http.get(f"{facebook.url}/_control/deliveries").json() == {"deliveries": []}


@pytest.mark.parametrize(
    ("action", "event"), [("remove-partner", "PARTNER_REMOVED"), ("delete-account", "ACCOUNT_DELETED")]
)
def test_removed_account_is_gone_for_everybody_and_the_app_is_told(
    facebook: FacebookClient, webhook: Receiver, action: str, event: str
) -> None:
    tokens = [facebook.token(), facebook.token(type="SYSTEM_USER")]
    _, said = press(facebook, action, account=BAKERY)
    assert said == f"The app was sent {event} and answered 200."
    value = json.loads(webhook.next().body)["entry"][0]["changes"][0]["value"]
    assert (value["event"], value["waba_info"]["waba_id"]) == (event, BAKERY)
    for token in tokens:
        assert error(facebook.get(f"{BAKERY}/phone_numbers", token)) == (400, 100, 33)
        assert facebook.debug(token)["is_valid"]


def test_app_that_is_not_subscribed_is_not_told(facebook: FacebookClient, webhook: Receiver) -> None:
    facebook.delete(f"{BAKERY}/subscribed_apps", facebook.token())
    _, said = press(facebook, "remove-partner", account=BAKERY)
    assert said == "The app is not subscribed to this account, so no webhook was sent."
    assert webhook.received.empty()


def test_account_that_is_gone_cannot_be_removed_again(facebook: FacebookClient) -> None:
    facebook.token()
    press(facebook, "untick", account=BAKERY)
    assert press(facebook, "delete-account", account=BAKERY) == ["This page was out of date, so nothing was changed."]


def test_change_of_an_account_is_reported_for_all_who_had_it(told: FacebookClient, changed: Queue[str]) -> None:
    told.token()
    told.token(type="SYSTEM_USER")
    press(told, "remove-partner", account=BAKERY)
    assert {changed.get(timeout=10), changed.get(timeout=10)} == {MARIA, SYSTEM_USER}
