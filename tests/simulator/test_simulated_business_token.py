"""An app fetches the token of a client business again, and shows whom a token belongs to."""

import hashlib
import hmac

import requests

from facebook_simulator.server import APP_SECRET
from tests.simulator.facebook_client import FacebookClient, error

CLIENT = "200000000000001"
WITH_BUSINESSES = ["whatsapp_business_management", "business_management"]


def fetch(facebook: FacebookClient, own: str, business: str = CLIENT, **body: str) -> requests.Response:
    proof = hmac.new(APP_SECRET.encode(), own.encode(), hashlib.sha256).hexdigest()
    return facebook.post(f"{business}/system_user_access_tokens", own, appsecret_proof=proof, **body)


def test_token_of_a_client_is_fetched_again(facebook: FacebookClient) -> None:
    own = facebook.token(person="jonas", type="SYSTEM_USER", scopes=WITH_BUSINESSES, lifetime=0)
    assert error(fetch(facebook, own, fetch_only="true")) == (400, 100, 33)
    client = facebook.token(type="SYSTEM_USER", lifetime=0)
    assert fetch(facebook, own, fetch_only="true").json() == {"access_token": client}
    new = fetch(facebook, own).json()["access_token"]
    assert new != client
    assert facebook.debug(new)["user_id"] == facebook.debug(client)["user_id"]


def test_fetching_needs_a_system_user_its_permission_and_a_proof(facebook: FacebookClient) -> None:
    facebook.token(type="SYSTEM_USER", lifetime=0)
    for own in (
        facebook.token(scopes=WITH_BUSINESSES),
        facebook.token(person="jonas", type="SYSTEM_USER"),
    ):
        assert error(fetch(facebook, own, fetch_only="true")) == (403, 200, None)
    own = facebook.token(person="jonas", type="SYSTEM_USER", scopes=WITH_BUSINESSES)
    without = facebook.post(f"{CLIENT}/system_user_access_tokens", own, fetch_only="true")
    assert error(without) == (400, 100, None)


def test_email_is_shown_with_its_permission(facebook: FacebookClient) -> None:
    with_email = facebook.token(scopes=["email"])
    assert facebook.get("me", with_email, fields="name,email").json() == {
        "name": "Maria Bakker",
        "email": "maria@example.com",
        "id": "122100000000000001",
    }
    assert "email" not in facebook.get("me", facebook.token(), fields="name,email").json()
    assert error(facebook.get("me", facebook.token(type="SYSTEM_USER"), fields="email")) == (400, 100, None)
