"""The shapes in which debug_token names the accounts of a token, or does not."""

import pytest

from tests.simulator.facebook_client import FacebookClient
from tests.support.people import BAKERY

MANAGEMENT = "whatsapp_business_management"
MESSAGING = "whatsapp_business_messaging"
LIND_ACCOUNTS = ["300000000000004", "300000000000003", "300000000000002"]


def test_system_users_have_no_target_ids_by_default(facebook: FacebookClient) -> None:
    business, person = facebook.token(type="SYSTEM_USER"), facebook.token()
    assert facebook.granular(business) == {MANAGEMENT: None, MESSAGING: None}
    assert facebook.granular(person) == {MANAGEMENT: [BAKERY], MESSAGING: [BAKERY]}
    facebook.control("settings", system_user_target_ids="listed")
    assert facebook.granular(business) == {MANAGEMENT: [BAKERY], MESSAGING: [BAKERY]}


def test_whatsapp_scopes_are_granular_only_by_default(facebook: FacebookClient) -> None:
    token = facebook.token(scopes=[MANAGEMENT, "business_management"])
    assert facebook.debug(token)["scopes"] == ["business_management"]
    assert facebook.granular(token) == {MANAGEMENT: [BAKERY], "business_management": None}
    facebook.control("settings", whatsapp_scopes="both")
    assert facebook.debug(token)["scopes"] == [MANAGEMENT, "business_management"]


def test_scopes_can_be_granular_only_for_one_token(facebook: FacebookClient) -> None:
    facebook.control("settings", whatsapp_scopes="both")
    token, other = facebook.token(), facebook.token()
    facebook.control("debug-token", access_token=token, whatsapp_scopes="granular")
    assert facebook.debug(token)["scopes"] == []
    assert facebook.granular(token) == {MANAGEMENT: [BAKERY], MESSAGING: [BAKERY]}
    assert facebook.debug(other)["scopes"] == [MANAGEMENT, MESSAGING]


def test_target_ids_can_be_empty_for_one_person(facebook: FacebookClient) -> None:
    nobody, other = facebook.token(person="priya"), facebook.token()
    assert facebook.granular(nobody) == {MANAGEMENT: None, MESSAGING: None}
    facebook.control("debug-token", person="priya", target_ids="empty")
    assert facebook.granular(nobody) == {MANAGEMENT: [], MESSAGING: []}
    assert facebook.granular(other) == {MANAGEMENT: [BAKERY], MESSAGING: [BAKERY]}


@pytest.mark.parametrize("scope", [MANAGEMENT, MESSAGING])
def test_one_scope_can_have_ids_and_the_other_none(facebook: FacebookClient, scope: str) -> None:
    facebook.control("debug-token", ids_of=scope)
    assert facebook.granular(facebook.token()) == {MANAGEMENT: [], MESSAGING: []} | {scope: [BAKERY]}


def test_business_ids_can_stand_for_account_ids(facebook: FacebookClient) -> None:
    facebook.control("debug-token", target_ids="businesses")
    assert facebook.granular(facebook.token(type="SYSTEM_USER"))[MANAGEMENT] == ["200000000000001"]
    assert facebook.granular(facebook.token(person="jonas"))[MANAGEMENT] == ["200000000000002", "200000000000003"]


def test_target_ids_can_vanish_for_everybody_at_once(facebook: FacebookClient) -> None:
    facebook.control("settings", system_user_target_ids="listed")
    tokens = [facebook.token(), facebook.token(person="jonas"), facebook.token(type="SYSTEM_USER")]
    facebook.control("debug-token", target_ids="absent")
    assert all(facebook.granular(token) == {MANAGEMENT: None, MESSAGING: None} for token in tokens)
    facebook.control("debug-token")
    assert all(facebook.granular(token)[MANAGEMENT] for token in tokens)


def test_order_of_the_accounts_can_change(facebook: FacebookClient) -> None:
    token = facebook.token(person="jonas")
    assert facebook.granular(token)[MANAGEMENT] == LIND_ACCOUNTS
    facebook.control("debug-token", order="oldest")
    assert facebook.granular(token)[MANAGEMENT] == LIND_ACCOUNTS[::-1]
    facebook.control("debug-token", order="shuffled")
    seen = {tuple(facebook.granular(token)[MANAGEMENT] or ()) for _ in range(40)}
    assert len(seen) > 1
    assert all(sorted(one) == sorted(LIND_ACCOUNTS) for one in seen)


def test_narrower_change_wins_and_no_changes_end_all(facebook: FacebookClient) -> None:
    token = facebook.token()
    facebook.control("debug-token", app_id="1234567890", target_ids="absent")
    assert facebook.granular(token)[MANAGEMENT] is None
    facebook.control("debug-token", access_token=token, target_ids="empty")
    assert facebook.granular(token)[MANAGEMENT] == []
    facebook.control("debug-token")
    assert facebook.granular(token)[MANAGEMENT] == [BAKERY]
