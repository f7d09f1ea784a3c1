"""Business portfolios, and the look-ups of the WhatsApp accounts that a token reaches."""

from typing import Any

import pytest

from tests.simulator.facebook_client import FacebookClient, error
from tests.support.people import BAKERY

BAKERY_PORTFOLIO = "200000000000001"
LIND = "200000000000002"
CLIENT_ACCOUNT = "300000000000050"
WITH_BUSINESSES = ["whatsapp_business_management", "business_management"]


def ids(body: dict[str, Any]) -> list[str]:
    return [one["id"] for one in body["data"]]


def test_assigned_accounts_are_empty_by_default_although_the_token_reaches_one(facebook: FacebookClient) -> None:
    token = facebook.token(type="SYSTEM_USER")
    assert facebook.get("me/assigned_whatsapp_business_accounts", token).json() == {"data": []}
    assert facebook.get(f"{BAKERY}/phone_numbers", token).ok

    facebook.control("settings", assigned_accounts="listed")
    listed = facebook.get("me/assigned_whatsapp_business_accounts", token, fields="id,name").json()
    assert listed["data"] == [{"id": BAKERY, "name": "Corner Bakery"}]
    me = facebook.get("me", token).json()["id"]
    assert facebook.get(f"{me}/assigned_whatsapp_business_accounts", token, fields="id,name").json() == listed


def test_people_have_no_assigned_accounts(facebook: FacebookClient) -> None:
    answer = facebook.get("me/assigned_whatsapp_business_accounts", facebook.token())
    assert error(answer) == (400, 100, None)
    assert "nonexisting field" in answer.json()["error"]["message"]


def test_person_with_business_management_lists_portfolios_and_their_accounts(facebook: FacebookClient) -> None:
    token = facebook.token(person="jonas", scopes=WITH_BUSINESSES)
    assert facebook.get("me/businesses", token).json()["data"] == [
        {"name": "Lind Travel", "id": LIND},
        {"name": "Harbour Cycles", "id": "200000000000003"},
    ]
    owned = facebook.get(f"{LIND}/owned_whatsapp_business_accounts", token).json()
    assert ids(owned) == ["300000000000002", "300000000000003"]
    assert facebook.get(f"{LIND}/client_whatsapp_business_accounts", token).json() == {"data": []}


def test_accounts_that_were_not_shared_are_not_listed(facebook: FacebookClient) -> None:
    token = facebook.token(person="jonas", scopes=WITH_BUSINESSES, wabas=["300000000000003"])
    assert ids(facebook.get(f"{LIND}/owned_whatsapp_business_accounts", token).json()) == ["300000000000003"]


@pytest.mark.parametrize("path", ["me/businesses", f"{BAKERY_PORTFOLIO}/owned_whatsapp_business_accounts"])
def test_without_business_management_the_list_is_empty_or_refused(facebook: FacebookClient, path: str) -> None:
    token = facebook.token()
    assert facebook.get(path, token).json() == {"data": []}
    facebook.control("settings", businesses_without_permission="refused")
    assert error(facebook.get(path, token)) == (403, 200, None)


def test_system_user_looks_up_its_client_business(facebook: FacebookClient) -> None:
    token = facebook.token(type="SYSTEM_USER", scopes=WITH_BUSINESSES)
    me = facebook.get("me", token, fields="client_business_id").json()
    assert me["client_business_id"] == BAKERY_PORTFOLIO
    assert ids(facebook.get(f"{BAKERY_PORTFOLIO}/owned_whatsapp_business_accounts", token).json()) == [BAKERY]
    assert facebook.get(BAKERY_PORTFOLIO, token).json() == {"name": "Corner Bakery", "id": BAKERY_PORTFOLIO}


def test_portfolio_of_somebody_else_might_as_well_not_exist(facebook: FacebookClient) -> None:
    token = facebook.token(scopes=WITH_BUSINESSES)
    assert error(facebook.get(f"{LIND}/owned_whatsapp_business_accounts", token)) == (400, 100, 33)
    assert error(facebook.get(LIND, token)) == (400, 100, 33)


def test_portfolio_is_no_account_and_account_is_no_portfolio(facebook: FacebookClient) -> None:
    token = facebook.token(scopes=WITH_BUSINESSES)
    for path, kind in (
        (f"{BAKERY_PORTFOLIO}/phone_numbers", "Business"),
        (f"{BAKERY}/owned_whatsapp_business_accounts", "WhatsAppBusinessAccount"),
    ):
        answer = facebook.get(path, token)
        assert error(answer) == (400, 100, None)
        assert answer.json()["error"]["message"].endswith(f"on node type ({kind})")
    # Without business_management the token does not see the portfolio.
    assert error(facebook.get(f"{BAKERY_PORTFOLIO}/phone_numbers", facebook.token())) == (400, 100, 33)


def test_client_accounts_are_listed_apart_from_owned_ones(facebook: FacebookClient) -> None:
    people = facebook.http.get(f"{facebook.url}/_control/people").json()["people"]
    account = {"id": CLIENT_ACCOUNT, "name": "Shared with the bakery", "phones": []}
    people[0]["businesses"][0]["client_accounts"] = [account]
    facebook.control("people", people=people)
    token = facebook.token(scopes=WITH_BUSINESSES)
    clients = facebook.get(f"{BAKERY_PORTFOLIO}/client_whatsapp_business_accounts", token).json()
    assert ids(clients) == [CLIENT_ACCOUNT]
    assert ids(facebook.get(f"{BAKERY_PORTFOLIO}/owned_whatsapp_business_accounts", token).json()) == [BAKERY]
    assert facebook.get(f"{CLIENT_ACCOUNT}/phone_numbers", token).json() == {"data": []}


def test_sixty_accounts_come_in_pages(facebook: FacebookClient) -> None:
    people = facebook.http.get(f"{facebook.url}/_control/people").json()["people"]
    accounts = [{"id": f"3000000001{n:05}", "name": f"Shop {n}", "phones": []} for n in range(60)]
    people[0]["businesses"][0]["accounts"] = accounts
    facebook.control("people", people=people)
    token, path = facebook.token(scopes=WITH_BUSINESSES), f"{BAKERY_PORTFOLIO}/owned_whatsapp_business_accounts"
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        body = facebook.get(path, token, fields="id", **after).json()
        found += ids(body)
        if "next" not in body["paging"]:
            break
        after = {"after": body["paging"]["cursors"]["after"]}
    assert found == [one["id"] for one in accounts]
