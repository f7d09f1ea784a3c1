"""An app subscribes to the webhooks of a WhatsApp account."""

import pytest

from tests.simulator.facebook_client import FacebookClient, error
from tests.support.people import BAKERY

PATH = f"{BAKERY}/subscribed_apps"
OVERRIDE = {"override_callback_uri": "https://example.com/whatsapp", "verify_token": "v"}


def test_subscribing_twice_is_the_same_as_once(facebook: FacebookClient) -> None:
    token = facebook.token()
    assert facebook.get(PATH, token).json() == {"data": []}
    for _ in range(2):
        assert facebook.post(PATH, token).json() == {"success": True}
    (app,) = facebook.get(PATH, token).json()["data"]
    assert app.keys() == {"whatsapp_business_api_data"}
    assert app["whatsapp_business_api_data"].keys() == {"id", "link", "name"}
    for _ in range(2):
        assert facebook.delete(PATH, token).json() == {"success": True}
    assert facebook.get(PATH, token).json() == {"data": []}


def test_override_needs_a_subscription_first(facebook: FacebookClient) -> None:
    token = facebook.token()
    refused = facebook.post(PATH, token, **OVERRIDE)
    assert error(refused) == (400, 100, None)
    assert "your app must be subscribed" in refused.json()["error"]["message"]

    facebook.post(PATH, token)
    assert facebook.post(PATH, token, **OVERRIDE).json() == {"success": True}
    (app,) = facebook.get(PATH, token).json()["data"]
    assert app["override_callback_uri"] == OVERRIDE["override_callback_uri"]


def test_override_needs_a_verify_token(facebook: FacebookClient) -> None:
    token = facebook.token()
    facebook.post(PATH, token)
    answer = facebook.post(PATH, token, override_callback_uri="https://example.com/whatsapp")
    assert error(answer) == (400, 100, None)


def test_plain_subscription_removes_the_override(facebook: FacebookClient) -> None:
    token = facebook.token()
    facebook.post(PATH, token)
    facebook.post(PATH, token, **OVERRIDE)
    facebook.post(PATH, token)
    (app,) = facebook.get(PATH, token).json()["data"]
    assert "override_callback_uri" not in app


@pytest.mark.parametrize("account", ["300000000000099", "42"])
def test_only_reached_accounts_can_be_subscribed_to(facebook: FacebookClient, account: str) -> None:
    assert error(facebook.post(f"{account}/subscribed_apps", facebook.token())) == (400, 100, 33)
