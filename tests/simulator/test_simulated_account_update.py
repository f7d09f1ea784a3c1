"""Webhooks about WhatsApp accounts: what is in them, how they are signed and forged, and the address they go to."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from facebook_simulator.account_update import EVENTS, WEBHOOK_VARIANTS
from facebook_simulator.server import APP_ID, APP_SECRET
from tests.simulator.facebook_client import FacebookClient
from tests.simulator.receiver import Received, Receiver, Reply
from tests.support.clock import DAY, SharedClock
from tests.support.people import BAKERY

PORTFOLIO = "200000000000001"


@pytest.fixture
def webhook(facebook: FacebookClient, receiver: Receiver) -> Receiver:
    """Run an app with a verified address for webhooks."""
    url = f"{receiver.url}/whatsapp"
    facebook.control("app", whatsapp_webhook_url=url, webhook_verify_token=receiver.verify_token)
    assert receiver.next().method == "GET"
    return receiver


def is_signed(received: Received, secret: str = APP_SECRET) -> bool:
    digest = hmac.new(secret.encode(), received.body.encode(), hashlib.sha256).hexdigest()
    return received.signature == f"sha256={digest}"


def account_id(body: dict[str, Any]) -> str:
    """Read the account as an app would: from waba_info, else from the entry."""
    (entry,) = body["entry"]
    value = entry["changes"][0]["value"]
    named: str = value.get("waba_info", {}).get("waba_id") or entry["id"]
    return named


@pytest.mark.parametrize("event", EVENTS)
def test_event_is_signed_and_names_the_account(
    facebook: FacebookClient, webhook: Receiver, clock: SharedClock, event: str
) -> None:
    answer = facebook.control("account-update", event=event, waba_id=BAKERY)
    received = webhook.next()
    assert (received.method, received.path, received.content_type) == ("POST", "/whatsapp", "application/json")
    assert is_signed(received)
    body = json.loads(received.body)
    assert body["object"] == "whatsapp_business_account"
    assert body["entry"][0]["time"] == clock.now()
    assert body["entry"][0]["changes"][0]["field"] == "account_update"
    assert body["entry"][0]["changes"][0]["value"]["event"] == event
    assert account_id(body) == BAKERY
    assert answer["deliveries"][0] == answer["deliveries"][0] | {
        "kind": "account_update",
        "subject": BAKERY,
        "status": 200,
    }


def test_entry_has_another_id_where_the_value_names_the_account(facebook: FacebookClient, webhook: Receiver) -> None:
    facebook.control("account-update", event="PARTNER_APP_UNINSTALLED")
    (entry,) = json.loads(webhook.next().body)["entry"]
    assert entry["id"] != BAKERY
    assert entry["changes"][0]["value"]["waba_info"] == {
        "waba_id": BAKERY,
        "owner_business_id": PORTFOLIO,
        "partner_app_id": APP_ID,
    }


def test_webhook_can_come_late_twice_and_signed_with_an_old_secret(
    facebook: FacebookClient, webhook: Receiver, clock: SharedClock
) -> None:
    yesterday = clock.now() - DAY
    facebook.control("account-update", issued_at=yesterday, times=2, secret="the old secret")
    first, second = webhook.next(), webhook.next()
    assert first == second
    assert json.loads(first.body)["entry"][0]["time"] == yesterday
    assert not is_signed(first)
    assert is_signed(first, "the old secret")


@pytest.mark.parametrize("variant", WEBHOOK_VARIANTS)
def test_only_forged_webhooks_have_no_valid_signature(
    facebook: FacebookClient, webhook: Receiver, variant: str
) -> None:
    facebook.control("account-update", variant=variant)
    received = webhook.next()
    assert is_signed(received) is (variant not in {"unsigned", "bad_signature", "old_signature"})
    assert (received.signature is None) is (variant in {"unsigned", "old_signature"})
    assert (len(received.body) > 3_000_000) is (variant == "oversized")


def test_unknown_account_and_unknown_event(facebook: FacebookClient, webhook: Receiver) -> None:
    facebook.control("account-update", event="SOMETHING_NEW", waba_id="42", set={"more": 1})
    body = json.loads(webhook.next().body)
    assert account_id(body) == "42"
    assert body["entry"][0]["changes"][0]["value"] == {"event": "SOMETHING_NEW", "more": 1}


def test_refused_webhook_is_a_problem(facebook: FacebookClient, webhook: Receiver) -> None:
    webhook.replies["/whatsapp"] = Reply(status=403)
    (delivery,) = facebook.control("account-update")["deliveries"]
    assert (delivery["status"], delivery["problems"]) == (403, ["answered 403"])


def test_address_is_used_only_if_it_repeats_the_challenge(facebook: FacebookClient, receiver: Receiver) -> None:
    url = f"{facebook.url}/_control/app"
    sent = {"whatsapp_webhook_url": f"{receiver.url}/whatsapp", "webhook_verify_token": "wrong"}
    receiver.replies["/whatsapp"] = Reply(body="welcome")
    assert facebook.http.post(url, json=sent).status_code == 400
    accepted = facebook.http.post(url, json=sent | {"webhook_verify_token": receiver.verify_token})
    assert accepted.json()["whatsapp_webhook_url"] == sent["whatsapp_webhook_url"]
    assert receiver.verify_token not in accepted.text


def test_app_without_an_address_gets_no_webhook(facebook: FacebookClient) -> None:
    answer = facebook.http.post(f"{facebook.url}/_control/account-update", json={})
    assert answer.status_code == 400
