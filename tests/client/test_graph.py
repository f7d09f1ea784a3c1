"""Proofs and refusals, as Facebook makes and answers them."""

import pytest
import requests

from facebook_simulator.server import APP_ID, APP_SECRET, FacebookServer
from whatsapp_connect_reader import (
    TokenRefused,
    appsecret_proof,
    raise_if_refused,
    timestamped_appsecret_proof,
)


def make_token(server: FacebookServer, **body: object) -> str:
    made = requests.post(f"{server.url}/_control/tokens", json=body, timeout=10).json()
    value: str = made["access_token"]
    return value


def test_proofs_are_what_facebook_expects() -> None:
    with FacebookServer() as server:
        server.state.configure_app(APP_ID, {"require_app_secret": True})
        token = make_token(server)
        for proof, status in (
            (appsecret_proof(token, APP_SECRET), 200),
            (timestamped_appsecret_proof(token, APP_SECRET), 200),
            (timestamped_appsecret_proof(token, APP_SECRET, now=1_000_000_000), 400),
            (appsecret_proof(token, "wrong"), 400),
            ({}, 400),
        ):
            answer = requests.get(
                f"{server.url}/v26.0/me",
                params=proof,
                headers={"Authorization": f"Bearer {token}"},
                timeout=10,
            )
            assert answer.status_code == status


def test_a_refused_token_is_recognised_under_any_status() -> None:
    with FacebookServer() as server:
        token = make_token(server, lifetime=-5)
        for path, status in (("me", 400), ("300000000000001", 401)):
            answer = requests.get(
                f"{server.url}/v26.0/{path}", headers={"Authorization": f"Bearer {token}"}, timeout=10
            )
            assert answer.status_code == status
            with pytest.raises(TokenRefused) as caught:
                raise_if_refused(answer.json())
            assert caught.value.subcode == 463
            assert str(caught.value) == "Facebook refused the token: 190/463"


def test_code_0_of_the_cloud_api_is_a_refusal() -> None:
    answer = {"error": {"code": 0, "type": "AuthException", "message": "secret"}}
    with pytest.raises(TokenRefused) as caught:
        raise_if_refused(answer)
    assert str(caught.value) == "Facebook refused the token: 0"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        None,
        "190",
        {"error": "190"},
        {"error": {"code": 100}},
        {"error": {"code": False}},
        {"error": {}},
        {"messages": []},
    ],
)
def test_other_answers_do_not_raise(answer: object) -> None:
    raise_if_refused(answer)
