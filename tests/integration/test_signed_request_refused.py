"""Requests to the two webhooks that are not Meta's, or not as Meta makes them."""

import json

import boto3
import pytest

from facebook_simulator.sender import Parcel
from facebook_simulator.signed_request import encode, sign
from tests.support import stack
from tests.support.browser import Reply
from tests.support.meta import Meta
from tests.support.people import MARIA
from tests.support.world import World

FORM = "application/x-www-form-urlencoded"
OLD_SECRET = "fedcba9876543210fedcba9876543210"
REFUSED = {
    "bad_signature": "signature-wrong",
    "unsigned": "signed-request-malformed",
    "no_dot": "signed-request-malformed",
    "padded": "signed-request-malformed",
    "not_base64": "signed-request-malformed",
    "not_json": "signed-request-malformed",
    "json_array": "signed-request-malformed",
    "wrong_algorithm": "algorithm-wrong",
    "no_algorithm": "algorithm-wrong",
    "oversized": "not-a-form",
    "missing_field": "not-a-form",
    "empty_field": "not-a-form",
    "repeated_field": "not-a-form",
    "json_body": "not-a-form",
    "in_query": "not-a-form",
}


def assert_refused(meta: Meta, world: World, reply: Reply, reason: str) -> None:
    assert (reply.status, json.loads(reply.body)) == (400, {"error": reason})
    assert meta.outcomes(reply) == [reason]
    assert world.token()
    assert world.record().status == "active"


@pytest.mark.parametrize("encoded", [True, False])
def test_every_kind_of_bad_request_is_refused_and_changes_nothing(world: World, meta: Meta, *, encoded: bool) -> None:
    world.connect()
    before = world.stored.everything()
    for variant, reason in REFUSED.items():
        reply = meta.tell(MARIA, variant=variant, encoded=encoded)
        assert_refused(meta, world, reply, reason)
        (line,) = [line for line in reply.printed if "message" in line]
        assert (line["level"], line["reason"]) == ("WARNING", reason)
        assert MARIA not in str(reply.printed)
    assert world.stored.everything() == before
    assert world.stored.states() == []


BODIES = [
    b"",
    b"=",
    b"signed_request",
    b"signed_request=%ff.%ff",
    b"signed_request=a.b",
    b"signed_request=.",
    b"signed_request=..",
    b"&".join([b"f=1"] * 60) + b"&signed_request=a.b",
    b"signed_request=" + b"a" * 9000 + b".b",
    b"signed_request[]=a.b",
    b"SIGNED_REQUEST=a.b",
    b"\xff\xfe",
    "signed_request=é".encode(),
]
CONTENT_TYPES = ["", "text/plain", "multipart/form-data; boundary=x", f"x{FORM}"]
NONSENSE: list[dict[str, object]] = [
    {"user_id": None},
    {"user_id": int(MARIA)},
    {"user_id": ""},
    {"user_id": "maria"},
    {"user_id": [MARIA]},
    {"user_id": f"{MARIA}\n"},
    {"user_id": "1" * 33},
    {"issued_at": None},
    {"issued_at": "1795608000"},
    {"issued_at": 0},
    {"issued_at": -5},
    {"issued_at": True},
    {"issued_at": 1.5},
    {"algorithm": "none"},
    {"algorithm": None},
    {"algorithm": ["HMAC-SHA256"]},
]


def test_forms_that_hold_no_signed_request_are_refused(world: World, deauthorize: Meta) -> None:
    world.connect()
    for body in BODIES:
        assert deauthorize.send(Parcel("POST", "", FORM, body)).status == 400, body
    assert world.token()


def test_other_content_types_are_refused(world: World, deauthorize: Meta) -> None:
    world.connect()
    said = {"algorithm": "HMAC-SHA256", "issued_at": world.clock.now(), "user_id": MARIA}
    body = f"signed_request={sign(said, stack.APP_SECRET)}".encode()
    for content_type in CONTENT_TYPES:
        reply = deauthorize.send(Parcel("POST", "", content_type, body))
        assert_refused(deauthorize, world, reply, "not-a-form")
    assert deauthorize.send(Parcel("POST", "", f"{FORM}; charset=UTF-8", body)).status == 200


def test_rightly_signed_nonsense_is_refused(world: World, deauthorize: Meta) -> None:
    world.connect()
    for payload in NONSENSE:
        assert deauthorize.tell(MARIA, payload=payload).status == 400, payload
    assert world.token()


def test_a_signature_of_another_payload_is_refused(world: World, meta: Meta) -> None:
    world.connect()
    said = {"algorithm": "HMAC-SHA256", "issued_at": world.clock.now(), "user_id": "1"}
    signature = sign(said, stack.APP_SECRET).partition(".")[0]
    forged = encode(json.dumps(said | {"user_id": MARIA}).encode())
    reply = meta.send(Parcel("POST", "", FORM, f"signed_request={signature}.{forged}".encode()))
    assert_refused(meta, world, reply, "signature-wrong")


def test_a_secret_that_is_not_the_apps_is_refused(world: World, meta: Meta) -> None:
    world.connect()
    assert_refused(meta, world, meta.tell(MARIA, secret=OLD_SECRET), "signature-wrong")


@pytest.mark.parametrize("encoded", [True, False])
def test_unusual_valid_callback_is_accepted(world: World, meta: Meta, *, encoded: bool) -> None:
    for variant in ("good", "lowercase_algorithm", "expires_field", "extra_fields"):
        world.connect()
        reply = meta.tell(MARIA, variant=variant, encoded=encoded)
        assert (reply.status, meta.outcomes(reply)) == (200, ["forgotten"]), variant
        world.settle()
        assert world.stored.everything() == ({}, [])


def test_both_secrets_work_during_rotation_and_one_afterwards(
    world: World, meta: Meta, deployed: boto3.Session
) -> None:
    stack.put_app_secret(deployed, f"{stack.APP_SECRET}\n{OLD_SECRET}")
    for secret in (stack.APP_SECRET, OLD_SECRET):
        world.connect()
        assert meta.tell(MARIA, secret=secret).status == 200
        world.settle()
        assert world.stored.everything() == ({}, [])
    stack.put_app_secret(deployed, stack.APP_SECRET)
    world.clock.advance(301)
    world.connect()
    assert_refused(meta, world, meta.tell(MARIA, secret=OLD_SECRET), "signature-wrong")


def test_secret_that_has_just_been_stored_is_believed_at_once(
    world: World, meta: Meta, deployed: boto3.Session
) -> None:
    world.connect()
    assert_refused(meta, world, meta.tell(MARIA, secret=OLD_SECRET), "signature-wrong")
    stack.put_app_secret(deployed, OLD_SECRET)
    assert meta.tell(MARIA, secret=OLD_SECRET).status == 200


def test_without_an_app_secret_nothing_is_believed(world: World, meta: Meta, deployed: boto3.Session) -> None:
    world.connect()
    stack.put_app_secret(deployed, "\n")
    reply = meta.tell(MARIA, secret="")
    assert (reply.status, meta.outcomes(reply)) == (500, ["failed"])
    assert world.token()
