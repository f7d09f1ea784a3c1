"""Clients that others have written for the real Facebook, against the simulator over HTTP."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from facebook_business.adobjects.business import Business
from facebook_business.adobjects.systemuser import SystemUser
from facebook_business.adobjects.user import User
from facebook_business.adobjects.whatsappbusinessaccount import WhatsAppBusinessAccount
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from pywa.client import WhatsApp
from pywa.errors import WhatsAppError

from facebook_simulator.server import APP_ID, APP_SECRET
from tests.simulator.facebook_client import APP_TOKEN, REDIRECT_URI, FacebookClient
from tests.simulator.receiver import Receiver
from tests.support.people import BAKERY, MARIA
from tests.support.pywa_transport import ToSimulator

PHONE = "400000000000001"
PORTFOLIO = "200000000000001"
TO = "12025550123"
PIN = "123456"
WITH_BUSINESSES = ["whatsapp_business_management", "whatsapp_business_messaging", "business_management"]


def sent_texts(facebook: FacebookClient) -> list[str]:
    messages = facebook.http.get(f"{facebook.url}/_control/messages").json()["messages"]
    return [message["text"]["body"] for message in messages]


class TestPywa:
    @pytest.fixture
    def http(self, facebook: FacebookClient) -> Iterator[httpx.Client]:
        with httpx.Client(transport=ToSimulator(facebook.url)) as client:
            yield client

    @pytest.fixture
    def whatsapp(self, facebook: FacebookClient, http: httpx.Client) -> WhatsApp:
        return WhatsApp(phone_id=PHONE, waba_id=BAKERY, token=facebook.token(), session=http, filter_updates=False)

    def test_code_of_embedded_signup_becomes_a_token(self, facebook: FacebookClient, http: httpx.Client) -> None:
        anonymous = WhatsApp(token="none", session=http).api
        code = facebook.control("codes", redirect_uri="", type="SYSTEM_USER")["code"]
        token = anonymous.get_business_access_token(int(APP_ID), APP_SECRET, code)["access_token"]
        assert facebook.debug(token)["type"] == "SYSTEM_USER"
        app_token = anonymous.get_app_access_token(int(APP_ID), APP_SECRET)["access_token"]
        assert facebook.get("debug_token", app_token, input_token=token).json()["data"]["is_valid"]

    def test_account_and_numbers_are_read(self, facebook: FacebookClient, whatsapp: WhatsApp) -> None:
        facebook.control("accounts", id=BAKERY, can_send_message="BLOCKED", problems=[141006])
        account = whatsapp.get_business_account()
        assert (account.name, account.status) == ("Corner Bakery", "ACTIVE")
        assert account.health_status
        assert account.health_status["can_send_message"] == "BLOCKED"
        first, second = whatsapp.get_business_phone_numbers()
        assert (first.id, first.status, first.platform_type) == (PHONE, "CONNECTED", "CLOUD_API")
        assert (first.is_on_biz_app, second.verified_name) == (False, "Corner Bakery")

    def test_app_is_subscribed_with_and_without_an_override(self, whatsapp: WhatsApp, receiver: Receiver) -> None:
        override = {"callback_url": f"{receiver.url}/whatsapp", "verify_token": receiver.verify_token}
        with pytest.raises(WhatsAppError) as refusal:
            whatsapp.override_waba_callback_url(**override)
        assert refusal.value.code == 100
        assert whatsapp.delete_waba_callback_url().success  # the plain subscription
        assert whatsapp.override_waba_callback_url(**override).success
        assert [app["override_callback_uri"] for app in whatsapp.api.get_waba_subscribed_apps(BAKERY)["data"]] == [
            override["callback_url"]
        ]
        assert whatsapp.set_app_callback_url(
            app_id=int(APP_ID), app_access_token=APP_TOKEN, fields=("account_update",), **override
        ).success

    def test_number_is_registered_and_sends(self, facebook: FacebookClient, whatsapp: WhatsApp) -> None:
        facebook.control("phones", id=PHONE, status="PENDING", platform_type="NOT_APPLICABLE", pin=PIN)
        with pytest.raises(WhatsAppError) as refusal:
            whatsapp.send_message(TO, "Too early")
        assert refusal.value.code == 133010
        with pytest.raises(WhatsAppError) as refusal:
            whatsapp.register_phone_number(pin="654321")
        assert refusal.value.code == 133005
        assert whatsapp.register_phone_number(pin=PIN).success
        assert whatsapp.send_message(TO, "Hello").id.startswith("wamid.")
        assert whatsapp.deregister_phone_number().success
        assert sent_texts(facebook) == ["Hello"]

    def test_profile_settings_templates_media_and_receipts(self, whatsapp: WhatsApp) -> None:
        assert whatsapp.update_business_profile(about="Fresh bread").success
        assert whatsapp.get_business_profile().about == "Fresh bread"
        assert whatsapp.get_business_phone_number_settings().calling
        assert list(whatsapp.get_templates()) == []
        media = whatsapp.upload_media(b"bread", mime_type="image/png", filename="bread.png")
        assert whatsapp.get_media_bytes(whatsapp.get_media_url(media.id).url) == b"bread"
        assert whatsapp.mark_message_as_read("wamid.x").success


class TestFacebookBusiness:
    @pytest.fixture
    def graph(self, facebook: FacebookClient, monkeypatch: pytest.MonkeyPatch) -> str:
        monkeypatch.setattr(FacebookSession, "GRAPH", facebook.url)
        return facebook.url

    def api(self, token: str) -> FacebookAdsApi:
        """Return the client, which sends appsecret_proof with each call."""
        return FacebookAdsApi(FacebookSession(APP_ID, APP_SECRET, token), api_version="v26.0")

    @pytest.mark.usefixtures("graph")
    def test_login(self, facebook: FacebookClient) -> None:
        api = self.api(APP_TOKEN)
        query = {
            "client_id": APP_ID,
            "client_secret": APP_SECRET,
            "redirect_uri": REDIRECT_URI,
            "code": facebook.code(),
        }
        token = api.call("GET", ("oauth", "access_token"), query).json()["access_token"]
        about = api.call("GET", ("debug_token",), {"input_token": token}).json()["data"]
        assert (about["is_valid"], about["user_id"]) == (True, MARIA)
        assert User("me", api=self.api(token)).api_get(fields=["id", "name"])["name"] == "Maria Bakker"

    @pytest.mark.usefixtures("graph")
    def test_accounts_are_looked_up(self, facebook: FacebookClient) -> None:
        person = self.api(facebook.token(scopes=WITH_BUSINESSES))
        (business,) = User("me", api=person).get_businesses()
        assert business["id"] == PORTFOLIO
        (account,) = Business(PORTFOLIO, api=person).get_owned_whats_app_business_accounts(fields=["id", "name"])
        assert (account["id"], account["name"]) == (BAKERY, "Corner Bakery")
        assert not list(Business(PORTFOLIO, api=person).get_client_whats_app_business_accounts())
        system_user = self.api(facebook.token(type="SYSTEM_USER"))
        assert not list(SystemUser("me", api=system_user).get_assigned_whats_app_business_accounts())

    @pytest.mark.usefixtures("graph")
    def test_numbers_subscription_registration_and_a_message(self, facebook: FacebookClient) -> None:
        api = self.api(facebook.token())
        account = WhatsAppBusinessAccount(BAKERY, api=api)
        assert [one["id"] for one in account.get_phone_numbers()] == [PHONE, "400000000000002"]
        account.create_subscribed_app()
        (app,) = account.get_subscribed_apps()
        assert app["whatsapp_business_api_data"]["id"] == APP_ID
        registration = {"messaging_product": "whatsapp", "pin": PIN}
        assert api.call("POST", (PHONE, "register"), registration).json() == {"success": True}
        message = {"messaging_product": "whatsapp", "to": TO, "type": "text", "text": {"body": "Hello"}}
        assert api.call("POST", (PHONE, "messages"), message).json()["messages"]
        assert sent_texts(facebook) == ["Hello"]

    @pytest.mark.usefixtures("graph")
    def test_token_of_a_client_business_is_fetched(self, facebook: FacebookClient) -> None:
        client = facebook.token(type="SYSTEM_USER")
        own = self.api(facebook.token(person="jonas", type="SYSTEM_USER", scopes=WITH_BUSINESSES))
        fetched = Business(PORTFOLIO, api=own).create_system_user_access_token(params={"fetch_only": True})
        assert fetched["access_token"] == client

    @pytest.mark.usefixtures("graph")
    def test_batch(self, facebook: FacebookClient) -> None:
        api = self.api(facebook.token())
        batch, answers = api.new_batch(), list[Any]()
        for node in (User("me", api=api), WhatsAppBusinessAccount("42", api=api)):
            node.api_get(
                fields=["id"],
                batch=batch,
                success=lambda answer: answers.append(answer.json()),
                failure=lambda answer: answers.append(answer.error()),
            )
        batch.execute()
        me, unknown = answers
        assert me == {"id": MARIA}
        assert isinstance(unknown, FacebookRequestError)
        assert (unknown.api_error_code(), unknown.api_error_subcode()) == (100, 33)
