"""Embedded Signup without a browser: what it shares and creates, its messages, its code, and what the app is told."""

import hashlib
import hmac
import json
from typing import Any

import pytest
import requests

from facebook_simulator.server import APP_ID, APP_SECRET
from tests.simulator.facebook_client import FacebookClient, error
from tests.simulator.receiver import Receiver
from tests.simulator.signup_site import CONFIGURATION
from tests.support.clock import DAY, SharedClock
from tests.support.people import BAKERY

PORTFOLIO = "200000000000001"
PHONE = "400000000000001"
PAGE = "https://shop.example"
COEXISTENCE = {"featureType": "whatsapp_business_app_onboarding", "version": "v4", "sessionInfoVersion": "3"}
APP_ONLY = {"features": [{"name": "app_only_install"}], "version": "v4"}


@pytest.fixture(autouse=True)
def page(facebook: FacebookClient) -> str:
    """Allow a page to use the SDK, and return its address."""
    facebook.control(
        "app",
        redirect_uris=[f"{PAGE}/callback"],
        sdk_login=True,
        sdk_domains=[f"{PAGE}/"],
        configurations={CONFIGURATION: {}},
    )
    return PAGE


@pytest.fixture
def webhook(facebook: FacebookClient, receiver: Receiver) -> Receiver:
    """Run an app with a verified address for webhooks."""
    url = f"{receiver.url}/whatsapp"
    facebook.control("app", whatsapp_webhook_url=url, webhook_verify_token=receiver.verify_token)
    assert receiver.next().method == "GET"
    return receiver


