"""The simulator's answers have the form of those that were recorded from the real Facebook, in `recorded/`.

Each recording names its source. IDs, names and tokens in it are invented.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulator.facebook_client import APP_TOKEN, FacebookClient
from tests.simulator.receiver import Receiver
from tests.support.people import BAKERY

RECORDED = Path(__file__).parent / "recorded"
PHONE = "400000000000001"
PORTFOLIO = "200000000000001"
WHATSAPP = ["whatsapp_business_management", "whatsapp_business_messaging"]
FIXED_VALUES = {
    "scope",
    "scopes",
    "type",
    "token_type",
    "is_valid",
    "subcode",
    "entity_type",
    "can_send_message",
    "error_code",
}
"""Their values are compared, too; of all others only the type is."""


def recorded(file: str) -> list[Any]:
    entries = json.loads((RECORDED / f"{file}.json").read_text())
    return [pytest.param(entry, id=entry["name"].replace(" ", "-")) for entry in entries]


def form(value: Any, key: str = "") -> Any:
    """Return a value with types in the place of what differs from answer to answer."""
    if isinstance(value, dict):
        return {name: form(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [form(one, key) for one in value]
    return value if key in FIXED_VALUES else type(value).__name__


def embedded_signup(facebook: FacebookClient) -> str:
    facebook.control("settings", whatsapp_scopes="both")
    facebook.control("debug-token", target_ids="unlisted")
    scopes = ["business_management", "whatsapp_business_manage_events", *WHATSAPP]
    return facebook.token(type="SYSTEM_USER", scopes=scopes, lifetime=0)


def system_user(facebook: FacebookClient) -> str:
    return facebook.token(type="SYSTEM_USER", lifetime=0)


def person(facebook: FacebookClient) -> str:
    scopes = ["email", "read_insights", "manage_pages", "pages_show_list", "public_profile"]
    return facebook.token(scopes=scopes, lifetime=5_000)


def granular_only(facebook: FacebookClient) -> str:
    return facebook.token(scopes=["business_management", *WHATSAPP])


def invalid(facebook: FacebookClient) -> str:
    facebook.control("settings", whatsapp_scopes="both")
    return facebook.token(scopes=WHATSAPP[:1], lifetime=-5)


TOKENS: dict[str, Callable[[FacebookClient], str]] = {
    "embedded signup without target_ids": embedded_signup,
    "system user without target_ids": system_user,
    "person without target_ids": person,
    "scopes in granular_scopes alone": granular_only,
    "invalid token": invalid,
}


@pytest.mark.parametrize("entry", recorded("debug_token"))
def test_debugger(facebook: FacebookClient, entry: dict[str, Any]) -> None:
    expected = entry["data"]
    answer = facebook.debug(TOKENS[entry["name"]](facebook))
    # Some recordings lack fields. The order of the scopes means nothing.
    assert comparable({name: answer[name] for name in expected}) == comparable(expected)
    never = {"expires_at", "data_access_expires_at"} & expected.keys()
    assert {name: answer[name] == 0 for name in never} == {name: expected[name] == 0 for name in never}


def comparable(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = form(data)
    if "scopes" in found:
        found["scopes"].sort()
    if "granular_scopes" in found:
        found["granular_scopes"].sort(key=lambda one: one["scope"])
    return found


def used_code(facebook: FacebookClient) -> requests.Response:
    code = facebook.code()
    facebook.token_request(code=code)
    return facebook.token_request(code=code)


def expired_code(facebook: FacebookClient) -> requests.Response:
    return facebook.token_request(code=facebook.control("codes", ttl=0)["code"])


def foreign_token(facebook: FacebookClient) -> requests.Response:
    facebook.control("app", id="5555")
    return facebook.get("debug_token", APP_TOKEN, input_token=facebook.token(app_id="5555"))


def token_of_no_developer(facebook: FacebookClient) -> requests.Response:
    token = facebook.token()
    return facebook.get("debug_token", token, input_token=token)


def early_override(facebook: FacebookClient) -> requests.Response:
    override = {"override_callback_uri": "https://example.com", "verify_token": "v"}
    return facebook.post(f"{BAKERY}/subscribed_apps", facebook.token(), **override)


def portfolio_for_account(facebook: FacebookClient) -> requests.Response:
    token = facebook.token(scopes=[*WHATSAPP, "business_management"])
    return facebook.get(f"{PORTFOLIO}/message_templates", token)


def register(facebook: FacebookClient) -> requests.Response:
    return facebook.post(f"{PHONE}/register", facebook.token(), messaging_product="whatsapp", pin="123456")


def register_on_business_app(facebook: FacebookClient) -> requests.Response:
    facebook.control("phones", id=PHONE, is_on_biz_app=True)
    return register(facebook)


def register_too_often(facebook: FacebookClient) -> requests.Response:
    return [register(facebook) for _ in range(11)][-1]


def blocked_app(facebook: FacebookClient) -> requests.Response:
    facebook.control("faults", endpoint="me", fault="api_blocked")
    return facebook.get("me", facebook.token())


REFUSALS: dict[str, Callable[[FacebookClient], requests.Response]] = {
    "code used": used_code,
    "code expired": expired_code,
    "wrong secret": lambda facebook: facebook.token_request(code=facebook.code(), client_secret="wrong"),
    "token of another app": foreign_token,
    "no app token": token_of_no_developer,
    "override without subscription": early_override,
    "portfolio taken for an account": portfolio_for_account,
    "registration of a number of the WhatsApp Business app": register_on_business_app,
    "too many registrations": register_too_often,
    "app blocked": blocked_app,
}


@pytest.mark.parametrize("entry", recorded("errors"))
def test_error(facebook: FacebookClient, entry: dict[str, Any]) -> None:
    answer = REFUSALS[entry["name"]](facebook)
    body = answer.json()["error"]
    assert body.pop("fbtrace_id")
    expected = entry["error"]
    assert answer.status_code == entry["status"]
    assert {name: body[name] for name in expected} == expected
    assert body.keys() - expected.keys() <= {"message"}


def subscribed_apps(facebook: FacebookClient, receiver: Receiver) -> requests.Response:
    token, path = facebook.token(), f"{BAKERY}/subscribed_apps"
    facebook.post(path, token)
    override = {"override_callback_uri": f"{receiver.url}/whatsapp", "verify_token": receiver.verify_token}
    facebook.post(path, token, **override)
    return facebook.get(path, token)


def health(facebook: FacebookClient, _: Receiver) -> requests.Response:
    facebook.control("accounts", id=BAKERY, can_send_message="BLOCKED", problems=[141006])
    return facebook.get(BAKERY, facebook.token(), fields="health_status")


NODES: dict[str, Callable[[FacebookClient, Receiver], requests.Response]] = {
    "token for a code": lambda facebook, _: facebook.token_request(code=facebook.code()),
    "subscribed apps": subscribed_apps,
    "phone numbers": lambda facebook, _: facebook.get(f"{BAKERY}/phone_numbers", facebook.token(), limit=1),
    "health of an account": health,
    "client business of a token": lambda facebook, _: facebook.get(
        "me", facebook.token(type="SYSTEM_USER"), fields="client_business_id"
    ),
}


@pytest.mark.parametrize("entry", recorded("nodes"))
def test_node(facebook: FacebookClient, receiver: Receiver, entry: dict[str, Any]) -> None:
    body = NODES[entry["name"]](facebook, receiver).json()
    body.get("paging", {}).pop("next", None)  # only where more follows
    assert form(body) == form(entry["body"])
