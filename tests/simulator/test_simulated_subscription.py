"""An app subscribes to the webhooks of a WhatsApp account."""

from collections.abc import Iterator

import pytest

from tests.simulator.facebook_client import FacebookClient, error
from tests.simulator.receiver import Receiver, receiving
from tests.support.people import BAKERY

PATH = f"{BAKERY}/subscribed_apps"


@pytest.fixture
def webhook() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def override(webhook: Receiver, verify_token: str = "") -> dict[str, str]:
    return {
        "override_callback_uri": f"{webhook.url}/whatsapp",
        "verify_token": verify_token or webhook.verify_token,
    }


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


def test_override_needs_a_subscription_first(facebook: FacebookClient, webhook: Receiver) -> None:
    token = facebook.token()
    refused = facebook.post(PATH, token, **override(webhook))
    assert error(refused) == (400, 100, None)
    assert "your app must be subscribed" in refused.json()["error"]["message"]

    facebook.post(PATH, token)
    assert facebook.post(PATH, token, **override(webhook)).json() == {"success": True}
    assert webhook.next().path.startswith("/whatsapp?hub.mode=subscribe&hub.challenge=")
    (app,) = facebook.get(PATH, token).json()["data"]
    assert app["override_callback_uri"] == f"{webhook.url}/whatsapp"


def test_override_needs_an_address_that_repeats_the_challenge(facebook: FacebookClient, webhook: Receiver) -> None:
    token = facebook.token()
    facebook.post(PATH, token)
    address = override(webhook)["override_callback_uri"]
    assert error(facebook.post(PATH, token, override_callback_uri=address)) == (400, 100, None)
    assert error(facebook.post(PATH, token, **override(webhook, "another token"))) == (400, 2200, None)
    (app,) = facebook.get(PATH, token).json()["data"]
    assert "override_callback_uri" not in app


def test_plain_subscription_removes_the_override(facebook: FacebookClient, webhook: Receiver) -> None:
    token = facebook.token()
    facebook.post(PATH, token)
    facebook.post(PATH, token, **override(webhook))
    facebook.post(PATH, token)
    (app,) = facebook.get(PATH, token).json()["data"]
    assert "override_callback_uri" not in app


@pytest.mark.parametrize("account", ["300000000000099", "42"])
def test_only_reached_accounts_can_be_subscribed_to(facebook: FacebookClient, account: str) -> None:
    assert error(facebook.post(f"{account}/subscribed_apps", facebook.token())) == (400, 100, 33)