def sign_up(facebook: FacebookClient, **choice: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Sign up, and return the only message and the answer."""
    ending = facebook.control("signup", **choice)
    (message,) = ending["messages"]
    return message, ending["answer"]


def token(facebook: FacebookClient, code: str) -> str:
    exchanged = facebook.token_request(code=code, redirect_uri=None)
    assert exchanged.ok, exchanged.text
    return str(exchanged.json()["access_token"])


def proof(token: str) -> str:
    return hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


def value(received: Receiver) -> tuple[str, dict[str, Any]]:
    """Return the field and the value of the next webhook."""
    (entry,) = json.loads(received.next().body)["entry"]
    (change,) = entry["changes"]
    return change["field"], change["value"]


def test_first_assets_are_shared(facebook: FacebookClient) -> None:
    message, answer = sign_up(facebook)
    assert message["event"] == "FINISH"
    assert message["data"] == {"phone_number_id": PHONE, "waba_id": BAKERY, "business_id": PORTFOLIO}
    assert facebook.get(PHONE, token(facebook, answer["code"])).ok


def test_new_assets_are_created(facebook: FacebookClient) -> None:
    message, answer = sign_up(facebook, person="priya", business_name="Priya's Shop", account_name="Shop")
    ids = message["data"]
    value = token(facebook, answer["code"])
    numbers = facebook.get(f"{ids['waba_id']}/phone_numbers", value, fields="status,platform_type").json()["data"]
    assert numbers == [{"id": ids["phone_number_id"], "status": "PENDING", "platform_type": "NOT_APPLICABLE"}]
    (priya,) = (
        one
        for one in facebook.http.get(f"{facebook.url}/_control/people").json()["people"]
        if one["businesses"] and one["person"] == "priya"
    )
    assert [one["id"] for one in priya["businesses"]] == [ids["business_id"]]
    assert priya["businesses"][0]["name"] == "Priya's Shop"


def test_second_sign_up_keeps_the_accounts_of_the_first(facebook: FacebookClient) -> None:
    _, first = sign_up(facebook, account=BAKERY)
    earlier = token(facebook, first["code"])
    message, second = sign_up(facebook, account="new")
    later = token(facebook, second["code"])
    assert facebook.get(BAKERY, earlier).ok
    assert facebook.get(BAKERY, later).ok
    assert facebook.get(message["data"]["waba_id"], later).ok
    assert error(facebook.get(message["data"]["waba_id"], earlier)) == (400, 100, 33)


def test_sign_up_without_a_number(facebook: FacebookClient) -> None:
    message, _ = sign_up(facebook, phone="none")
    assert (message["event"], message["data"]) == (
        "FINISH_ONLY_WABA",
        {"waba_id": BAKERY, "business_id": PORTFOLIO},
    )


def test_number_of_the_business_app_stays_there(facebook: FacebookClient) -> None:
    message, answer = sign_up(facebook, extras=COEXISTENCE)
    assert (message["event"], message["data"]) == ("FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING", {"waba_id": BAKERY})
    fields = "is_on_biz_app,platform_type,status"
    numbers = facebook.get(f"{BAKERY}/phone_numbers", token(facebook, answer["code"]), fields=fields).json()["data"]
    (on_app,) = (one for one in numbers if one["is_on_biz_app"])
    assert (on_app["platform_type"], on_app["status"]) == ("CLOUD_API", "CONNECTED")
    facebook.control("settings", signup_app_number="all")
    message, _ = sign_up(facebook, extras=COEXISTENCE, phone=on_app["id"])
    assert message["data"] == {"phone_number_id": on_app["id"], "waba_id": BAKERY, "business_id": PORTFOLIO}


def test_without_the_feature_no_number_of_the_business_app_is_offered(facebook: FacebookClient) -> None:
    message, _ = sign_up(facebook, phone="app")
    assert message["data"]["phone_number_id"] == PHONE


@pytest.mark.parametrize(
    ("extras", "event"), [({}, "PARTNER_ADDED"), (COEXISTENCE, "PARTNER_ADDED"), (APP_ONLY, "PARTNER_APP_INSTALLED")]
)
@pytest.mark.parametrize("fault", [None, "no_answer", "never_answers", "expired_code"])
def test_app_is_told_of_a_finished_sign_up(
    facebook: FacebookClient, webhook: Receiver, extras: dict[str, Any], event: str, fault: str | None
) -> None:
    if fault:
        facebook.control("faults", endpoint="dialog", fault=fault)
    sign_up(facebook, extras=extras)
    field, about = value(webhook)
    assert (field, about["event"]) == ("account_update", event)
    assert about["waba_info"]["waba_id"] == BAKERY
    assert about["waba_info"]["owner_business_id"] == PORTFOLIO


def test_both_features_are_refused(facebook: FacebookClient) -> None:
    refused = facebook.http.post(f"{facebook.url}/_control/signup", json={"extras": COEXISTENCE | APP_ONLY})
    assert refused.status_code == 400


@pytest.mark.parametrize("extras", ["[", "[]", '{"features": ["app_only_install"]}', '{"features": 1}'])
def test_malformed_extras_are_refused(facebook: FacebookClient, extras: str) -> None:
    refused = facebook.http.post(f"{facebook.url}/_control/signup", json={"extras": extras})
    assert refused.status_code == 400


def test_messages_of_older_versions_have_a_version(facebook: FacebookClient) -> None:
    assert "version" not in sign_up(facebook, extras={"version": "v4", "sessionInfoVersion": "3"})[0]
    assert sign_up(facebook, extras={"version": "v3", "sessionInfoVersion": "3"})[0]["version"] == "3"


def test_person_who_cancels_shares_nothing(facebook: FacebookClient) -> None:
    message, answer = sign_up(facebook, cancel="PHONE_NUMBER_SETUP")
    assert (message["event"], message["data"]) == ("CANCEL", {"current_step": "PHONE_NUMBER_SETUP"})
    assert answer["error"] == "access_denied"
    assert "Nobody yet" in facebook.http.get(facebook.url).text


@pytest.mark.parametrize(("fault", "event"), [("signup_error", "ERROR"), ("error_as_cancel", "CANCEL")])
def test_error_has_a_session_id(facebook: FacebookClient, fault: str, event: str) -> None:
    facebook.control("faults", endpoint="dialog", fault=fault, error_code="131", session_id="s1")
    message, answer = sign_up(facebook)
    assert message["event"] == event
    assert (message["data"]["error_code"], message["data"]["session_id"]) == ("131", "s1")
    assert "code" not in answer
    assert sign_up(facebook)[0]["event"] == "FINISH"


def test_expired_code(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="dialog", fault="expired_code")
    _, answer = sign_up(facebook)
    assert error(facebook.token_request(code=answer["code"], redirect_uri=None)) == (400, 100, 36007)


def test_code_lives_thirty_seconds(facebook: FacebookClient, clock: SharedClock) -> None:
    first, second = sign_up(facebook)[1], sign_up(facebook)[1]
    facebook.control("clock", advance=29)
    assert facebook.token_request(code=first["code"], redirect_uri=None).ok
    facebook.control("clock", advance=1)
    assert error(facebook.token_request(code=second["code"], redirect_uri=None)) == (400, 100, 36007)


def test_lost_code_can_be_replaced_by_the_token_of_the_business(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="dialog", fault="no_answer")
    sign_up(facebook)
    own = facebook.token(person="jonas", type="SYSTEM_USER", scopes=["business_management"])
    path = f"{PORTFOLIO}/system_user_access_tokens"
    fetched = facebook.post(path, own, fetch_only=True, appsecret_proof=proof(own)).json()["access_token"]
    assert facebook.get(f"{BAKERY}/phone_numbers", fetched).ok
    assert facebook.post(path, own, fetch_only=True, appsecret_proof=proof(own)).json()["access_token"] == fetched


def test_business_that_did_not_finish_has_no_token(facebook: FacebookClient) -> None:
    sign_up(facebook, cancel="PERMISSIONS")
    own = facebook.token(person="jonas", type="SYSTEM_USER", scopes=["business_management"])
    refused = facebook.post(f"{PORTFOLIO}/system_user_access_tokens", own, fetch_only=True, appsecret_proof=proof(own))
    assert error(refused) == (400, 100, 33)


def test_business_that_has_removed_the_app_has_no_token(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="dialog", fault="no_answer")
    sign_up(facebook)
    form = {"app_id": APP_ID, "user_id": "122100000000000901", "action": "remove"}
    assert "removed the app" in facebook.http.post(facebook.url, data=form).text
    own = facebook.token(person="jonas", type="SYSTEM_USER", scopes=["business_management"])
    refused = facebook.post(f"{PORTFOLIO}/system_user_access_tokens", own, fetch_only=True, appsecret_proof=proof(own))
    assert error(refused) == (400, 100, 33)


def test_without_a_window_the_answer_goes_to_the_fallback(facebook: FacebookClient, page: str) -> None:
    fallback = f"{page}/callback"
    ending = facebook.control("signup", opener=False, fallback_redirect_uri=fallback, state="s1")
    assert ending["messages"] == []
    assert ending["location"].startswith(f"{fallback}?code=")
    assert ending["answer"]["state"] == "s1"
    code = ending["answer"]["code"]
    assert error(facebook.token_request(code=code, redirect_uri=None)) == (400, 191, None)
    assert facebook.token_request(code=code, redirect_uri=fallback).ok


@pytest.mark.parametrize(
    "change",
    [
        {"sdk_login": False},
        {"sdk_domains": []},
        {"sdk_domains": ["https://other.example"]},
        {"sdk_domains": ["http://shop.example"]},
        {"redirect_uris": ["https://other.example/callback"]},
    ],
)
def test_page_that_the_app_does_not_allow(facebook: FacebookClient, change: dict[str, Any]) -> None:
    url = pop_up(facebook)
    assert facebook.http.get(url).ok
    facebook.control("app", **change)
    refused = facebook.http.get(url, allow_redirects=False)
    assert refused.status_code == 400
    assert "postMessage" not in refused.text


def pop_up(facebook: FacebookClient) -> str:
    arbiter = f"{facebook.url}/x/connect/xd_arbiter/?version=46#cb=f1&origin={PAGE}/f2&relation=opener&frame=f3"
    return facebook.dialog_url(
        redirect_uri=arbiter, config_id=CONFIGURATION, scope=None, override_default_response_type="true"
    )


def test_login_without_a_configuration_answers_the_opener_too(facebook: FacebookClient) -> None:
    arbiter = f"{facebook.url}/x/connect/xd_arbiter/?version=46#cb=f1&origin={PAGE}/f2"
    location = facebook.control("login", url=facebook.dialog_url(redirect_uri=arbiter))["location"]
    assert location.startswith("/x/connect/xd_arbiter/?version=46#cb=f1&")
    code = location.partition("&code=")[2].partition("&")[0]
    assert facebook.token_request(code=code, redirect_uri=None).ok


def app_number(facebook: FacebookClient, **choice: Any) -> tuple[str, str]:
    """Sign up with a number of the WhatsApp Business app, and return its ID and a token."""
    facebook.control("settings", signup_app_number="all")
    message, answer = sign_up(facebook, extras=COEXISTENCE, **choice)
    return message["data"]["phone_number_id"], token(facebook, answer["code"])


def start(facebook: FacebookClient, phone: str, token: str, sync_type: str = "history") -> requests.Response:
    return facebook.post(f"{phone}/smb_app_data", token, messaging_product="whatsapp", sync_type=sync_type)


def subscribe(facebook: FacebookClient, webhook: Receiver, token: str) -> None:
    """Subscribe to the account, after the webhook about the sign-up."""
    assert value(webhook)[0] == "account_update"
    assert facebook.post(f"{BAKERY}/subscribed_apps", token).ok


def test_contacts_and_history_come_as_webhooks(facebook: FacebookClient, webhook: Receiver) -> None:
    phone, token = app_number(facebook)
    subscribe(facebook, webhook, token)
    answer = start(facebook, phone, token, "smb_app_state_sync").json()
    assert answer["messaging_product"] == "whatsapp"
    assert answer["request_id"]
    field, about = value(webhook)
    assert (field, about["metadata"]["phone_number_id"]) == ("smb_app_state_sync", phone)
    assert about["state_sync"][0]["type"] == "contact"

    assert start(facebook, phone, token).ok
    chunks = [value(webhook) for _ in range(4)]
    assert {field for field, _ in chunks} == {"history"}
    assert chunks[1][1]["messages"][0]["type"] == "image"
    phases = [about["history"][0]["metadata"] for _, about in chunks if "history" in about]
    assert [one["phase"] for one in phases] == [0, 1, 2]
    assert phases[-1]["progress"] == 100


def test_size_of_the_history(facebook: FacebookClient, webhook: Receiver) -> None:
    facebook.control("settings", history_messages=500)
    phone, token = app_number(facebook)
    subscribe(facebook, webhook, token)
    assert start(facebook, phone, token).ok
    assert len(value(webhook)[1]["history"][0]["threads"][0]["messages"]) == 501


def test_history_that_is_not_shared(facebook: FacebookClient, webhook: Receiver) -> None:
    phone, token = app_number(facebook, shares_history=False)
    subscribe(facebook, webhook, token)
    assert start(facebook, phone, token).ok
    (chunk,) = value(webhook)[1]["history"]
    assert [one["code"] for one in chunk["errors"]] == [2593109]


def test_unsubscribed_app_gets_nothing(facebook: FacebookClient, webhook: Receiver) -> None:
    phone, token = app_number(facebook)
    assert start(facebook, phone, token).ok
    kinds = [one["kind"] for one in facebook.http.get(f"{facebook.url}/_control/deliveries").json()["deliveries"]]
    assert kinds == ["account_update"]
    assert error(start(facebook, phone, token)) == (400, 2593107, None)


def test_webhooks_go_to_the_override(facebook: FacebookClient, webhook: Receiver) -> None:
    phone, token = app_number(facebook)
    subscribe(facebook, webhook, token)
    override = {"override_callback_uri": f"{webhook.url}/own", "verify_token": webhook.verify_token}
    assert facebook.post(f"{BAKERY}/subscribed_apps", token, **override).ok
    assert webhook.next().method == "GET"
    assert start(facebook, phone, token, "smb_app_state_sync").ok
    assert webhook.next().path == "/own"


def test_each_synchronization_starts_once_until_the_next_sign_up(facebook: FacebookClient, clock: SharedClock) -> None:
    phone, token = app_number(facebook)
    for sync_type in ("smb_app_state_sync", "history"):
        assert start(facebook, phone, token, sync_type).ok
        assert error(start(facebook, phone, token, sync_type)) == (400, 2593107, None)
    facebook.control("clock", advance=1)
    app_number(facebook, phone=phone)
    assert start(facebook, phone, token).ok


def test_synchronization_is_possible_for_a_day(facebook: FacebookClient, clock: SharedClock) -> None:
    phone, token = app_number(facebook)
    facebook.control("clock", advance=DAY - 1)
    assert start(facebook, phone, token, "smb_app_state_sync").ok
    facebook.control("clock", advance=1)
    assert error(start(facebook, phone, token)) == (400, 2593108, None)


def test_number_outside_of_the_business_app_has_nothing_to_synchronize(facebook: FacebookClient) -> None:
    _, answer = sign_up(facebook)
    assert error(start(facebook, PHONE, token(facebook, answer["code"]))) == (400, 100, None)


@pytest.mark.parametrize("body", [{"sync_type": "history"}, {"messaging_product": "whatsapp", "sync_type": "chats"}])
def test_synchronization_with_other_parameters(facebook: FacebookClient, body: dict[str, str]) -> None:
    phone, token = app_number(facebook)
    assert error(facebook.post(f"{phone}/smb_app_data", token, **body)) == (400, 100, None)


def test_number_that_the_token_does_not_reach(facebook: FacebookClient) -> None:
    phone, _ = app_number(facebook)
    stranger = facebook.token(person="jonas")
    assert error(start(facebook, phone, stranger)) == (400, 100, 33)


def test_message_written_in_the_app(facebook: FacebookClient, webhook: Receiver) -> None:
    phone, token = app_number(facebook)
    subscribe(facebook, webhook, token)
    (delivery,) = facebook.control("message-echo", id=phone, to="12025550199", text="On my way")["deliveries"]
    assert (delivery["kind"], delivery["subject"], delivery["status"]) == ("smb_message_echoes", phone, 200)
    (echo,) = value(webhook)[1]["message_echoes"]
    assert (echo["to"], echo["text"]["body"]) == ("12025550199", "On my way")


def test_developers_page_shows_the_synchronization(facebook: FacebookClient) -> None:
    phone, token = app_number(facebook)
    assert "Synchronization: nothing started, 1 day left." in facebook.http.get(facebook.url).text
    assert start(facebook, phone, token).ok
    facebook.control("clock", advance=DAY)
    assert "Synchronization: history started, the 24 hours are over." in facebook.http.get(facebook.url).text


def test_buttons_of_the_developers_page(facebook: FacebookClient, webhook: Receiver) -> None:
    spoiled = facebook.http.post(facebook.url, data={"action": "signup", "signup": "signup_error"})
    assert "will fail with an error" in spoiled.text
    assert sign_up(facebook)[0]["event"] == "ERROR"
    phone, token = app_number(facebook)
    form = {"action": "write", "phone": phone}
    assert "no webhook was sent" in facebook.http.post(facebook.url, data=form).text
    subscribe(facebook, webhook, token)
    assert "sent smb_message_echoes and answered 200" in facebook.http.post(facebook.url, data=form).text
    assert value(webhook)[0] == "smb_message_echoes"
    for outdated in ({"action": "signup", "signup": "x"}, {"action": "write", "phone": "1"}):
        assert "out of date" in facebook.http.post(facebook.url, data=outdated).text
