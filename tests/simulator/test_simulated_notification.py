"""What Facebook tells the app: deauthorize and data deletion, rightly and wrongly signed."""

import hashlib
import hmac
import json
import subprocess
import sys
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest

from facebook_simulator.server import APP_SECRET, FacebookServer
from facebook_simulator.signed_request import sign
from facebook_simulator.variant import VARIANTS
from tests.simulator.facebook_client import FacebookClient
from tests.simulator.receiver import Received, Receiver, Reply
from tests.support.clock import DAY, SharedClock
from tests.support.people import MARIA


def field_of(received: Received) -> str:
    assert received.content_type == "application/x-www-form-urlencoded"
    [(name, signed_request)] = parse_qsl(received.body, strict_parsing=True)
    assert name == "signed_request"
    return signed_request


def opened(signed_request: str, secret: str = APP_SECRET) -> dict[str, Any] | None:
    """Read a signed_request as an app would; None if the signature is wrong."""
    signature, payload = signed_request.split(".")
    right = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    if urlsafe_b64decode(signature + "=" * (-len(signature) % 4)) != right:
        return None
    data: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return data


def promise(receiver: Receiver, code: str = "abc123") -> str:
    receiver.replies["/status"] = Reply(body="<p>Your data is gone.</p>", content_type="text/html")
    return json.dumps({"url": f"{receiver.url}/status?code={code}", "confirmation_code": code})


def test_the_signature_is_over_the_payload_as_it_is_encoded() -> None:
    assert sign({"algorithm": "HMAC-SHA256", "issued_at": 1291836800, "user_id": "218471"}, "secret") == (
        "YUJO0oRGOt7-W5asotYHMee563x9OGcUgq1tqDuu-Z4"
        ".eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTI5MTgzNjgwMCwidXNlcl9pZCI6IjIxODQ3MSJ9"
    )


def test_the_payload_may_need_padding_and_never_has_it() -> None:
    lengths = set()
    for digits in range(1, 5):
        signed_request = sign({"user_id": "1" * digits}, "secret")
        assert "=" not in signed_request
        assert opened(signed_request, "secret") == {"user_id": "1" * digits}
        lengths.add(len(signed_request.partition(".")[2]) % 4)
    assert lengths == {0, 2, 3}


def test_deauthorize_is_a_form_with_one_field(facebook: FacebookClient, receiver: Receiver, clock: SharedClock) -> None:
    receiver.replies["/deauthorize"] = Reply(body="fine", content_type="text/plain")
    answer = facebook.control("deauthorize", person="maria")
    received = receiver.next()
    assert (received.method, received.path) == ("POST", "/deauthorize")
    payload = opened(field_of(received))
    assert payload is not None
    assert list(payload) == ["algorithm", "issued_at", "user_id"]
    assert (payload["algorithm"], payload["user_id"]) == ("HMAC-SHA256", MARIA)
    assert payload["issued_at"] == clock.now()
    assert answer["user_id"] == MARIA
    [delivery] = answer["deliveries"]
    assert delivery == delivery | {
        "kind": "deauthorize",
        "status": 200,
        "body": "fine",
        "content_type": "text/plain",
        "problems": [],
    }


def test_a_notice_can_be_about_anybody_at_any_time_under_any_secret(
    facebook: FacebookClient, receiver: Receiver
) -> None:
    facebook.control(
        "deauthorize", user_id="218471", issued_at=1291836800, secret="other", set={"more": 1}, without=["x"]
    )
    signed_request = field_of(receiver.next())
    assert opened(signed_request) is None
    assert opened(signed_request, "other") == {
        "algorithm": "HMAC-SHA256",
        "issued_at": 1291836800,
        "user_id": "218471",
        "more": 1,
    }


def test_the_simulated_clock_dates_a_notice(facebook: FacebookClient, receiver: Receiver, clock: SharedClock) -> None:
    before = clock.now()
    facebook.control("clock", advance=DAY)
    facebook.control("deauthorize")
    payload = opened(field_of(receiver.next()))
    assert payload is not None
    assert payload["issued_at"] == before + DAY


