"""Faults on demand, the journal, and the server itself."""

import json
import threading
import time
from typing import Any

import pytest
import requests

from facebook_simulator.server import FacebookServer
from tests.simulator.facebook_client import APP_TOKEN, FacebookClient, error


def strike(facebook: FacebookClient, fault: str, **options: Any) -> requests.Response:
    facebook.control("faults", endpoint="debug_token", fault=fault, **options)
    return facebook.get("debug_token", "1234567890|0123456789abcdef0123456789abcdef", input_token="x")


@pytest.mark.parametrize(
    ("fault", "status", "code", "header"),
    [
        ("throttled_app", 400, 4, "X-App-Usage"),
        ("throttled_user", 400, 17, "X-App-Usage"),
        ("throttled_waba", 400, 80007, "X-Business-Use-Case-Usage"),
    ],
)
def test_throttling(facebook: FacebookClient, fault: str, status: int, code: int, header: str) -> None:
    answer = strike(facebook, fault)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    usage = json.loads(answer.headers[header])
    if header == "X-Business-Use-Case-Usage":
        usage = next(iter(usage.values()))[0]
        assert usage["estimated_time_to_regain_access"] == 15
    assert usage["call_count"] == 100


def test_fault_can_strike_one_persons_token_only(facebook: FacebookClient) -> None:
    poisoned, other = facebook.token(), facebook.token(person="jonas")
    facebook.control(
        "faults",
        endpoint="debug_token",
        fault="graph_error",
        code=1,
        subcode=99,
        user_id="122100000000000001",
        times=None,
    )
    facebook.control("faults", endpoint="oauth/access_token", fault="throttled_app", user_id="122100000000000001")
    for _ in range(2):
        assert facebook.get("debug_token", APP_TOKEN, input_token=poisoned).status_code == 400
        assert facebook.debug(other)["is_valid"]
        assert facebook.debug(APP_TOKEN)["is_valid"]
    assert facebook.extend(other).ok
    assert not facebook.extend(poisoned).ok
    assert facebook.extend(poisoned).ok


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("api_blocked", (400, 200, None)),
        ("server_not_allowed", (400, 5, None)),
        ("unknown_error", (400, 1, 99)),
        ("auth_exception", (401, 0, None)),
        ("no_app_token", (400, 100, None)),
    ],
)
def test_code_that_is_easy_to_misread(facebook: FacebookClient, fault: str, expected: tuple[int, int, int]) -> None:
    assert error(strike(facebook, fault)) == expected


def test_debugger_calls_a_token_invalid_once_without_a_reason(facebook: FacebookClient) -> None:
    token = facebook.token()
    facebook.control("faults", endpoint="debug_token", fault="not_valid")
    doubtful = facebook.debug(token)
    assert (doubtful["is_valid"], "error" in doubtful) == (False, False)
    assert facebook.debug(token)["is_valid"]


def test_server_error_is_transient_and_lacks_a_type(facebook: FacebookClient) -> None:
    answer = strike(facebook, "server_error")
    assert answer.status_code == 500
    assert list(answer.json()["error"]) == ["message", "code", "is_transient", "fbtrace_id"]


def test_an_error_made_to_order(facebook: FacebookClient) -> None:
    order = {"code": 190, "subcode": 464, "message": "Not confirmed", "is_transient": True}
    answer = strike(facebook, "graph_error", status=503, **order)
    body = answer.json()["error"]
    assert (answer.status_code, body["code"], body["error_subcode"]) == (503, 190, 464)
    assert (body["message"], body["is_transient"]) == ("Not confirmed", True)
    assert strike(facebook, "error_with_200", code=1).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status", "content_type"),
    [
        ("html_error", 502, "text/html"),
        ("html_ok", 200, "text/html"),
        ("invalid_json", 200, "application/json"),
    ],
)
def test_an_answer_that_is_not_json(facebook: FacebookClient, fault: str, status: int, content_type: str) -> None:
    answer = strike(facebook, fault)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith(content_type)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_an_array_and_a_huge_answer(facebook: FacebookClient) -> None:
    assert strike(facebook, "json_array").json() == []
    assert len(strike(facebook, "huge").content) > 10_000_000


