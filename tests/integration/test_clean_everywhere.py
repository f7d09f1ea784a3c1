"""Nothing secret is seen of any function, with everything switched on that prints more: what test_clean_logs does not go through."""

import json
import logging
import traceback
from dataclasses import replace
from typing import Any

import boto3
import pytest

from facebook_simulator.server import FacebookServer
from facebook_simulator.variant import pack
from tests.support import stack
from tests.support.browser import Reply, event_json
from tests.support.canary import spot
from tests.support.meta import Meta, Promise
from tests.support.outage import WORDS, Outage
from tests.support.world import World

WORDS_OF_FACEBOOK = "Malformed canary 5c0ffee5c0ffee"
AWS_WORDS = WORDS.rpartition(":")[2]  # the account's number before it is in every ARN


class Seen:
    """Everything that anybody can see, and everything that nobody may."""

    def __init__(self, simulator: FacebookServer, world: World, caplog: pytest.LogCaptureFixture) -> None:
        self._state = simulator.state
        self._world = world
        self._caplog = caplog
        self._seen: list[str] = []
        self.secrets = {stack.APP_SECRET, WORDS_OF_FACEBOOK, AWS_WORDS}

    def look(self, *seen: object) -> None:
        self._seen += map(str, seen)

    def assert_clean(self, *said: str) -> None:
        """Check what was seen, and that what should have been `said` was: else nothing was looked at."""
        tokens = {token.value for token in self._state.every_token()}
        secrets = self.secrets | tokens
        self._world.settle()
        told = self._world.sent_events()
        stored = self._world.stored
        metadata = [value for name, value in stored.parameters().items() if name.endswith("/metadata")]
        records = [str(vars(record)) for record in self._caplog.records]
        for one in self._caplog.records:
            if one.exc_info:
                records += traceback.format_exception(*one.exc_info)
        everything = "\n".join(
            map(
                str,
                [
                    *self._seen,
                    self._world.console.read(),
                    self._caplog.text,
                    *records,
                    told,
                    metadata,
                    stored.records(),
                    stored.states(),
                    stored.links(),
                ],
            )
        )
        for words in said:
            assert words in everything
        if found := spot(everything, secrets):
            pytest.fail(f"a secret was seen: {found}")


