"""Registration of phone numbers for the Cloud API, and what can be sent before it."""

import pytest
import requests

from tests.simulator.facebook_client import FacebookClient, error
from tests.support.clock import SharedClock

PHONE = "400000000000001"
PIN = "123456"
HOUR = 3_600


def register(facebook: FacebookClient, pin: str = PIN) -> requests.Response:
    return facebook.post(f"{PHONE}/register", facebook.token(), messaging_product="whatsapp", pin=pin)


def send(facebook: FacebookClient) -> requests.Response:
    body = {"messaging_product": "whatsapp", "to": "12025550123", "text": {"body": "Hello"}}
    return facebook.post(f"{PHONE}/messages", facebook.token(), **body)


@pytest.mark.parametrize("body", [{"messaging_product": "whatsapp", "pin": "12345"}, {"pin": PIN}])
def test_registration_needs_the_product_and_six_digits(facebook: FacebookClient, body: dict[str, str]) -> None:
    assert error(facebook.post(f"{PHONE}/register", facebook.token(), **body)) == (400, 100, None)


def test_registered_number_can_send(facebook: FacebookClient) -> None:
    facebook.control("phones", id=PHONE, status="PENDING", platform_type="NOT_APPLICABLE")
    assert error(send(facebook)) == (400, 133010, None)
    assert register(facebook).json() == {"success": True}
    assert send(facebook).ok
    fields = "status,platform_type,is_pin_enabled"
    assert facebook.get(PHONE, facebook.token(), fields=fields).json() == {
        "id": PHONE,
        "status": "CONNECTED",
        "platform_type": "CLOUD_API",
        "is_pin_enabled": True,
    }


def test_first_pin_is_kept(facebook: FacebookClient) -> None:
    assert register(facebook).ok
    refused = register(facebook, "654321")
    assert error(refused) == (400, 133005, None)
    assert refused.json()["error"]["error_data"]["messaging_product"] == "whatsapp"
    assert register(facebook).ok


def test_pin_that_the_customer_set_is_needed(facebook: FacebookClient) -> None:
    facebook.control("phones", id=PHONE, pin="111111", status="PENDING")
    assert error(register(facebook)) == (400, 133005, None)
    assert error(send(facebook)) == (400, 133010, None)
    assert register(facebook, "111111").ok


def test_ten_tries_in_72_hours(facebook: FacebookClient, clock: SharedClock) -> None:
    facebook.control("phones", id=PHONE, pin="111111")
    for _ in range(10):
        assert error(register(facebook)) == (400, 133005, None)
    refused = register(facebook, "111111")
    assert error(refused) == (400, 133016, None)
    assert "too many attempts" in refused.json()["error"]["error_data"]["details"]

    facebook.control("clock", advance=72 * HOUR - 1)
    assert error(register(facebook, "111111")) == (400, 133016, None)
    facebook.control("clock", advance=1)
    assert register(facebook, "111111").ok


def test_number_of_the_whatsapp_business_app_is_refused(facebook: FacebookClient) -> None:
    facebook.control("phones", id=PHONE, is_on_biz_app=True)
    assert error(register(facebook)) == (400, 100, None)


@pytest.mark.parametrize("phone", ["42", "400000000000901"])
def test_number_that_the_token_does_not_reach(facebook: FacebookClient, phone: str) -> None:
    answer = facebook.post(f"{phone}/register", facebook.token(), messaging_product="whatsapp", pin=PIN)
    assert error(answer) == (400, 100, 33)
