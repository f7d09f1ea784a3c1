"""WhatsApp accounts and phone numbers."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulator.facebook_client import FacebookClient
from tests.support.people import BAKERY

SUPPORT = "300000000000003"
STRANGER = "300000000000099"


def test_an_account_and_its_phone_numbers(facebook: FacebookClient) -> None:
    token = facebook.token()
    account = facebook.get(BAKERY, token).json()
    assert account.keys() == {"id", "name", "currency", "timezone_id", "message_template_namespace"}
    body = facebook.get(f"{BAKERY}/phone_numbers", token).json()
    assert body["data"][0].keys() == {
        "verified_name",
        "code_verification_status",
        "display_phone_number",
        "quality_rating",
        "platform_type",
        "throughput",
        "webhook_configuration",
        "id",
    }
    assert body["paging"].keys() == {"cursors"}


def test_phone_numbers_come_in_pages_whose_link_carries_the_token(facebook: FacebookClient) -> None:
    token = facebook.token(person="jonas")
    first = facebook.get(f"{SUPPORT}/phone_numbers", token).json()
    assert len(first["data"]) == 25
    link = first["paging"]["next"]
    assert link.startswith(f"{facebook.url}/v26.0/{SUPPORT}/phone_numbers?")
    assert parse_qs(urlsplit(link).query)["access_token"] == [token]

    second = facebook.get(f"{SUPPORT}/phone_numbers", token, after=first["paging"]["cursors"]["after"]).json()
    assert second == facebook.http.get(link).json()
    assert "next" not in second["paging"]
    assert len({phone["id"] for phone in first["data"] + second["data"]}) == 30


def test_fields_can_be_chosen_but_must_exist(facebook: FacebookClient) -> None:
    token = facebook.token()
    phones = facebook.get(f"{BAKERY}/phone_numbers", token, fields="status").json()["data"]
    assert phones == [
        {"status": "CONNECTED", "id": "400000000000001"},
        {"status": "CONNECTED", "id": "400000000000002"},
    ]
    answer = facebook.get(BAKERY, token, fields="name,shoe_size")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 100
    assert answer.json()["error"]["message"] == (
        "(#100) Tried accessing nonexisting field (shoe_size) on node type (WhatsAppBusinessAccount)"
    )


def test_account_of_another_person_is_refused(facebook: FacebookClient) -> None:
    answer = facebook.get(f"{STRANGER}/phone_numbers", facebook.token())
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, 200)


def test_an_account_needs_its_permission(facebook: FacebookClient) -> None:
    token = facebook.token(scopes=["whatsapp_business_messaging"])
    assert facebook.get(BAKERY, token).json()["error"]["code"] == 200


def test_an_unknown_object_might_as_well_not_exist(facebook: FacebookClient) -> None:
    error = facebook.get("42/phone_numbers", facebook.token()).json()["error"]
    assert (error["code"], error["error_subcode"], error["type"]) == (100, 33, "GraphMethodException")


def test_a_dead_token_is_401_here_and_400_elsewhere(facebook: FacebookClient) -> None:
    token = facebook.token(lifetime=-5)
    here = facebook.get(f"{BAKERY}/phone_numbers", token)
    elsewhere = facebook.get("me", token)
    assert (here.status_code, elsewhere.status_code) == (401, 400)
    assert here.json()["error"]["code"] == elsewhere.json()["error"]["code"] == 190


def test_an_app_subscribes_to_webhooks_and_leaves(facebook: FacebookClient) -> None:
    url = f"{facebook.url}/v26.0/{BAKERY}/subscribed_apps"
    query = {"access_token": facebook.token()}
    assert facebook.http.get(url, params=query).json() == {"data": []}
    assert facebook.http.post(url, params=query).json() == {"success": True}
    apps = facebook.http.get(url, params=query).json()["data"]
    assert [app["whatsapp_business_api_data"]["name"] for app in apps] == ["Simulated app"]
    assert facebook.http.delete(url, params=query).json() == {"success": True}
    assert facebook.http.get(url, params=query).json() == {"data": []}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"messaging_product": "whatsapp", "pin": "123456"}, 200),
        ({"messaging_product": "whatsapp", "pin": "12345"}, 400),
        ({"pin": "123456"}, 400),
    ],
)
def test_a_phone_number_is_registered_with_a_pin(facebook: FacebookClient, body: dict[str, str], status: int) -> None:
    answer = facebook.http.post(
        f"{facebook.url}/v26.0/400000000000001/register",
        json=body,
        headers={"Authorization": f"Bearer {facebook.token()}"},
    )
    assert answer.status_code == status
