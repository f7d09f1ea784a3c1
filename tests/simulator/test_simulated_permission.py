"""What was granted is taken back: tokens revoked, permissions and the app removed, tokens grown old."""

from typing import Any

import pytest
import requests

from facebook_simulator.server import APP_ID, APP_SECRET
from tests.simulator.facebook_client import APP_TOKEN, FacebookClient, error
from tests.simulator.receiver import Receiver
from tests.support.clock import DAY, SharedClock
from tests.support.people import MARIA


def delete(facebook: FacebookClient, path: str, token: str) -> requests.Response:
    return facebook.http.delete(f"{facebook.url}/v26.0/{path}", headers={"Authorization": f"Bearer {token}"})


def revoke(facebook: FacebookClient, **changes: str | None) -> requests.Response:
    query = {"client_id": APP_ID, "client_secret": APP_SECRET} | changes
    return facebook.http.get(f"{facebook.url}/v26.0/oauth/revoke", params=query)


def subcode(facebook: FacebookClient, token: str) -> int | None:
    data = facebook.debug(token)
    assert data["is_valid"] is ("error" not in data)
    found: int | None = data.get("error", {}).get("subcode")
    return found


def test_a_system_users_old_token_is_revoked_with_the_new_one(facebook: FacebookClient) -> None:
    old = facebook.token(type="SYSTEM_USER", lifetime=0)
    new = facebook.extend(old).json()["access_token"]
    answer = revoke(facebook, revoke_token=old, access_token=new)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert error(facebook.get("me", old)) == (400, 190, None)
    assert facebook.debug(old)["is_valid"] is False
    assert facebook.debug(new)["is_valid"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_id": None}, (400, 101, None)),
        ({"client_secret": "wrong"}, (400, 1, None)),
        ({"revoke_token": None}, (400, 100, None)),
        ({"revoke_token": "nonsense"}, (400, 190, None)),
        ({"access_token": None}, (400, 2500, None)),
        ({"access_token": "nonsense"}, (400, 190, None)),
    ],
)
def test_a_wrong_revocation_is_refused(
    facebook: FacebookClient, changes: dict[str, str | None], expected: tuple[int, int, int | None]
) -> None:
    token = facebook.token()
    sent: dict[str, Any] = {"revoke_token": token, "access_token": token} | changes
    assert error(revoke(facebook, **sent)) == expected
    assert facebook.debug(token)["is_valid"]


def test_token_of_another_person_cannot_be_revoked(facebook: FacebookClient) -> None:
    marias, jonass = facebook.token(person="maria"), facebook.token(person="jonas")
    assert error(revoke(facebook, revoke_token=marias, access_token=jonass)) == (400, 190, None)
    facebook.control("app", id="5555", secret="other")
    others = facebook.token(app_id="5555")
    assert error(revoke(facebook, revoke_token=others, access_token=marias)) == (400, 190, None)
    assert error(revoke(facebook, revoke_token=marias, access_token=others)) == (400, 190, None)
    assert facebook.debug(marias)["is_valid"]


def test_head_revokes_nothing(facebook: FacebookClient) -> None:
    token = facebook.token()
    query = {
        "client_id": APP_ID,
        "client_secret": APP_SECRET,
        "revoke_token": token,
        "access_token": token,
    }
    facebook.http.head(f"{facebook.url}/oauth/revoke", params=query)
    assert facebook.debug(token)["is_valid"]


@pytest.mark.parametrize("path", ["me/permissions", f"{MARIA}/permissions"])
def test_removing_all_permissions_kills_all_tokens_and_tells_the_app(
    facebook: FacebookClient, receiver: Receiver, path: str
) -> None:
    first, second = facebook.token(), facebook.token(lifetime=0)
    somebody_elses = facebook.token(person="jonas")
    facebook.control("app", id="5555")
    for_another_app = facebook.token(app_id="5555")
    answer = delete(facebook, path, first)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert error(facebook.get("me", first)) == (400, 190, 458)
    assert subcode(facebook, second) == 458
    assert facebook.debug(somebody_elses)["is_valid"]
    assert facebook.get("me", for_another_app).ok

    assert receiver.next().path == "/deauthorize"
    [delivery] = facebook.http.get(f"{facebook.url}/_control/deliveries").json()["deliveries"]
    assert (delivery["kind"], delivery["subject"], delivery["status"]) == ("deauthorize", MARIA, 200)


