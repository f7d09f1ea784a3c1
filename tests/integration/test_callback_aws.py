"""Logins survive AWS: the person is connected and everything is published afterwards, or nothing is half done."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from facebook_simulator.model import Token
from tests.support import stack
from tests.support.browser import Browser, assert_ended
from tests.support.clock import HOUR
from tests.support.facebook import Facebook
from tests.support.outage import WORDS, Outage, lose_answers, watch
from tests.support.people import MARIA
from tests.support.stored import Earlier, Stored
from tests.support.world import World

Clients = Callable[[str], list[Any]]
WAIT = ["ThrottlingException", "ProvisionedThroughputExceededException", "InternalServerError"]
REFUSED = ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"]
UNREACHABLE = [
    EndpointConnectionError(endpoint_url="https://aws.example"),
    ConnectTimeoutError(endpoint_url="https://aws.example"),
    ReadTimeoutError(endpoint_url="https://aws.example"),
]
ENDS = [*((code, "token-not-stored") for code in WAIT), *((code, "unexpected") for code in REFUSED)]


@pytest.mark.parametrize(
    ("code", "reason"),
    [*((code, "aws-busy") for code in WAIT), *((code, "unexpected") for code in REFUSED)],
)
def test_fault_while_looking_up_the_state_is_never_read_as_a_bad_state(
    browser: Browser, clients: Clients, facebook: Facebook, code: str, reason: str
) -> None:
    query = browser.log_in()
    Outage(clients("callback"), "UpdateItem", code, times=1)
    reply = browser.come_back(query)
    line = assert_ended(reply, reason)
    assert (line["aws_error"], line["aws_operation"]) == (code, "UpdateItem")
    assert WORDS not in str(reply)
    assert facebook.exchanges == 0
    assert_ended(browser.come_back(query), "connected")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ParameterNotFound", "app-secret-missing"),
        ("ThrottlingException", "token-not-stored"),
        ("InternalServerError", "token-not-stored"),
        ("AccessDeniedException", "unexpected"),
        ("InvalidKeyId", "unexpected"),
    ],
)
def test_without_the_app_secret_no_code_is_sent(
    browser: Browser, clients: Clients, facebook: Facebook, code: str, reason: str
) -> None:
    Outage(clients("callback"), "GetParameter", code, times=1)
    reply = browser.finish()
    assert_ended(reply, reason)
    assert WORDS not in str(reply)
    assert facebook.exchanges == 0
    assert_ended(browser.finish(), "connected")


def test_app_secret_in_memory_is_used_while_it_cannot_be_read(world: World, clients: Clients) -> None:
    assert world.log_in().status == 200
    Outage(clients("callback"), "GetParameter", "AccessDeniedException")
    world.clock.advance(HOUR)
    assert world.log_in().status == 200


@pytest.mark.parametrize("value", ["\n", " \n\t\n "])
def test_empty_app_secret_is_a_missing_one(
    browser: Browser, facebook: Facebook, deployed: boto3.Session, value: str
) -> None:
    stack.put_app_secret(deployed, value)
    assert_ended(browser.finish(), "app-secret-missing")
    assert facebook.exchanges == 0


def test_malformed_app_secret_is_logged_by_shape_and_never_sent(
    browser: Browser, facebook: Facebook, deployed: boto3.Session
) -> None:
    stack.put_app_secret(deployed, f"{stack.APP_SECRET[:-1]}\u0661")
    reply = browser.finish()
    line = assert_ended(reply, "app-secret-malformed")
    assert line["ignored"] == ["line 1: not 32 hexadecimal digits but characters beyond ASCII"]
    assert stack.APP_SECRET[:-1] not in str(reply)
    assert facebook.exchanges == 0


def test_byte_order_mark_before_the_app_secret_does_no_harm(
    browser: Browser, facebook: Facebook, deployed: boto3.Session
) -> None:
    stack.put_app_secret(deployed, f"\ufeff{stack.APP_SECRET}\r\n")
    assert_ended(browser.finish(), "connected")
    assert facebook.exchanges == 1


@pytest.mark.parametrize("operation", ["Encrypt", "TransactWriteItems", "GetItem"])
@pytest.mark.parametrize(("code", "reason"), ENDS)
@pytest.mark.usefixtures("pauses")
def test_refusal_before_the_commit_leaves_nothing_half_done(
    *,
    browser: Browser,
    clients: Clients,
    stored: Stored,
    earlier: Earlier,
    operation: str,
    code: str,
    reason: str,
) -> None:
    query = browser.log_in()
    outage = Outage(clients("callback"), operation, code, times=100_000)
    reply = browser.come_back(query)
    assert_ended(reply, reason)
    assert WORDS not in str(reply)
    earlier.assert_unchanged()
    outage.end()
    assert browser.come_back(query).title == reply.title
    assert_ended(browser.finish(), "connected")


@pytest.mark.parametrize("error", UNREACHABLE)
@pytest.mark.parametrize(("operation", "reason"), [("UpdateItem", "aws-busy"), ("Encrypt", "token-not-stored")])
@pytest.mark.usefixtures("pauses")
def test_aws_out_of_reach_is_a_reason_to_wait(
    browser: Browser, clients: Clients, stored: Stored, *, operation: str, reason: str, error: Exception
) -> None:
    def fail(**_: object) -> None:
        raise error

    watch(clients("callback"), operation, fail)
    assert_ended(browser.finish(), reason)
    assert stored.everything() == ({}, [])


@pytest.mark.usefixtures("pauses")
def test_sdk_waits_out_a_little_throttling(browser: Browser, clients: Clients) -> None:
    for operation in ("UpdateItem", "Encrypt", "TransactWriteItems"):
        Outage(clients("callback"), operation, "ThrottlingException", times=1, on_the_wire=True)
    assert_ended(browser.finish(), "connected")


@pytest.mark.parametrize(
    "code",
    [
        "ThrottlingException",
        "TooManyUpdates",
        "AccessDeniedException",
        "InvalidKeyId",
        "ParameterLimitExceeded",
    ],
)
def test_login_survives_an_hour_of_refused_parameters(world: World, clients: Clients, code: str) -> None:
    outages = [Outage(clients(entry), "PutParameter", code) for entry in ("callback", "publish")]
    for person in ("maria", "jonas"):
        reply = world.log_in(person)
        assert reply.title == "You are connected"
        (line,) = reply.logs("token left to publish")
        assert (line["aws_error"], WORDS in str(reply)) == (code, False)
    assert outages[0].calls == 2
    for _ in range(12):
        world.after(seconds=300)
    assert (world.stored.parameters(), world.sent_events()) == ({}, [])
    for outage in outages:
        outage.end()
    world.after(seconds=HOUR)
    world.assert_consistent()
    assert world.sent_types() == ["Connected", "Connected"]


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_failures_after_the_commit_do_not_change_the_answer(world: World, clients: Clients, code: str) -> None:
    outage = Outage(clients("callback"), "UpdateItem", code, skip=1)
    reply = world.log_in()
    assert reply.title == "You are connected"
    assert outage.calls == 2
    assert reply.logs("publishing not asked for")
    world.settle()
    assert world.sent_events() == []
    world.after(seconds=11)
    world.assert_consistent()
    assert world.sent_types() == ["Connected", "AccountsChanged"]
    assert world.stored.version(MARIA) == 2  # nobody knew that the parameter was there: once more does no harm


def test_token_is_put_once(world: World) -> None:
    world.log_in()
    world.settle()
    assert world.stored.version(MARIA) == 1


@pytest.mark.parametrize("answers", [1, 2, 3])
@pytest.mark.usefixtures("pauses")
def test_transaction_whose_answer_is_lost_is_looked_up_in_the_states_row(
    world: World, clients: Clients, answers: int
) -> None:
    """Moto does not know ClientRequestToken, so that a repeat is refused there: the row tells."""
    lose_answers(clients("callback"), "TransactWriteItems", times=answers)
    reply = world.log_in(connection_id="shop")
    assert reply.title == "You are connected"
    world.settle()
    world.assert_consistent()
    assert world.sent_types() == ["Connected"]
    assert [row["uses_left"] for row in world.stored.links()] == [0]


@pytest.mark.usefixtures("pauses")
def test_transaction_whose_answer_never_comes_is_shown_as_what_it_became(world: World, clients: Clients) -> None:
    lose_answers(clients("callback"), "TransactWriteItems", times=100_000)
    browser = world.browser()
    query = browser.log_in()
    Outage(clients("callback"), "GetItem", "InternalServerError", skip=2)
    reply = browser.come_back(query)
    assert reply.title == browser.come_back(query).title == "You are connected"
    assert world.record().is_alive


def test_same_request_is_repeated_with_the_same_token_while_it_is_in_progress(
    world: World, clients: Clients, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whatsapp_connect.transactions.REPEAT_S", 60.0)
    asked: list[str] = []
    watch(clients("callback"), "TransactWriteItems", lambda params, **_: asked.append(str(params["body"])))
    Outage(clients("callback"), "TransactWriteItems", "TransactionInProgressException", times=20)
    assert world.log_in().title == "You are connected"
    assert (len(asked), len(set(asked))) == (21, 1)
    assert sum(pauses) > 20 * 0.1  # over the five seconds for which DynamoDB says so, in a few more


@pytest.mark.usefixtures("pauses")
def test_conflict_with_publish_is_tried_again_with_what_publish_has_written(world: World, clients: Clients) -> None:
    world.connect()
    writes = iter([True] * 3)

    def write(**_: object) -> None:
        if next(writes, False):
            record = world.record()
            world.connections.write(record, record)

    watch(clients("callback"), "TransactWriteItems", write)
    assert world.log_in().title == "You are connected"
    world.settle()
    world.assert_consistent()
    assert world.sent_types() == ["Connected", "Reconnected"]


@pytest.mark.usefixtures("pauses")
def test_record_that_others_write_all_the_time_ends_the_login_in_time(
    world: World, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.connect()
    before = world.token()

    def write(**_: object) -> None:
        record = world.record()
        world.connections.write(record, record)

    watch(clients("callback"), "TransactWriteItems", write)
    monkeypatch.setattr("whatsapp_connect.login.COMMIT_S", 25.0)
    assert_ended(world.log_in(), "token-not-stored")
    assert world.token() == before


@pytest.mark.parametrize(
    ("length", "reason"), [(4096, "connected"), (4097, "token-too-long"), (5000, "token-too-long")]
)
def test_longest_token_is_what_kms_encrypts(
    world: World, monkeypatch: pytest.MonkeyPatch, length: int, reason: str
) -> None:
    def extend(token: Token, *, lifetime: int) -> Token:
        return world.state.issue_token(
            token.identity,
            token.scopes,
            token.accounts,
            lifetime=lifetime,
            now=world.clock.now(),
            value="EAA".ljust(length, "x"),
        )

    monkeypatch.setattr(world.state, "extend", extend)
    reply = world.log_in()
    if reason == "connected":
        assert reply.title == "You are connected"
        world.settle()
        assert len(world.token()) == length
    else:
        assert_ended(reply, reason)
        assert world.stored.everything() == ({}, [])


def test_record_that_cannot_be_read_ends_the_login_and_changes_nothing(world: World, deployed: boto3.Session) -> None:
    world.connect()
    stack.operator(deployed, "dynamodb").update_item(
        TableName=stack.CONNECTIONS,
        Key={"connection_id": {"S": MARIA}},
        UpdateExpression="REMOVE revision",
    )
    before = world.stored.everything()
    assert_ended(world.log_in(), "unexpected")
    assert world.stored.everything() == before
    assert world.log_in("jonas").title == "You are connected"


def test_record_that_lacks_an_attribute_is_completed_by_the_next_login(world: World, deployed: boto3.Session) -> None:
    world.connect()
    stack.operator(deployed, "dynamodb").update_item(
        TableName=stack.CONNECTIONS,
        Key={"connection_id": {"S": MARIA}},
        UpdateExpression="REMOVE published, history, accounts, token_number",
    )
    assert world.log_in().title == "You are connected"
    world.settle()
    world.assert_consistent()
    assert world.sent_types()[-1] == "Reconnected"