def test_a_redirect_leads_elsewhere(facebook: FacebookClient) -> None:
    elsewhere = f"{facebook.url}/_control/people"
    answer = strike(facebook, "redirect", location=elsewhere)
    assert answer.url == elsewhere
    assert answer.history[0].status_code == 302


@pytest.mark.parametrize("fault", ["empty", "truncated"])
def test_a_connection_that_breaks(facebook: FacebookClient, fault: str) -> None:
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        strike(facebook, fault)
    assert strike(facebook, "slow", delay_ms=1).ok


def test_a_slow_answer_and_one_that_drips_are_complete(facebook: FacebookClient) -> None:
    began = time.monotonic()
    assert strike(facebook, "slow", delay_ms=30).ok
    assert time.monotonic() - began >= 0.03
    assert strike(facebook, "drip", interval_ms=0).json()["data"]["is_valid"] is False


def test_a_hanging_exchange_has_used_up_the_code(facebook: FacebookClient) -> None:
    code = facebook.code()
    facebook.control("faults", endpoint="oauth/access_token", fault="hang_after_consume")
    form = {"client_id": "1234567890", "client_secret": "0123456789abcdef0123456789abcdef", "code": code}
    form["redirect_uri"] = "https://example.com/callback?tenant=1"
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{facebook.url}/oauth/access_token", data=form, timeout=(1, 0.1))
    assert facebook.token_request(code=code).json()["error"]["error_subcode"] == 36009


@pytest.mark.parametrize(("consume", "status"), [(True, 400), (False, 200)])
def test_an_error_may_strike_before_or_after_the_code_is_used(
    facebook: FacebookClient, status: int, *, consume: bool
) -> None:
    code = facebook.code()
    facebook.control("faults", endpoint="oauth/access_token", fault="server_error", consume=consume)
    assert facebook.token_request(code=code).status_code == 500
    assert facebook.token_request(code=code).status_code == status


def test_a_fault_may_be_meant_for_one_grant_type_and_come_more_than_once(facebook: FacebookClient) -> None:
    facebook.control(
        "faults", endpoint="oauth/access_token", grant_type="fb_exchange_token", fault="server_error", times=2
    )
    token = facebook.exchange(facebook.code())["access_token"]
    assert [facebook.extend(token).status_code for _ in range(3)] == [500, 500, 200]


def test_fault_can_strike_one_method_only(facebook: FacebookClient) -> None:
    token = facebook.token()
    facebook.control("faults", endpoint="subscribed_apps", fault="server_error", method="POST")
    assert facebook.get("300000000000001/subscribed_apps", token).ok
    assert facebook.post("300000000000001/subscribed_apps", token).status_code == 500
    assert facebook.post("300000000000001/subscribed_apps", token).ok


def test_a_fault_without_end_lasts_until_it_is_cleared(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="me", fault="html_error", times=None)
    token = facebook.token()
    assert [facebook.get("me", token).status_code for _ in range(3)] == [502, 502, 502]
    facebook.http.delete(f"{facebook.url}/_control/faults")
    assert facebook.get("me", token).ok


def test_http_faults_of_the_dialog_strike_browsers_only(facebook: FacebookClient) -> None:
    facebook.control("faults", endpoint="dialog", fault="html_error")
    assert "code" in facebook.login()
    assert facebook.http.get(facebook.dialog_url()).status_code == 502


