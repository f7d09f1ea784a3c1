"""WhatsApp accounts and phone numbers."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulator.facebook_client import FacebookClient, error
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


@pytest.mark.parametrize(("setting", "expected"), [("missing", (400, 100, 33)), ("refused", (403, 200, None))])
def test_account_that_the_token_does_not_reach(
    facebook: FacebookClient, setting: str, expected: tuple[int, int, int | None]
) -> None:
    facebook.control("settings", foreign_account=setting)
    answer = facebook.get(f"{STRANGER}/phone_numbers", facebook.token())
    assert error(answer) == expected


def test_account_that_was_not_shared_does_not_exist_by_default(facebook: FacebookClient) -> None:
    token = facebook.token(person="jonas", wabas=["300000000000002"])
    assert facebook.get("300000000000002/phone_numbers", token).ok
    answer = facebook.get(f"{SUPPORT}/phone_numbers", token)
    assert error(answer) == (400, 100, 33)
    assert answer.json()["error"]["message"].startswith("Unsupported get request. Object with ID '300000000000003'")


def test_an_account_needs_its_permission(facebook: FacebookClient) -> None:
    token = facebook.token(scopes=["whatsapp_business_messaging"])
    assert facebook.get(BAKERY, token).json()["error"]["code"] == 200


def test_an_unknown_object_might_as_well_not_exist(facebook: FacebookClient) -> None:
    answer = facebook.get("42/phone_numbers", facebook.token())
    assert error(answer) == (400, 100, 33)
    assert answer.json()["error"]["type"] == "GraphMethodException"


def test_a_dead_token_is_401_here_and_400_elsewhere(facebook: FacebookClient) -> None:
    token = facebook.token(lifetime=-5)
    here = facebook.get(f"{BAKERY}/phone_numbers", token)
    elsewhere = facebook.get("me", token)
    assert (here.status_code, elsewhere.status_code) == (401, 400)
    assert here.json()["error"]["code"] == elsewhere.json()["error"]["code"] == 190


def test_phone_number_says_how_it_was_onboarded(facebook: FacebookClient) -> None:
    fields = "status,platform_type,code_verification_status,quality_rating,is_on_biz_app,last_onboarded_time"
    (phone, _) = facebook.get(f"{BAKERY}/phone_numbers", facebook.token(), fields=fields).json()["data"]
    assert phone == {
        "id": "400000000000001",
        "status": "CONNECTED",
        "platform_type": "CLOUD_API",
        "code_verification_status": "VERIFIED",
        "quality_rating": "GREEN",
        "is_on_biz_app": False,
        "last_onboarded_time": "2026-01-15T09:00:00+0000",
    }
    facebook.control("phones", id="400000000000001", is_on_biz_app=True, status="PENDING")
    (phone, _) = facebook.get(f"{BAKERY}/phone_numbers", facebook.token(), fields=fields).json()["data"]
    assert (phone["is_on_biz_app"], phone["status"]) == (True, "PENDING")


def test_changed_account_keeps_its_numbers(facebook: FacebookClient) -> None:
    facebook.control("accounts", id=BAKERY, name="Corner Bakery Ltd")
    assert facebook.get(BAKERY, facebook.token()).json()["name"] == "Corner Bakery Ltd"
    assert len(facebook.get(f"{BAKERY}/phone_numbers", facebook.token()).json()["data"]) == 2


def test_new_login_takes_unticked_accounts_away_from_earlier_tokens(facebook: FacebookClient) -> None:
    earlier = facebook.token(person="jonas")
    later = facebook.exchange(facebook.code(person="jonas", wabas=["300000000000002"]))["access_token"]
    for token in (earlier, later):
        assert facebook.get("300000000000002/phone_numbers", token).ok
        assert error(facebook.get(f"{SUPPORT}/phone_numbers", token)) == (400, 100, 33)