@pytest.fixture(autouse=True)
def loud(deployed: boto3.Session, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch on whatever makes a function print more, before it is loaded."""
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
    caplog.set_level(logging.DEBUG)
    for name in ("whatsapp-connect", "aws_lambda_powertools", "boto3", "requests"):
        caplog.set_level(logging.DEBUG, name)
    # Neither is there on AWS. botocore and urllib3 are, and are left as the functions set them.
    for name in ("moto", "responses", "werkzeug"):
        caplog.set_level(logging.WARNING, name)


@pytest.fixture
def seen(world: World, simulator: FacebookServer, caplog: pytest.LogCaptureFixture) -> Seen:
    return Seen(simulator, world, caplog)


@pytest.mark.parametrize(
    ("endpoint", "grant_type"),
    [("debug_token", None), ("oauth/access_token", "fb_exchange_token"), ("phone_numbers", None)],
)
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        *(("graph_error", {"code": code, "message": WORDS_OF_FACEBOOK}) for code in (1, 2, 4, 10, 100, 101, 190)),
        ("error_with_200", {"code": 368, "message": WORDS_OF_FACEBOOK}),
        ("html_error", {}),
        ("redirect", {"location": f"https://example.com/{WORDS_OF_FACEBOOK}"}),
        ("truncated", {}),
        ("empty", {}),
    ],
)
def test_checks_that_facebook_spoils(
    world: World, seen: Seen, *, endpoint: str, grant_type: str | None, fault: str, options: dict[str, Any]
) -> None:
    world.connect()
    more = {"grant_type": grant_type} if grant_type else {}
    world.facebook.fail(endpoint, fault, times=3, **options, **more)
    for days in (31, 1):
        seen.look(world.after(days=days).printed)
    seen.assert_clean("run ended", "Connected")


@pytest.mark.usefixtures("extending")
def test_checks_of_every_kind(world: World, seen: Seen) -> None:
    renewed, dead, spoilt = world.populate(3)
    world.facebook.control("tokens/invalidate", {"user_id": dead})
    record = world.record(spoilt)
    world.connections.write(record, replace(record, token=b"rubbish"))
    for days in (31, 1):
        seen.look(world.after(days=days).printed)
    assert world.expires_in(renewed)
    seen.assert_clean("Renewed", "Revoked", "password-changed", "token not decrypted")


@pytest.mark.parametrize("operation", ["UpdateItem", "GetItem", "GetParameter", "Decrypt", "Encrypt"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InternalServerError"])
def test_checks_that_aws_spoils(world: World, seen: Seen, operation: str, code: str) -> None:
    _, dead = world.populate(2)
    world.facebook.control("tokens/invalidate", {"user_id": dead})
    Outage(world.clients("check"), operation, code)
    for days in (31, 1):
        seen.look(world.after(days=days).printed)
    seen.assert_clean("Connected")


VARIANTS = [
    "good",
    "bad_signature",
    "unsigned",
    "no_dot",
    "padded",
    "not_base64",
    "repeated_field",
    "json_body",
    "in_query",
]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_webhook(world: World, seen: Seen, meta: Meta, variant: str) -> None:
    person = world.connect()
    said = {"algorithm": "HMAC-SHA256", "issued_at": world.clock.now(), "user_id": person}
    parcel = pack(variant, said, stack.APP_SECRET)
    seen.secrets |= {parcel.body.decode().partition("=")[2], parcel.query.partition("=")[2]}
    reply = meta.send(parcel)
    seen.look(reply)
    if meta.kind == "data-deletion" and reply.status == 200:
        status = event_json("data-deletion-status")
        status["pathParameters"] = {"code": Promise.of(reply).confirmation_code}
        seen.look(meta.handle(status))
    seen.assert_clean("reason" if reply.status == 400 else "forgotten")


@pytest.mark.parametrize("operation", ["Query", "UpdateItem", "GetItem", "GetParameter"])
def test_a_webhook_that_aws_spoils(world: World, seen: Seen, meta: Meta, operation: str) -> None:
    person = world.connect()
    Outage(world.clients(meta.function.__name__), operation, "AccessDeniedException")
    seen.look(meta.tell(person))
    seen.assert_clean("AccessDeniedException", "failed")


@pytest.mark.parametrize(
    "operation", ["GetItem", "UpdateItem", "GetParameter", "PutParameter", "Decrypt", "PutEvents", "Query"]
)
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_publishing_that_aws_spoils(world: World, seen: Seen, operation: str, code: str) -> None:
    Outage(world.clients("callback"), "PutParameter", code)  # so that publish has something to decrypt
    Outage(world.clients("publish"), operation, code, times=2)
    seen.look(world.during(world.log_in).printed)
    seen.look(world.after(seconds=301).printed)
    seen.assert_clean(code, "published")


class Linked:
    """People who follow links that an operator made."""

    def __init__(self, world: World, seen: Seen) -> None:
        self.world = world
        self._seen = seen

    def make(self, connection_id: str = "shop") -> str:
        link = self.world.link(connection_id)
        self._seen.secrets.add(link)
        return link

    def follow(self, link: str, **choice: Any) -> Reply:
        """Go through a login; what only its own browser may see is left out of what is looked at."""
        browser = self.world.browser()
        begun = browser.connect(link=link)
        if begun.status != 302:
            return self.look(begun, link)
        self.look(Reply({**begun.response, "headers": {}, "cookies": []}, begun.printed), link)
        location = browser.facebook.log_in(begun.location, **choice)
        query = location.partition("?")[2].removesuffix("#_=_")
        self._seen.secrets |= {
            value for pair in query.split("&") for value in [pair.partition("=")[2]] if len(value) > 20
        }
        self._seen.secrets |= set(browser.cookies.values())
        return self.look(browser.come_back(query), link)

    def look(self, reply: Reply, link: str) -> Reply:
        page = dict(reply.response)
        if "body" in page:  # its own link is behind the button to start again
            page["body"] = page["body"].replace(f'href="/connect/{link}', 'href="/connect/')
        self._seen.look(json.dumps(page), reply.printed)
        return reply


@pytest.fixture
def linked(world: World, seen: Seen) -> Linked:
    return Linked(world, seen)


def test_logins_through_links(seen: Seen, linked: Linked) -> None:
    first = linked.make()
    assert linked.follow(first).title == "You are connected"
    assert linked.follow(first).title == "This link was already used"
    assert linked.follow(linked.make(), person="jonas").status == 403
    assert linked.follow(linked.make("other"), permissions=["whatsapp_business_management"]).status == 403
    assert linked.follow("0123456789ABCDEFGHIJKL").status == 404
    seen.assert_clean("login started", "connection-taken", "link-used", "link-unknown", "permission-missing")


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_login_that_cannot_begin(seen: Seen, linked: Linked, operation: str, code: str) -> None:
    Outage(linked.world.clients("authorize"), operation, code)
    assert linked.follow(linked.make()).status >= 500
    seen.assert_clean("login not started", code)


def test_debug_log_of_the_sdk_in_authorize_is_clean(
    seen: Seen, linked: Linked, caplog: pytest.LogCaptureFixture
) -> None:
    # authorize never loads the module that keeps the SDK quiet.
    with caplog.at_level(logging.DEBUG, "botocore"):
        browser = linked.world.browser()
        seen.secrets |= {linked.make(), browser.connect().location.partition("state=")[2][:43]}
        seen.secrets |= set(browser.cookies.values())
    assert any(record.name.startswith("botocore") for record in caplog.records)
    seen.assert_clean("PutItem")


@pytest.mark.usefixtures("world")
def test_the_functions_keep_the_sdk_and_urllib3_quiet() -> None:
    assert logging.getLogger("botocore").getEffectiveLevel() >= logging.INFO
    assert logging.getLogger("urllib3").getEffectiveLevel() >= logging.CRITICAL
