"""Codes, tokens, and what debug_token says of them."""

import hashlib
import hmac
import threading
import time
from collections import Counter
from typing import Any

import pytest
import requests

from facebook_simulator.server import APP_ID, APP_SECRET
from tests.simulator.facebook_client import APP_TOKEN, FacebookClient, error
from tests.support.clock import DAY, SharedClock


def proof(message: str) -> str:
    return hmac.new(APP_SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()


def test_a_code_becomes_a_short_lived_token_once(facebook: FacebookClient) -> None:
    code = facebook.code()
    body = facebook.exchange(code)
    assert list(body) == ["access_token", "token_type", "expires_in"]
    assert (body["token_type"], body["expires_in"]) == ("bearer", 5_000)
    assert body["access_token"].startswith("EAA")
    assert len(code) > 300

    again = facebook.token_request(code=code)
    assert error(again) == (400, 100, 36009)
    assert again.json()["error"]["message"] == "This authorization code has been used."


def test_parallel_callbacks_with_one_code_get_one_token(facebook: FacebookClient) -> None:
    form = {"client_id": APP_ID, "client_secret": APP_SECRET, "code": facebook.code()}
    form["redirect_uri"] = "https://example.com/callback?tenant=1"
    outcomes: Counter[int] = Counter()
    together = threading.Barrier(12)

    def call() -> None:
        together.wait()
        with requests.post(f"{facebook.url}/v26.0/oauth/access_token", data=form, timeout=10) as answer:
            outcomes[answer.status_code] += 1

    threads = [threading.Thread(target=call) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {200: 1, 400: 11}


def test_code_of_the_sdk_is_exchanged_without_redirect_uri(facebook: FacebookClient, clock: SharedClock) -> None:
    code = facebook.control("codes", redirect_uri="")["code"]
    for wrong in ("https://example.com/callback?tenant=1", ""):
        assert error(facebook.token_request(code=code, redirect_uri=wrong)) == (400, 100, 36008)
    assert facebook.token_request(code=code, redirect_uri=None).json()["access_token"].startswith("EAA")

    late = facebook.control("codes", redirect_uri="")["code"]
    facebook.control("clock", advance=30)
    assert error(facebook.token_request(code=late, redirect_uri=None)) == (400, 100, 36007)


def test_app_gets_its_own_token_for_its_secret(facebook: FacebookClient) -> None:
    body = facebook.token_request(grant_type="client_credentials", redirect_uri=None).json()
    assert body["token_type"] == "bearer"
    app_token = body["access_token"]
    assert app_token.startswith(f"{APP_ID}|")
    assert APP_SECRET not in app_token
    token = facebook.token()
    assert facebook.get("debug_token", app_token, input_token=token).json()["data"]["is_valid"]
    refused = facebook.token_request(grant_type="client_credentials", redirect_uri=None, client_secret="wrong")
    assert error(refused) == (400, 1, None)


def test_expires_in_can_be_zero(facebook: FacebookClient) -> None:
    facebook.control("settings", zero_expires_in=True)
    body = facebook.exchange(facebook.code())
    assert body["expires_in"] == 0
    extended = facebook.extend(body["access_token"]).json()
    assert extended["expires_in"] == 0
    assert facebook.debug(extended["access_token"])["expires_at"] > 0


def test_get_works_too_and_so_does_leaving_out_the_version(facebook: FacebookClient) -> None:
    query = {"client_id": APP_ID, "client_secret": APP_SECRET, "code": facebook.code()}
    query["redirect_uri"] = "https://example.com/callback?tenant=1"
    answer = facebook.http.get(f"{facebook.url}/oauth/access_token", params=query)
    assert answer.json()["access_token"].startswith("EAA")
    assert answer.headers["facebook-api-version"] == "v26.0"


def test_head_does_not_use_up_a_code(facebook: FacebookClient) -> None:
    code = facebook.code()
    query = {"client_id": APP_ID, "client_secret": APP_SECRET, "code": code}
    facebook.http.head(f"{facebook.url}/oauth/access_token", params=query)
    assert facebook.exchange(code)["access_token"]


def test_a_code_expires(facebook: FacebookClient) -> None:
    facebook.control("settings", code_ttl=30)
    code = facebook.code()
    facebook.control("clock", advance=31)
    assert error(facebook.token_request(code=code)) == (400, 100, 36007)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"redirect_uri": "https://example.com/other"}, (400, 100, 36008)),
        ({"redirect_uri": "https://example.com/callback/?tenant=1"}, (400, 100, 36008)),
        ({"redirect_uri": None}, (400, 191, None)),
        ({"redirect_uri": "/callback"}, (400, 191, None)),
        ({"redirect_uri": "https%3A%2F%2Fexample.com%2Fcallback"}, (400, 191, None)),
        ({"client_secret": "wrong"}, (400, 1, None)),
        ({"client_id": None}, (400, 101, None)),
        ({"client_id": "42"}, (400, 101, None)),
        ({"code": "garbage"}, (400, 100, None)),
        ({"code": None}, (400, 1, None)),
    ],
)
def test_invalid_exchange_is_refused_and_does_not_use_the_code(
    facebook: FacebookClient, changes: dict[str, str | None], expected: tuple[int, int, int | None]
) -> None:
    code = facebook.code()
    assert error(facebook.token_request(**{"code": code} | changes)) == expected
    assert facebook.exchange(code)["access_token"]


