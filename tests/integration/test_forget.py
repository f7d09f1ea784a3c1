"""People who removed the app, or want their data deleted, are forgotten: whole, once, and not by mistake."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import boto3
import pytest

from tests.support import stack
from tests.support.browser import event_json
from tests.support.clock import DAY
from tests.support.interleaving import EVERY_CALL, Killed, Wire
from tests.support.meta import REASONS, Meta, Promise, look_up
from tests.support.outage import WORDS, Outage, watch
from tests.support.people import JONAS, MARIA
from tests.support.world import World


def test_forgetting_deletes_token_record_and_metadata_and_sends_deleted(world: World, meta: Meta) -> None:
    world.connect()
    world.connect("jonas")
    world.sent_events()
    assert meta.tell(MARIA).status == 200
    world.settle()
    assert [record["connection_id"] for record in world.stored.records()] == [JONAS]
    assert world.connections.of_user(MARIA) == []
    (told,) = world.sent_events()
    assert (told.type, told.detail["connection_id"]) == ("Deleted", MARIA)
    assert told.detail["status_reason"] == REASONS[meta.kind]
    assert not [name for name in world.stored.parameters() if MARIA in name]
    assert world.token(JONAS)
    world.assert_consistent()


def test_forgotten_record_holds_no_personal_data(world: World, meta: Meta) -> None:
    world.connect()
    meta.tell(MARIA)
    left = world.record()
    assert (left.status, left.token, left.accounts, left.link_id) == ("forgotten", None, (), "")


def test_connections_under_the_id_of_a_link_are_forgotten_too(world: World, meta: Meta) -> None:
    for connection_id in ("shop-1", "shop-2", ""):
        world.connect(connection_id=connection_id)
    world.connect("jonas", connection_id="shop-3")
    reply = meta.tell(MARIA)
    assert (reply.status, [line["forgotten"] for line in reply.printed if "forgotten" in line]) == (200, [3])
    world.settle()
    assert {record["connection_id"] for record in world.stored.records()} == {"shop-3"}
    assert all("/shop-3/" in name for name in world.stored.parameters())
    world.assert_consistent()


def test_record_that_cannot_be_read_does_not_keep_the_others(world: World, meta: Meta, deployed: boto3.Session) -> None:
    for connection_id in ("shop-1", "shop-2", "shop-3"):
        world.connect(connection_id=connection_id)
    stack.operator(deployed, "dynamodb").update_item(
        TableName=stack.CONNECTIONS,
        Key={"connection_id": {"S": "shop-2"}},
        UpdateExpression="REMOVE revision",
    )
    assert meta.tell(MARIA).status == 500
    world.settle()
    assert {record["connection_id"] for record in world.stored.records()} == {"shop-2"}


def test_an_unknown_user_is_answered_like_a_known_one(world: World, meta: Meta) -> None:
    world.connect()
    known, unknown = meta.tell(MARIA), meta.tell("99")
    assert known.status == unknown.status == 200
    shape = re.compile("[0-9a-f]{24}")
    assert shape.sub("", known.body) == shape.sub("", unknown.body)
    assert known.response["headers"] == unknown.response["headers"]
    assert meta.outcomes(known) == meta.outcomes(unknown) == ["forgotten"]


def test_duplicates_are_harmless(world: World, meta: Meta) -> None:
    world.connect()
    replies = [meta.tell(MARIA) for _ in range(3)]
    assert len({reply.body for reply in replies}) == 1
    world.settle()
    assert world.sent_types() == ["Connected", "Deleted"]
    assert world.stored.everything() == ({}, [])


def test_late_delivery_does_not_touch_a_connection_made_since(world: World, meta: Meta) -> None:
    world.connect()
    removed_at = world.clock.now()
    assert meta.tell(MARIA).status == 200
    world.settle()
    world.clock.advance(3600)
    world.connect()
    before = world.stored.everything()
    for _ in range(2):
        assert meta.tell(MARIA, issued_at=removed_at).status == 200
    assert world.stored.everything() == before
    assert world.sent_types() == ["Connected", "Deleted", "Connected"]
    world.assert_consistent()


@pytest.mark.parametrize("skew", [-50, 50])
def test_forgetting_works_with_a_small_clock_difference(world: World, meta: Meta, skew: int) -> None:
    world.clock.set_skew(skew)
    world.connect()
    assert meta.tell(MARIA).status == 200
    world.settle()
    assert world.stored.records() == []


def test_dead_connection_is_forgotten_too(world: World, meta: Meta) -> None:
    world.connect()
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": "app_removed"})
    world.after(days=1)
    world.sent_events()
    assert not world.record().is_alive
    assert meta.tell(MARIA).status == 200
    world.settle()
    assert world.sent_types() == ["Deleted"]
    assert world.stored.everything() == ({}, [])


@pytest.mark.parametrize("is_published", [True, False])
def test_person_may_connect_again(world: World, meta: Meta, *, is_published: bool) -> None:
    world.connect()
    meta.tell(MARIA)
    if is_published:
        world.settle()
    world.clock.advance(60)
    world.connect()
    world.after(seconds=301)
    assert world.sent_types() == ["Connected", "Deleted", "Connected"]
    world.assert_consistent()


def test_check_of_the_earlier_life_does_not_end_the_next(world: World, meta: Meta, wire: Wire) -> None:
    for calls in range(1, 8):
        world.connect()
        world.clock.advance(61)
        world.facebook.control("tokens/invalidate", {"user_id": MARIA})

        def forget_and_connect() -> None:
            assert meta.function.handler(event, meta.context)["statusCode"] == 200  # noqa: B023
            world.publish()
            world.clock.advance(1)
            world.log_in()
            world.publish()  # as many writes as in the life before

        event = meta.event(meta.parcel(MARIA))
        wire.interleave(world.check, forget_and_connect, turns=[(0, calls), (1, EVERY_CALL)])
        world.settle()
        world.after(seconds=301)
        assert world.record().is_alive, calls
        world.assert_consistent()
        world.stored.delete(MARIA)


def test_interrupted_forgetting_and_interrupted_login_both_send_events(world: World, meta: Meta, wire: Wire) -> None:
    world.connect()
    world.clock.advance(61)
    assert meta.tell(MARIA).status == 200
    assert wire.strike(2, world.publish)
    browser = world.browser()
    query = browser.log_in()
    calls: list[str] = []

    def cut_off(name: str) -> None:
        if "TransactWriteItems" in calls:
            raise Killed
        calls.append(name)

    with wire.action(cut_off), suppress(Killed):
        browser.come_back(query)
    world.after(seconds=301)
    world.after(seconds=301)
    assert world.sent_types() == ["Connected", "Deleted", "Connected", "AccountsChanged"]
    world.assert_consistent()


@pytest.mark.parametrize("operation", ["Query", "UpdateItem", "GetItem", "GetParameter"])
def test_aws_failing_is_answered_5xx_and_a_later_try_finishes(
    world: World, meta: Meta, clients: Callable[[str], list[Any]], operation: str
) -> None:
    for code in ("ThrottlingException", "InternalServerError", "AccessDeniedException"):
        if operation == "GetParameter" and code != "ThrottlingException":
            continue  # the secret is in memory
        world.connect()
        entry = meta.function.__name__
        outage = Outage(clients(entry), operation, code, times=1)
        asked_at = world.clock.now()
        reply = meta.tell(MARIA)
        assert (reply.status, outage.calls >= 1, meta.outcomes(reply)) == (500, True, ["failed"]), code
        assert WORDS not in str(reply)
        world.clock.advance(61)
        assert meta.tell(MARIA, issued_at=asked_at).status == 200
        world.settle()
        assert world.sent_types() == ["Connected", "Deleted"]
        assert world.stored.everything() == ({}, [])


@pytest.mark.parametrize("operation", ["DeleteParameter", "DeleteItem", "PutEvents", "GetParameter"])
def test_publish_repeats_a_failed_deletion_or_event_later(
    world: World, meta: Meta, clients: Callable[[str], list[Any]], operation: str
) -> None:
    world.connect()
    world.sent_events()
    Outage(clients("publish"), operation, "InternalServerError", times=1)
    assert meta.tell(MARIA).status == 200
    world.settle()
    assert world.stored.everything() != ({}, [])
    world.after(seconds=301)
    assert set(world.sent_types()) == {"Deleted"}
    assert world.stored.everything() == ({}, [])


def test_two_requests_at_once_forget_once(
    world: World, deauthorize: Meta, data_deletion: Meta, clients: Callable[[str], list[Any]]
) -> None:
    world.connect()
    inner: list[int] = []

    def tell_the_other(**_: object) -> None:
        if not inner:
            inner.append(0)
            inner[0] = data_deletion.tell(MARIA).status

    watch(clients("deauthorize"), "UpdateItem", tell_the_other)
    assert (deauthorize.tell(MARIA).status, inner) == (200, [200])
    world.settle()
    assert world.sent_types() == ["Connected", "Deleted"]


def test_status_page_does_not_reveal_whether_the_person_was_known(world: World, data_deletion: Meta) -> None:
    world.connect()
    pages = []
    for user_id in (MARIA, "99"):
        promise = Promise.of(data_deletion.tell(user_id))
        assert promise.url == f"https://{stack.HOST}/data-deletion/{promise.confirmation_code}"
        assert re.fullmatch("[0-9a-f]{24}", promise.confirmation_code)
        pages.append(look_up(data_deletion, promise.confirmation_code))
    assert pages[0] == pages[1]
    status, page = pages[0]
    assert status == 200
    assert "25 November 2026" in page
    assert MARIA not in page


@pytest.mark.parametrize("code", ["0" * 24, "", "x", "0" * 25, "A" * 24, "../app-secret", "0" * 24 + "\n"])
def test_a_code_that_was_never_given_is_not_found(world: World, data_deletion: Meta, code: str) -> None:
    assert look_up(data_deletion, code)[0] == 404


def test_a_duplicate_gets_the_code_of_the_first_and_the_day_stays_close(world: World, data_deletion: Meta) -> None:
    asked_at = world.clock.now()
    first = Promise.of(data_deletion.tell(MARIA))
    world.clock.advance(3 * DAY)
    assert Promise.of(data_deletion.tell(MARIA, issued_at=asked_at)) == first
    assert Promise.of(data_deletion.tell(MARIA)) != first
    assert look_up(data_deletion, first.confirmation_code)[0] == 200


def test_deletion_receipt_names_nobody_and_is_kept_400_days(world: World, data_deletion: Meta) -> None:
    world.connect()
    promise = Promise.of(data_deletion.tell(MARIA))
    (row,) = world.stored.deletions()
    assert row.keys() == {"name", "deleted_at", "expires_at"}
    assert (row["deleted_at"], row["expires_at"]) == (world.clock.now(), world.clock.now() + 400 * DAY)
    assert promise.confirmation_code not in str(row)
    assert MARIA not in str(row)


def test_failed_deletion_receipt_is_5xx_and_the_next_try_succeeds(
    world: World, data_deletion: Meta, clients: Callable[[str], list[Any]]
) -> None:
    world.connect()
    Outage(clients("delete_data"), "PutItem", "ThrottlingException", times=1)
    asked_at = world.clock.now()
    assert data_deletion.tell(MARIA).status == 500
    promise = Promise.of(data_deletion.tell(MARIA, issued_at=asked_at))
    assert look_up(data_deletion, promise.confirmation_code)[0] == 200


def test_unreadable_deletion_receipt_is_5xx(data_deletion: Meta, clients: Callable[[str], list[Any]]) -> None:
    Outage(clients("delete_data"), "GetItem", "ThrottlingException", times=1)
    sent = event_json("data-deletion-status")
    assert data_deletion.handle(sent).status == 500
    assert data_deletion.handle(sent).status == 404


def test_the_events_beside_the_code_fit_together(world: World, new_meta: Callable[[str], Meta]) -> None:
    for kind in ("deauthorize", "data-deletion"):
        world.connect()
        meta = new_meta(kind)
        assert meta.handle(event_json(kind, method="POST")).status == 200
        world.settle()
        assert world.stored.everything() == ({}, [])
    assert meta.handle(event_json("data-deletion-status")).status == 200
