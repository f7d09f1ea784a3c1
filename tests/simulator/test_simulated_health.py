"""The health status of accounts and phone numbers."""

import pytest
import requests

from facebook_simulator.server import APP_ID
from tests.simulator.facebook_client import FacebookClient
from tests.support.people import BAKERY

PHONE = "400000000000001"
PORTFOLIO = "200000000000001"


def test_healthy_phone_number_names_all_entities(facebook: FacebookClient) -> None:
    body = facebook.get(PHONE, facebook.token(), fields="health_status").json()
    assert body == {
        "health_status": {
            "can_send_message": "AVAILABLE",
            "entities": [
                {"entity_type": "PHONE_NUMBER", "id": PHONE, "can_send_message": "AVAILABLE"},
                {"entity_type": "WABA", "id": BAKERY, "can_send_message": "AVAILABLE"},
                {"entity_type": "BUSINESS", "id": PORTFOLIO, "can_send_message": "AVAILABLE"},
                {"entity_type": "APP", "id": APP_ID, "can_send_message": "AVAILABLE"},
            ],
        },
        "id": PHONE,
    }


@pytest.mark.parametrize("status", ["LIMITED", "BLOCKED"])
def test_missing_payment_method_is_an_error_of_the_account(facebook: FacebookClient, status: str) -> None:
    facebook.control("accounts", id=BAKERY, can_send_message=status, problems=[141006])
    for node in (BAKERY, PHONE):
        health = facebook.get(node, facebook.token(), fields="health_status").json()["health_status"]
        assert health["can_send_message"] == status
        (account,) = (one for one in health["entities"] if one["entity_type"] == "WABA")
        assert account["can_send_message"] == status
        assert [one["error_code"] for one in account["errors"]] == [141006]
        assert account["errors"][0].keys() == {"error_code", "error_description", "possible_solution"}


def test_health_of_a_number_does_not_show_in_the_account(facebook: FacebookClient) -> None:
    facebook.control("phones", id=PHONE, can_send_message="BLOCKED")
    by_node = {
        node: facebook.get(node, facebook.token(), fields="health_status").json()["health_status"]["can_send_message"]
        for node in (BAKERY, PHONE)
    }
    assert by_node == {BAKERY: "AVAILABLE", PHONE: "BLOCKED"}


def test_worst_status_is_that_of_the_whole(facebook: FacebookClient) -> None:
    facebook.control("phones", id=PHONE, can_send_message="BLOCKED")
    facebook.control("accounts", id=BAKERY, can_send_message="LIMITED")
    health = facebook.get(PHONE, facebook.token(), fields="health_status").json()["health_status"]
    assert health["can_send_message"] == "BLOCKED"


def test_unknown_value_is_refused(facebook: FacebookClient) -> None:
    sent = {"id": BAKERY, "can_send_message": "BROKEN"}
    assert requests.post(f"{facebook.url}/_control/accounts", json=sent, timeout=10).status_code == 400