def test_removing_a_system_users_permissions_names_the_person_by_default(
    facebook: FacebookClient, receiver: Receiver
) -> None:
    token = facebook.token(type="SYSTEM_USER", lifetime=0)
    assert delete(facebook, "me/permissions", token).json() == {"success": True}
    assert receiver.next().path == "/deauthorize"
    [delivery] = facebook.http.get(f"{facebook.url}/_control/deliveries").json()["deliveries"]
    assert delivery["subject"] == MARIA


def test_the_app_itself_removes_anybodys_permissions(facebook: FacebookClient) -> None:
    token = facebook.token()
    assert delete(facebook, f"{MARIA}/permissions", APP_TOKEN).json() == {"success": True}
    assert subcode(facebook, token) == 458
    assert facebook.http.get(f"{facebook.url}/_control/deliveries").json() == {"deliveries": []}


def test_after_removing_the_app_the_login_starts_over(facebook: FacebookClient) -> None:
    before = facebook.exchange(facebook.code(permissions=["whatsapp_business_management"]))["access_token"]
    delete(facebook, "me/permissions", before)
    after = facebook.exchange(facebook.code())["access_token"]
    assert "whatsapp_business_messaging" in facebook.scopes(after)
    assert subcode(facebook, before) == 458


@pytest.mark.parametrize("caller", ["own", "app"])
def test_removing_one_permission_shrinks_the_tokens(facebook: FacebookClient, receiver: Receiver, caller: str) -> None:
    token = facebook.token()
    name = "whatsapp_business_messaging"
    path = "me" if caller == "own" else MARIA
    answer = delete(facebook, f"{path}/permissions/{name}", token if caller == "own" else APP_TOKEN)
    assert answer.json() == {"success": True}
    assert facebook.debug(token)["is_valid"]
    assert facebook.scopes(token) == ["whatsapp_business_management"]
    assert {"permission": name, "status": "declined"} in facebook.get("me/permissions", token).json()["data"]
    assert facebook.scopes(facebook.extend(token).json()["access_token"]) == ["whatsapp_business_management"]
    assert receiver.received.empty()

    assert error(delete(facebook, f"me/permissions/{name}", token)) == (400, 100, None)


def test_permissions_of_another_person_cannot_be_removed(facebook: FacebookClient) -> None:
    marias, jonass = facebook.token(person="maria"), facebook.token(person="jonas")
    assert error(delete(facebook, f"{MARIA}/permissions", jonass)) == (400, 100, 33)
    assert error(delete(facebook, "122100000000000003/permissions", APP_TOKEN)) == (400, 100, 33)
    assert error(delete(facebook, "me/permissions", APP_TOKEN)) == (400, 2500, None)
    assert error(delete(facebook, "me/permissions", "nonsense")) == (400, 190, None)
    assert facebook.debug(marias)["is_valid"]


@pytest.mark.parametrize("lifetime", [5_000, 5_183_944, 0])
def test_a_token_grows_old(facebook: FacebookClient, clock: SharedClock, lifetime: int) -> None:
    token = facebook.token(lifetime=lifetime)
    assert facebook.control("tokens/age", access_token=token, expires_in=5 * DAY)["aged"] == 1
    data = facebook.debug(token)
    assert data["is_valid"]
    assert data["expires_at"] == clock.now() + 5 * DAY
    assert data["expires_at"] - data["issued_at"] == 60 * DAY
    facebook.control("settings", renewal="extend")
    assert facebook.extend(token).json()["expires_in"] == 5_183_944


def test_every_token_of_a_person_can_be_invalidated(facebook: FacebookClient) -> None:
    tokens = [facebook.token(person="jonas") for _ in range(2)]
    assert facebook.control("tokens/age", person="jonas", expires_in=-1)["aged"] == 2
    assert [subcode(facebook, token) for token in tokens] == [463, 463]


def test_data_access_can_end_early(facebook: FacebookClient) -> None:
    token = facebook.token()
    ends = facebook.control("data-access", person="maria", expires_in=-1)["data_access_expires_at"]
    assert facebook.debug(token)["data_access_expires_at"] == ends
    facebook.control("settings", data_access_expired="invalid")
    assert subcode(facebook, token) == 493


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tokens/age", {"person": "maria", "expires_in": 5}),
        ("tokens/age", {"access_token": "nonsense", "expires_in": 5}),
        ("data-access", {"user_id": "42", "expires_in": 5}),
        ("data-access", {"person": "maria"}),
    ],
)
def test_aging_without_a_token_is_refused(facebook: FacebookClient, path: str, body: dict[str, Any]) -> None:
    assert facebook.http.post(f"{facebook.url}/_control/{path}", json=body).status_code == 400