def test_a_deletion_is_followed_to_its_status_page(facebook: FacebookClient, receiver: Receiver) -> None:
    receiver.promise(promise(receiver))
    [delivery] = facebook.control("data-deletion", person="maria")["deliveries"]
    received = receiver.next()
    assert (received.method, received.path) == ("POST", "/data-deletion?from=facebook")
    payload = opened(field_of(received))
    assert payload is not None
    assert list(payload) == ["algorithm", "expires", "issued_at", "user_id"]
    assert payload["expires"] == payload["issued_at"] + 3_600
    page = receiver.next()
    assert (page.method, page.path) == ("GET", "/status?code=abc123")
    assert delivery == delivery | {
        "status": 200,
        "url": f"{receiver.url}/status?code=abc123",
        "confirmation_code": "abc123",
        "status_page": 200,
        "problems": [],
    }


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("{url: 'x'}", "the answer is not JSON"),
        ("[]", "the answer is not a JSON object"),
        ('{"url": "/status", "confirmation_code": "abc"}', "url is not an absolute URL"),
        ('{"url": "{base}/status"}', "confirmation_code is not an alphanumeric string"),
        (
            '{"url": "{base}/status", "confirmation_code": 7}',
            "confirmation_code is not an alphanumeric string",
        ),
        ('{"url": "{base}/nowhere", "confirmation_code": "abc"}', "the status page answered 404"),
        ('{"url": "{base}/blank", "confirmation_code": "abc"}', "the status page has no text"),
    ],
)
def test_poor_answer_to_a_deletion_is_reported(
    facebook: FacebookClient, receiver: Receiver, body: str, problem: str
) -> None:
    promise(receiver)
    receiver.replies["/nowhere"] = Reply(404, "not here")
    receiver.replies["/blank"] = Reply(body="<html><title>Status</title><p> </p></html>")
    receiver.promise(body.replace("{base}", receiver.url))
    assert facebook.control("data-deletion")["deliveries"][0]["problems"] == [problem]


def test_deletion_answered_with_html_is_reported(facebook: FacebookClient, receiver: Receiver) -> None:
    receiver.promise(promise(receiver), content_type="text/html")
    [delivery] = facebook.control("data-deletion")["deliveries"]
    assert delivery["problems"] == ["the answer is not called application/json"]
    assert delivery["status_page"] == 200