def test_the_journal_counts_requests_and_keeps_no_secret(facebook: FacebookClient) -> None:
    code = facebook.code()
    token = facebook.exchange(code)["access_token"]
    facebook.extend(token)
    facebook.get("me", token, appsecret_proof="wrong")
    journal = facebook.http.get(f"{facebook.url}/_control/requests")
    assert journal.json()["counts"] == {
        "oauth/access_token": 2,
        "me": 1,
        "oauth/access_token:authorization_code": 1,
        "oauth/access_token:fb_exchange_token": 1,
    }
    last = journal.json()["requests"][-1]
    assert (last["method"], last["path"], last["version"]) == ("GET", "/me", "v26.0")
    assert (last["has_token"], last["has_proof"]) == ("header", True)
    for secret in (code, token, "0123456789abcdef"):
        assert secret not in journal.text


def test_connections_are_reused(facebook: FacebookClient) -> None:
    for _ in range(3):
        facebook.get("me")
    facebook.token_request(code="x")
    requests.get(f"{facebook.url}/me", timeout=5)
    journal = facebook.http.get(f"{facebook.url}/_control/requests").json()["requests"]
    numbers = [one["connection"] for one in journal]
    assert len(set(numbers[:4])) == 1
    assert numbers[4] != numbers[0]


def test_a_body_sent_in_chunks_does_not_disturb_the_next_request(facebook: FacebookClient) -> None:
    answer = facebook.http.post(f"{facebook.url}/oauth/access_token", data=iter([b"client_id", b"=42"]))
    assert answer.json()["error"]["code"] in {101, 191}
    assert facebook.get("me").json()["error"]["code"] == 2500


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"endpoint": "nowhere", "fault": "slow"}),
        ("faults", {"endpoint": "me", "fault": "dialog_error"}),
        ("settings", {"code_tll": 1}),
        ("settings", {"code_ttl": "soon"}),
        ("app", {"redirect_uris": "https://example.com"}),
        ("login", {"person": "nobody"}),
        ("tokens", {"person": "nobody"}),
        ("tokens/invalidate", {"reason": "boredom"}),
        ("debug-token", {"target_ids": "floats"}),
        ("debug-token", {"order": "random"}),
        ("settings", {"whatsapp_scopes": "neither"}),
        ("phones", {"id": "42"}),
        ("accounts", {"id": "42"}),
    ],
)
def test_invalid_control_call_is_explained(facebook: FacebookClient, path: str, body: dict[str, Any]) -> None:
    answer = facebook.http.post(f"{facebook.url}/_control/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_people_are_listed(facebook: FacebookClient) -> None:
    people = facebook.http.get(f"{facebook.url}/_control/people").json()["people"]
    assert [one["person"] for one in people] == ["maria", "jonas", "priya"]


def test_other_people_can_move_in(facebook: FacebookClient) -> None:
    people = facebook.http.get(f"{facebook.url}/_control/people").json()["people"]
    people[1]["businesses"][0]["accounts"][0]["id"] = "7007"
    facebook.control("people", people=people[1:2])
    token = facebook.exchange(facebook.code())["access_token"]
    assert facebook.get("7007", token).json()["name"] == "Lind Travel"

    del people[1]["name"]
    assert facebook.http.post(f"{facebook.url}/_control/people", json={"people": people}).status_code == 400


def test_a_server_never_started_can_be_stopped() -> None:
    FacebookServer().stop()


def test_stopping_does_not_wait_for_hanging_or_idle_clients() -> None:
    with FacebookServer() as server, requests.Session() as idle:
        idle.post(f"{server.url}/_control/faults", json={"endpoint": "me", "fault": "hang_after_consume"}, timeout=5)
        failed = threading.Event()

        def wait_for_ever() -> None:
            try:
                requests.get(f"{server.url}/me", timeout=30)
            except requests.ConnectionError:
                failed.set()

        thread = threading.Thread(target=wait_for_ever)
        thread.start()
        while "me" not in server.state.journal.describe()["counts"]:
            time.sleep(0)
        began = time.monotonic()
        server.stop()
        thread.join()
        assert failed.is_set()
        assert time.monotonic() - began < 2
