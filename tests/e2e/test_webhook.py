"""Meta's webhooks about WhatsApp accounts, from the simulator to the deployed stack."""

from collections.abc import Iterator

import pytest
import requests

from facebook_simulator.world import Person, change_accounts
from local.stack import VERIFY_TOKEN, Stack
from tests.support.people import newcomer
from tests.support.site import Site

pytestmark = pytest.mark.emulator


@pytest.fixture
def person(stack: Stack) -> Iterator[Person]:
    person = newcomer()
    assert stack.facebook
    before = stack.facebook.state.people
    stack.facebook.state.populate((*before, person))
    yield person
    stack.facebook.state.populate(before)


@pytest.fixture
def site(stack: Stack) -> Site:
    return Site(stack)


def test_meta_accepts_the_address(site: Site) -> None:
    about = {"whatsapp_webhook_url": site.outputs["WhatsAppWebhookUrl"], "webhook_verify_token": VERIFY_TOKEN}
    about["whatsapp_webhook_url"] = f"{site.base_url}/whatsapp-webhook"
    assert site.facebook.control("app", about)["whatsapp_webhook_url"] == about["whatsapp_webhook_url"]
    refused = requests.get(
        f"{site.base_url}/whatsapp-webhook",
        params={"hub.mode": "subscribe", "hub.verify_token": "another", "hub.challenge": "1"},
        timeout=30,
    )
    assert refused.status_code == 403


def test_withdrawn_consent_is_noticed(site: Site, person: Person) -> None:
    assert site.connect(person.key).status_code == 200
    site.wait_for(lambda: site.metadata(person.id).get("usable"))
    site.set(person.id, checked_at=1)  # a second check within a minute would wait for its end
    assert site.stack.facebook
    state = site.stack.facebook.state
    state.populate(change_accounts(state.people, lambda one: None if one.id == person.accounts[0].id else one))
    told = site.facebook.control("account-update", {"event": "PARTNER_REMOVED", "waba_id": person.accounts[0].id})
    assert [one["status"] for one in told["deliveries"]] == [200]
    site.wait_for(lambda: site.metadata(person.id)["status_reason"] == "doubtful")


def test_forged_webhook_is_refused(site: Site, person: Person) -> None:
    told = site.facebook.control(
        "account-update", {"event": "PARTNER_REMOVED", "waba_id": person.accounts[0].id, "variant": "bad_signature"}
    )
    assert [one["status"] for one in told["deliveries"]] == [403]


def test_three_megabytes_pass(site: Site, person: Person) -> None:
    told = site.facebook.control(
        "account-update", {"event": "PARTNER_REMOVED", "waba_id": person.accounts[0].id, "variant": "oversized"}
    )
    assert [one["status"] for one in told["deliveries"]] == [200]