def test_an_error_carries_facebooks_envelope_and_headers(facebook: FacebookClient) -> None:
    answer = facebook.token_request(code="garbage")
    body = answer.json()["error"]
    assert list(body) == ["message", "type", "code", "fbtrace_id"]
    assert (body["message"], body["type"]) == ("Invalid verification code format.", "OAuthException")
    assert answer.headers["WWW-Authenticate"] == (
        'OAuth "Facebook Platform" "invalid_code" "Invalid verification code format."'
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["facebook-api-version"] == "v26.0"
    assert answer.headers["x-fb-trace-id"] == body["fbtrace_id"]


def test_texts_for_the_person_come_in_their_language(facebook: FacebookClient) -> None:
    token = facebook.token(lifetime=-5)
    english = facebook.get("me", token).json()["error"]["error_user_title"]
    german = facebook.get("me", token, locale="de_DE").json()["error"]["error_user_title"]
    assert english != german


def test_a_malformed_token_is_repeated_in_the_message(facebook: FacebookClient) -> None:
    answer = facebook.get("me", "nonsense-1")
    assert error(answer) == (400, 190, None)
    assert answer.json()["error"]["message"] == "Malformed access token nonsense-1"


@pytest.mark.parametrize(
    ("settings", "expires_in", "lives"),
    [
        ({}, 5_000, 5_000),
        ({"exchange_lifetime": 5_183_976}, 5_183_976, 5_183_976),
        ({"exchange_lifetime": 0}, None, None),
        ({"exchange_tells_expiry": False}, None, 5_000),
    ],
)
def test_the_exchange_has_its_variants(
    facebook: FacebookClient, clock: SharedClock, settings: dict[str, Any], expires_in: int | None, lives: int | None
) -> None:
    facebook.control("settings", **settings)
    body = facebook.exchange(facebook.code())
    assert body.get("expires_in") == expires_in
    expires_at = facebook.debug(body["access_token"])["expires_at"]
    assert expires_at == (0 if lives is None else clock.now() + lives)


def test_extending_gives_another_token_for_sixty_days(facebook: FacebookClient) -> None:
    short = facebook.exchange(facebook.code())["access_token"]
    before = facebook.debug(short)
    body = facebook.extend(short).json()
    assert body["access_token"] != short
    assert body["expires_in"] == 5_183_944
    after = facebook.debug(body["access_token"])
    assert "issued_at" not in before
    assert after["expires_at"] - after["issued_at"] == 5_183_944
    assert after["data_access_expires_at"] == before["data_access_expires_at"]
    assert facebook.debug(short)["is_valid"]


@pytest.mark.parametrize(
    ("renewal", "new_string", "gained"),
    [
        ("extend", True, 3 * DAY),
        ("unchanged", True, 0),
        ("same_token", False, 0),
        ("daily", True, 3 * DAY),
    ],
)
def test_extending_a_long_lived_token_follows_a_policy(
    facebook: FacebookClient, clock: SharedClock, renewal: str, *, new_string: bool, gained: int
) -> None:
    facebook.control("settings", renewal=renewal)
    old = facebook.token()
    expires_at = facebook.debug(old)["expires_at"]
    facebook.control("clock", advance=3 * DAY)
    body = facebook.extend(old).json()
    assert (body["access_token"] != old) is new_string
    after = facebook.debug(body["access_token"])["expires_at"]
    assert after - expires_at == gained
    assert body["expires_in"] == 5_183_944 - 3 * DAY + gained


def test_extending_a_long_lived_token_can_be_refused(facebook: FacebookClient) -> None:
    facebook.control("settings", renewal="refuse")
    assert facebook.extend(facebook.token(lifetime=5_000)).ok
    token = facebook.token()
    assert error(facebook.extend(token)) == (400, 100, None)
    assert facebook.debug(token)["is_valid"]


def test_a_daily_renewal_is_refused_within_the_day(facebook: FacebookClient) -> None:
    facebook.control("settings", renewal="daily")
    token = facebook.token()
    assert facebook.extend(token).json()["access_token"] == token


def test_an_unchanged_expiry_is_unchanged_to_the_second(facebook: FacebookClient) -> None:
    facebook.control("settings", renewal="unchanged")
    old = facebook.token()
    new = facebook.extend(old).json()["access_token"]
    assert facebook.debug(new)["expires_at"] == facebook.debug(old)["expires_at"]


def test_extending_can_stay_short(facebook: FacebookClient) -> None:
    facebook.control("settings", extend_lifetime=3_600, extend_tells_expiry=False)
    assert "expires_in" not in facebook.extend(facebook.token(lifetime=5_000)).json()


def test_a_system_user_token_stays_endless_unless_sixty_days_are_asked_for(facebook: FacebookClient) -> None:
    token = facebook.token(type="SYSTEM_USER", lifetime=0)
    assert "expires_in" not in facebook.extend(token).json()
    assert facebook.extend(token, set_token_expires_in_60_days="true").json()["expires_in"] == 60 * DAY


def test_an_expired_token_cannot_be_extended(facebook: FacebookClient) -> None:
    answer = facebook.extend(facebook.token(lifetime=-5))
    assert error(answer) == (400, 190, 463)
    assert answer.json()["error"]["message"].startswith("Error validating access token: Session has expired on")


@pytest.mark.parametrize(
    ("reason", "subcode"),
    [("app_removed", 458), ("checkpoint", 459), ("password_changed", 460), ("logged_out", 467)],
)
def test_a_token_can_die_early(facebook: FacebookClient, reason: str, subcode: int) -> None:
    token = facebook.token()
    facebook.control("tokens/invalidate", person="maria", reason=reason)
    assert error(facebook.extend(token)) == (400, 190, subcode)
    assert facebook.debug(token)["error"]["subcode"] == subcode

    facebook.control("tokens/invalidate", access_token=token, reason=reason, with_subcode=False)
    assert error(facebook.extend(token)) == (400, 190, None)


def test_another_apps_token_is_foreign(facebook: FacebookClient) -> None:
    facebook.control("app", id="5555")
    token = facebook.token(app_id="5555")
    answer = facebook.get("debug_token", APP_TOKEN, input_token=token)
    assert error(answer) == (400, 100, None)
    assert "did not match the Viewing App" in answer.json()["error"]["message"]
    assert error(facebook.extend(token)) == (400, 190, None)


def test_debug_token_tells_everything_with_the_app_token_in_either_place(
    facebook: FacebookClient, clock: SharedClock
) -> None:
    facebook.control("settings", whatsapp_scopes="both")
    token = facebook.token(scopes=["whatsapp_business_management"])
    in_header = facebook.debug(token)
    in_query = facebook.get("debug_token", input_token=token, access_token=APP_TOKEN).json()["data"]
    assert in_header == in_query
    assert in_header == in_header | {
        "app_id": APP_ID,
        "type": "USER",
        "application": "Simulated app",
        "is_valid": True,
        "scopes": ["whatsapp_business_management"],
        "granular_scopes": [{"scope": "whatsapp_business_management", "target_ids": ["300000000000001"]}],
        "user_id": "122100000000000001",
    }
    assert in_header["data_access_expires_at"] == clock.now() + 90 * DAY


def test_an_invalid_token_is_a_finding_not_an_error(facebook: FacebookClient) -> None:
    expired = facebook.debug(facebook.token(lifetime=-5))
    assert expired["is_valid"] is False
    assert (expired["error"]["code"], expired["error"]["subcode"]) == (190, 463)
    assert expired["user_id"] == "122100000000000001"
    assert facebook.debug("nonsense")["is_valid"] is False


def test_own_app_token_is_valid(facebook: FacebookClient) -> None:
    facebook.control("debug-token", invalid={})
    about = facebook.debug(APP_TOKEN)
    assert (about["app_id"], about["type"], about["is_valid"]) == (APP_ID, "APP", True)
    assert facebook.debug(f"{APP_ID}|wrong")["is_valid"] is False


@pytest.mark.parametrize("app_token", [f"{APP_ID}|wrong", f"42|{APP_SECRET}"])
def test_a_bad_app_token_is_an_error_about_the_app(facebook: FacebookClient, app_token: str) -> None:
    answer = facebook.get("debug_token", app_token, input_token=facebook.token())
    assert error(answer) == (400, 190, None)


def test_only_developers_may_debug_with_their_own_token(facebook: FacebookClient) -> None:
    token = facebook.token()
    assert error(facebook.get("debug_token", token, input_token=token)) == (400, 100, None)
    facebook.control("app", roles=["122100000000000001"])
    assert facebook.get("debug_token", token, input_token=token).ok


def test_debug_token_can_be_distorted(facebook: FacebookClient) -> None:
    token = facebook.token()
    facebook.control(
        "debug-token",
        set={"app_id": "42", "type": "PAGE", "expires_at": 7},
        without=["user_id"],
        without_scopes=["whatsapp_business_messaging"],
        invalid={"subcode": 460},
        target_ids="ints",
        drift=True,
    )
    data = facebook.debug(token)
    assert (data["app_id"], data["type"], data["expires_at"]) == ("42", "PAGE", 7)
    assert "user_id" not in data
    assert (data["is_valid"], data["error"]["subcode"]) == (False, 460)
    assert data["granular_scopes"] == [{"scope": "whatsapp_business_manage_events", "target_ids": [300000000000001]}]

    facebook.control("debug-token", target_ids="absent")
    assert all(one.keys() == {"scope"} for one in facebook.debug(token)["granular_scopes"])

    facebook.control("debug-token")
    assert facebook.debug(token)["is_valid"] is True


@pytest.mark.parametrize(("habit", "valid"), [("allow", True), ("invalid", False), ("permission", True)])
def test_data_access_ends_ninety_days_after_the_last_login(
    facebook: FacebookClient, habit: str, *, valid: bool
) -> None:
    facebook.control("settings", data_access_expired=habit)
    token = facebook.token(lifetime=0)
    facebook.control("clock", advance=91 * DAY)
    data = facebook.debug(token)
    assert data["is_valid"] is valid
    assert data["expires_at"] == 0
    answer = facebook.get("300000000000001", token)
    codes = {"allow": None, "invalid": (401, 190, 493), "permission": (403, 10, None)}
    assert (None if answer.ok else error(answer)) == codes[habit]

    facebook.code()
    assert facebook.get("300000000000001", token).ok


def test_a_proof_is_checked_when_it_is_sent(facebook: FacebookClient) -> None:
    token = facebook.token()
    now = int(time.time())
    assert facebook.get("me", token, appsecret_proof=proof(token)).ok
    timed = proof(f"{token}|{now}")
    assert facebook.get("me", token, appsecret_proof=timed, appsecret_time=now).ok

    for wrong in (
        {"appsecret_proof": proof("other")},
        {"appsecret_proof": timed},
        {"appsecret_proof": proof(f"{token}|{now - 400}"), "appsecret_time": now - 400},
    ):
        answer = facebook.get("me", token, **wrong)
        assert error(answer) == (400, 100, None)
        assert answer.json()["error"]["type"] == "GraphMethodException"
        assert answer.json()["error"]["message"] == "Invalid appsecret_proof provided in the API argument"


def test_a_proof_is_required_when_the_app_says_so(facebook: FacebookClient) -> None:
    facebook.control("app", require_app_secret=True)
    token = facebook.token()
    answer = facebook.get("me", token)
    assert error(answer) == (400, 100, None)
    assert answer.json()["error"]["message"] == "API calls from the server require an appsecret_proof argument"
    assert facebook.get("me", token, appsecret_proof=proof(token)).ok
    assert facebook.debug(token)["is_valid"]
    assert facebook.extend(token).ok
    assert facebook.extend(token, appsecret_proof=proof(token)).ok
    assert error(facebook.extend(token, appsecret_proof="wrong")) == (400, 100, None)


def test_no_token_at_all(facebook: FacebookClient) -> None:
    assert error(facebook.get("me")) == (400, 2500, None)


def test_a_code_can_be_chosen_and_made_usable_again(facebook: FacebookClient) -> None:
    for _ in range(2):
        chosen = facebook.control("codes", code="AQ-from-an-event-file", person="jonas")["code"]
        token = facebook.exchange(chosen)["access_token"]
        assert facebook.debug(token)["user_id"] == "122100000000000002"


@pytest.mark.parametrize(("asked", "served"), [("v25.0", "v25.0"), ("v2.12", "v21.0"), ("v20.0", "v21.0")])
def test_an_ended_version_is_served_by_the_oldest_live_one(facebook: FacebookClient, asked: str, served: str) -> None:
    answer = facebook.http.get(f"{facebook.url}/{asked}/me")
    assert answer.headers["facebook-api-version"] == served


def test_an_unknown_version_is_an_unknown_path(facebook: FacebookClient) -> None:
    answer = facebook.http.get(f"{facebook.url}/v99.0/me")
    assert answer.json()["error"]["message"] == "Unknown path components: /me"