def test_refusal_by_the_app_is_reported(facebook: FacebookClient, receiver: Receiver) -> None:
    receiver.replies["/deauthorize"] = Reply(400, '{"error": "no"}')
    [delivery] = facebook.control("deauthorize")["deliveries"]
    assert (delivery["status"], delivery["body"]) == (400, '{"error": "no"}')
    assert delivery["problems"] == ["answered 400"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://127.0.0.1:none/", "nonsense"])
def test_unreachable_app_is_reported(facebook: FacebookClient, url: str) -> None:
    facebook.control("app", deauthorize_url=url)
    [delivery] = facebook.control("deauthorize")["deliveries"]
    assert (delivery["status"], delivery["problems"]) == (None, ["no answer"])


@pytest.mark.parametrize(
    ("variant", "changed"),
    [
        ("good", {}),
        ("lowercase_algorithm", {"algorithm": "hmac-sha256"}),
        ("wrong_algorithm", {"algorithm": "HMAC-SHA512"}),
        ("expires_field", {"expires": 1291840400}),
        ("extra_fields", {"oauth_token": "EAAsimulated", "user": {"country": "nl", "locale": "nl_NL"}}),
        ("oversized", {"filler": "x" * 200_000}),
    ],
)
def test_rightly_signed_variants(
    facebook: FacebookClient, receiver: Receiver, variant: str, changed: dict[str, Any]
) -> None:
    facebook.control("deauthorize", variant=variant, issued_at=1291836800)
    usual = {"algorithm": "HMAC-SHA256", "issued_at": 1291836800, "user_id": MARIA}
    assert opened(field_of(receiver.next())) == usual | changed


def test_no_algorithm(facebook: FacebookClient, receiver: Receiver) -> None:
    facebook.control("deauthorize", variant="no_algorithm", issued_at=1)
    assert opened(field_of(receiver.next())) == {"issued_at": 1, "user_id": MARIA}


@pytest.mark.parametrize("variant", ["bad_signature", "unsigned"])
def test_wrongly_signed_variants(facebook: FacebookClient, receiver: Receiver, variant: str) -> None:
    facebook.control("deauthorize", variant=variant)
    signed_request = field_of(receiver.next())
    assert opened(signed_request) is None
    signature, payload = signed_request.split(".")
    assert len(signature) == (43 if variant == "bad_signature" else 0)
    assert json.loads(urlsafe_b64decode(payload + "=="))["user_id"] == MARIA


@pytest.mark.parametrize("user_id", ["1", "12", "123"])
def test_padded_means_both_parts(facebook: FacebookClient, receiver: Receiver, user_id: str) -> None:
    facebook.control("deauthorize", variant="padded", user_id=user_id)
    signed_request = field_of(receiver.next())
    assert all(part.endswith("=") for part in signed_request.split("."))
    data = opened(signed_request)
    assert data is not None
    assert data["user_id"] == user_id


@pytest.mark.parametrize(("variant", "text"), [("not_json", b"user_id=1"), ("json_array", b"[]")])
def test_signed_payloads_that_are_no_object(
    facebook: FacebookClient, receiver: Receiver, variant: str, text: bytes
) -> None:
    facebook.control("deauthorize", variant=variant)
    signature, payload = field_of(receiver.next()).split(".")
    assert urlsafe_b64decode(payload + "=" * (-len(payload) % 4)) == text
    right = hmac.new(APP_SECRET.encode(), payload.encode(), hashlib.sha256).digest()
    assert urlsafe_b64decode(signature + "=") == right


def test_malformed_variants(facebook: FacebookClient, receiver: Receiver) -> None:
    facebook.control("deauthorize", variant="not_base64")
    assert field_of(receiver.next()).endswith(".{}")
    facebook.control("deauthorize", variant="no_dot")
    assert "." not in field_of(receiver.next())


def test_variants_of_the_request_itself(facebook: FacebookClient, receiver: Receiver) -> None:
    def arrives(variant: str) -> Received:
        facebook.control("deauthorize", variant=variant)
        return receiver.next()

    assert arrives("missing_field").body == "other=1"
    assert arrives("empty_field").body == "signed_request="
    repeated = parse_qs(arrives("repeated_field").body)["signed_request"]
    assert len(repeated) == 2
    assert all(map(opened, repeated))
    in_json = arrives("json_body")
    assert in_json.content_type == "application/json"
    assert opened(json.loads(in_json.body)["signed_request"])
    in_query = arrives("in_query")
    assert (in_query.method, in_query.body) == ("POST", "")
    assert opened(in_query.path.removeprefix("/deauthorize?signed_request="))
    probe = arrives("get_probe")
    assert (probe.method, probe.path, probe.body) == ("GET", "/deauthorize", "")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("path", ["deauthorize", "data-deletion"])
def test_every_variant_arrives(facebook: FacebookClient, receiver: Receiver, path: str, variant: str) -> None:
    receiver.promise(promise(receiver))
    [delivery] = facebook.control(path, variant=variant)["deliveries"]
    assert (delivery["variant"], delivery["problems"]) == (variant, [])
    assert receiver.next().path.startswith(f"/{path}")


def test_duplicates_are_the_same_to_the_byte(facebook: FacebookClient, receiver: Receiver) -> None:
    assert len(facebook.control("deauthorize", times=3)["deliveries"]) == 3
    assert len({receiver.next() for _ in range(3)}) == 1


def test_a_notice_can_be_sent_in_the_background(facebook: FacebookClient, receiver: Receiver) -> None:
    assert facebook.control("deauthorize", times=2, **{"async": True})["deliveries"] == []
    deliveries = facebook.http.get(f"{facebook.url}/_control/deliveries").json()["deliveries"]
    assert [one["status"] for one in deliveries] == [200, 200]
    assert facebook.http.delete(f"{facebook.url}/_control/deliveries").json() == {"deliveries": []}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"person": "nobody"}, "person"),
        ({"variant": "made_up"}, "variant"),
        ({"times": 0}, "times"),
        ({"app_id": "42"}, "app_id"),
        ({"made_up": 1}, "unknown"),
    ],
)
def test_invalid_notification_order_is_refused(
    facebook: FacebookClient, receiver: Receiver, body: dict[str, Any], reason: str
) -> None:
    answer = facebook.http.post(f"{facebook.url}/_control/deauthorize", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(reason)


def test_app_without_a_url_cannot_be_notified(facebook: FacebookClient) -> None:
    answer = facebook.http.post(f"{facebook.url}/_control/data-deletion")
    assert (answer.status_code, answer.json()) == (400, {"error": "data_deletion_url: the app has none"})


def test_the_urls_outlive_a_reset(receiver: Receiver) -> None:
    with FacebookServer(deauthorize_url=f"{receiver.url}/own") as server:
        facebook = FacebookClient(server.url)
        with facebook.http:
            facebook.control("app", deauthorize_url=f"{receiver.url}/other")
            facebook.control("reset")
            facebook.control("deauthorize")
    assert receiver.next().path == "/own"


def test_the_command_line_has_the_urls() -> None:
    program = [sys.executable, "-m", "facebook_simulator", "--help"]
    shown = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    assert "--deauthorize-url" in shown
    assert "--data-deletion-url" in shown
