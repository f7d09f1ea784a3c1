"""Attacks on addresses: where people are sent, and what the stack takes its own address for."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from facebook_simulator.world import Person
from tests.attacks.site import AttackedSite
from tests.attacks.visitor import Answer

pytestmark = pytest.mark.emulator

NewPerson = Callable[..., Person]

EVIL = "https://evil.example"
NAMES = (
    "next", "url", "redirect", "redirect_uri", "redirect_url", "return_to", "returnUrl", "continue", "dest",
    "target", "return_url", "ReturnUrl", "RETURN_URL", "callback", "client_id", "config_id", "scope",
    "response_type", "state", "dialog_url", "host",
)  # fmt: skip
FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Port": "80",
    "X-Forwarded-Server": "evil.example",
    "Forwarded": "host=evil.example;proto=http",
    "X-Host": "evil.example",
    "X-Original-Host": "evil.example",
    "X-Original-URL": f"{EVIL}/",
    "X-Rewrite-URL": f"{EVIL}/",
    "Origin": EVIL,
    "Referer": f"{EVIL}/",
}
CRAWLER = {"User-Agent": "WhatsApp/2.23.20.0"}


def asked(answer: Answer) -> dict[str, list[str]]:
    """Return what Facebook is asked, without the state."""
    query = parse_qs(urlsplit(answer.header("Location")).query, strict_parsing=True)
    del query["state"]
    return query


def test_no_parameter_leads_elsewhere(site: AttackedSite, person: Person) -> None:
    usual = site.visitor().get("/connect")
    poison = "&".join(f"{name}={EVIL}%2F" for name in NAMES)
    visitor = site.visitor()
    answer = visitor.get(f"/connect?{poison}&auth_type={EVIL}")
    assert answer.status == 302
    assert urlsplit(answer.header("Location"))[:3] == urlsplit(usual.header("Location"))[:3]
    assert asked(answer) == asked(usual)
    location = site.agree(answer.header("Location"), person.key)
    more = "&".join(f"{name}={EVIL}%2F" for name in NAMES if name != "state")
    connected = visitor.get(f"{location}&{more}")
    assert (connected.status, connected.title) == (200, "You are connected")
    assert connected.all("Location") == []
    assert "evil.example" not in connected.body


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/connect",
        "/connect//evil.example",
        "/connect/%2F%2Fevil.example",
        "/connect/%2e%2e%2f%2e%2e%2f%2f/evil.example",
        "/connect/%5Cevil.example",
        "/%5Cevil.example/%2e%2e",
        "/connect/@evil.example",
        "/connect/javascript:alert(1)",
        "/callback/%2F%2Fevil.example",
        "//evil.example/",
        "/%2F%2Fevil.example/",
        "/%5Cevil.example/",
        "/%2F%2Fevil.example/connect/",
        "/connect/%2F%2Fevil.example/",
        "/connect/%0D%0ALocation:%20https:%2F%2Fevil.example/",
    ],
)
def test_no_path_leads_elsewhere(site: AttackedSite, path: str) -> None:
    for headers in ({}, CRAWLER):
        answer = site.visitor().get(path, headers)
        assert answer.all("Location") == []
        assert answer.button.startswith((f"https://{site.host}/connect/", "/connect")) or answer.button == ""


def test_forged_headers_are_ignored(site: AttackedSite, person: Person) -> None:
    usual, visitor = site.visitor().get("/connect"), site.visitor()
    answer = visitor.get("/connect", FORGED)
    assert asked(answer) == asked(usual)
    assert asked(answer)["redirect_uri"] == [site.redirect_uri]
    assert "; Secure; " in answer.header("Set-Cookie")
    preview = site.visitor().get("/connect", FORGED | CRAWLER)
    assert preview.button == f"https://{site.host}/connect"
    assert "evil.example" not in preview.body
    # The code is good for the redirect_uri it was asked for with, so a poisoned one would be refused.
    connected = visitor.get(site.agree(answer.header("Location"), person.key), FORGED)
    assert connected.title == "You are connected"
    deleted = site.tell("/data-deletion", person.id, headers=FORGED)
    assert json.loads(deleted.body)["url"].startswith(f"https://{site.host}/data-deletion/")


@pytest.mark.parametrize("port", ["80", "443", "31337"])
def test_port_in_the_host_is_ignored(site: AttackedSite, port: str) -> None:
    """It is all that may be forged of it: by another host the gateway finds another API, or none."""
    answer = site.visitor().get("/connect", {"Host": f"{site.host}:{port}"})
    assert asked(answer)["redirect_uri"] == [site.redirect_uri]
