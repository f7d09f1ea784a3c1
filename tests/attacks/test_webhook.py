"""Attacks on the two addresses that Meta calls, and on the page that shows a deletion."""

import json
import re
from hashlib import sha256
from time import time
from urllib.parse import urlsplit

import pytest

from facebook_simulator.server import APP_SECRET
from facebook_simulator.signed_request import encode, sign
from facebook_simulator.variant import pack
from facebook_simulator.world import Person
from tests.attacks.site import FORM, AttackedSite

pytestmark = pytest.mark.emulator

ROUTES = ("/deauthorize", "/data-deletion")
NEVER = "f" * 24


@pytest.fixture
def connected(site: AttackedSite, person: Person) -> Person:
    """Connect somebody whom the attacks would have forgotten."""
    visitor = site.visitor()
    assert visitor.get(site.log_in(visitor, person.key)).title == "You are connected"
    site.wait_until_published(person.id)
    return person


@pytest.mark.parametrize("route", ROUTES)
def test_a_forged_signed_request_changes_nothing(site: AttackedSite, connected: Person, route: str) -> None:
    said = {"algorithm": "HMAC-SHA256", "issued_at": int(time()), "user_id": connected.id}
    signature = sign(said | {"user_id": "1"}, APP_SECRET).partition(".")[0]
    forged = [
        pack(variant, said, APP_SECRET).body
        for variant in (
            "unsigned",
            "bad_signature",
            "wrong_algorithm",
            "no_algorithm",
            "padded",
            "repeated_field",
        )
    ]
    forged += [
        f"signed_request={sign(said, secret)}".encode()
        for secret in (
            "",
            "0" * 32,
            APP_SECRET.upper() if APP_SECRET.islower() else APP_SECRET.lower(),
            APP_SECRET[:-1],
        )
    ]
    forged += [
        f"signed_request={signature}.{encode(json.dumps(said).encode())}".encode(),
        f"signed_request={sign({**said, 'algorithm': 'none'}, APP_SECRET)}".encode(),
        f"signed_request={sign(said, APP_SECRET)}&signed_request={sign(said, APP_SECRET)}".encode(),
        f"user_id={connected.id}".encode(),
    ]
    before = site.record(connected.id), site.token(connected.id)
    for body in forged:
        answer = site.visitor().send("POST", route, FORM, body)
        assert answer.status == 400, body
        assert set(json.loads(answer.body)) == {"error"}
    genuine = f"signed_request={sign(said, APP_SECRET)}".encode()
    assert site.visitor().send("POST", route, {"Content-Type": "text/plain"}, genuine).status == 400
    as_json = json.dumps({"signed_request": sign(said, APP_SECRET)}).encode()
    assert site.visitor().send("POST", route, {"Content-Type": "application/json"}, as_json).status == 400
    assert site.visitor().send("POST", f"{route}?signed_request={sign(said, APP_SECRET)}", FORM, b"a=b").status == 400
    assert site.visitor().get(f"{route}?signed_request={sign(said, APP_SECRET)}").status == 404
    assert (site.record(connected.id), site.token(connected.id)) == before
    assert site.tell(route, connected.id).status == 200  # the same, from who knows the secret
    site.wait_until_published(connected.id)
    assert (site.record(connected.id), site.token(connected.id)) == (None, None)


@pytest.mark.parametrize("route", ROUTES)
def test_a_replayed_signed_request_leaves_a_newer_connection(site: AttackedSite, connected: Person, route: str) -> None:
    issued_at = int(time()) - 3600
    before = site.record(connected.id), site.token(connected.id)
    assert site.tell(route, connected.id, issued_at=issued_at).status == 200
    assert (site.record(connected.id), site.token(connected.id)) == before


@pytest.mark.parametrize("route", ROUTES)
def test_answer_does_not_reveal_whether_a_person_is_known(site: AttackedSite, connected: Person, route: str) -> None:
    known = site.tell(route, connected.id)
    site.wait_until_published(connected.id)
    assert site.token(connected.id) is None
    unknown = site.tell(route, "122109999999999999")
    assert (known.status, unknown.status) == (200, 200)
    bodies = [re.sub("[0-9a-f]{24}", "", answer.body) for answer in (known, unknown)]
    assert bodies[0] == bodies[1]
    assert [name for name, _ in known.headers] == [name for name, _ in unknown.headers]
    if route == "/data-deletion":
        pages = [site.visitor().get(urlsplit(json.loads(answer.body)["url"]).path) for answer in (known, unknown)]
        assert pages[0].title == "Your data is deleted"
        assert (pages[0].status, pages[0].body) == (pages[1].status, pages[1].body)


def test_confirmation_code_cannot_be_guessed_and_names_nobody(site: AttackedSite, connected: Person) -> None:
    issued_at = int(time())
    code = json.loads(site.tell("/data-deletion", connected.id, issued_at=issued_at).body)["confirmation_code"]
    assert re.fullmatch("[0-9a-f]{24}", code)
    again = json.loads(site.tell("/data-deletion", connected.id, issued_at=issued_at).body)["confirmation_code"]
    later = json.loads(site.tell("/data-deletion", connected.id, issued_at=issued_at + 1).body)["confirmation_code"]
    assert (again == code, later == code) == (True, False)
    # Not a hash of what an attacker may know: the app secret is in it.
    for words in (connected.id, f"{connected.id}{issued_at}", f"data-deletion {connected.id} {issued_at}"):
        assert not sha256(words.encode()).hexdigest().startswith(code)
    rows = site.rows("DeletionTable")
    assert code not in rows
    assert connected.id not in rows
    assert connected.id not in site.visitor().get(f"/data-deletion/{code}").body


def test_every_code_that_was_never_given_is_answered_the_same(site: AttackedSite) -> None:
    answers = [
        site.visitor().get(f"/data-deletion/{code}")
        for code in (NEVER, NEVER.upper(), NEVER[1:], "x", "%00", "..", sha256(b"x").hexdigest())
    ]
    assert {(answer.status, answer.body) for answer in answers} == {(404, answers[0].body)}
    assert answers[0].title == "We do not know this code"
