"""What every answer of the stack tells browsers: not to frame it, guess at it, keep it, or say where they were."""

import json
import re
from urllib.parse import urlsplit

import pytest

from facebook_simulator.world import Person
from tests.attacks.site import FORM, AttackedSite
from tests.attacks.visitor import Answer
from tests.support.browser import state_of

pytestmark = pytest.mark.emulator

HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}
FORBIDDEN = {"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}


@pytest.fixture
def answers(site: AttackedSite, person: Person) -> dict[str, Answer]:
    """Return an answer of every kind, by what it shows."""
    visitor, stranger = site.visitor(), site.visitor()
    location = site.log_in(visitor, person.key)
    declining = site.visitor()
    declined = site.log_in(declining, person.key, cancel=True)
    signing_up = site.visitor()
    told = site.tell("/data-deletion", person.id, issued_at=1_700_000_000)
    found = {
        "GET /connect": stranger.get("/connect"),
        "GET /connect as a preview": stranger.get("/connect", {"User-Agent": "WhatsApp/2.23.20.0"}),
        "GET /connect malformed": stranger.get("/connect?auth_type=a&auth_type=b"),
        "GET /connect/{link}": stranger.get(f"/connect/{site.link('framed')}"),
        "GET /connect/{link} unknown": stranger.get("/connect/unknown"),
        "GET /reconnect/{connection_id}": stranger.get("/reconnect/acme"),
        "GET /reconnect/{connection_id} malformed": stranger.get("/reconnect/-"),
        "GET /callback empty": stranger.get("/callback"),
        "GET /callback foreign": stranger.get(location),
        "GET /callback unknown": stranger.get(f"/callback?code=x&state={'A' * 43}"),
        "GET /callback declined": declining.get(declined),
        "GET /callback connected": visitor.get(location),
        "GET /callback again": visitor.get(location),
        "POST /callback/signup foreign": stranger.send(
            "POST", "/callback/signup", FORM | {"Sec-Fetch-Site": "cross-site"}, b"state=x"
        ),
        "POST /callback/signup declined": signing_up.send(
            "POST", "/callback/signup", FORM, f"state={state_of(site.start(signing_up))}".encode()
        ),
        "POST /deauthorize refused": stranger.send("POST", "/deauthorize", FORM, b"signed_request=x"),
        "POST /deauthorize": site.tell("/deauthorize", "1"),
        "POST /whatsapp-webhook refused": stranger.send("POST", "/whatsapp-webhook", {}, b"{}"),
        "GET /whatsapp-webhook refused": stranger.get("/whatsapp-webhook?hub.mode=subscribe"),
        "POST /data-deletion refused": stranger.send("POST", "/data-deletion", FORM, b"signed_request=x"),
        "POST /data-deletion": told,
        "GET /data-deletion/{code}": stranger.get(urlsplit(json.loads(told.body)["url"]).path),
        "GET /data-deletion/{code} unknown": stranger.get("/data-deletion/x"),
        "$default home": stranger.get("/"),
        "$default HEAD": stranger.send("HEAD", "/connect"),
        "$default slash": stranger.get("/connect/"),
        "$default unknown": stranger.get("/wp-login.php"),
    }
    assert found["GET /callback connected"].title == "You are connected"
    assert state_of(location)
    return found


def test_no_answer_can_be_framed_sniffed_cached_or_leak_its_address(
    site: AttackedSite, answers: dict[str, Answer]
) -> None:
    gateway = site.client("apigatewayv2")
    routes = {route["RouteKey"] for route in gateway.get_routes(ApiId=site.api_id)["Items"]}
    assert set(re.findall(r"^(?:\$default|\S+ \S+)", "\n".join(answers), re.MULTILINE)) == routes
    for shown, answer in answers.items():
        for name, value in HEADERS.items():
            assert answer.all(name) == [value], (shown, name)
        policy = set(answer.header("Content-Security-Policy").split("; "))
        assert policy >= FORBIDDEN, shown
        assert not any("unsafe" in rule or "http" in rule or "*" in rule for rule in policy), shown
        if answer.body:
            content_type = answer.header("Content-Type")
            is_for_a_program = "webhook" in shown or (shown.startswith("POST") and "signup" not in shown)
            assert content_type == ("application/json" if is_for_a_program else "text/html; charset=utf-8")
