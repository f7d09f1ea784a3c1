"""People who removed the app, or want their data deleted, are forgotten: whole, once, and not by mistake."""

import re
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from tests.support import stack
from tests.support.browser import event_json
from tests.support.clock import DAY
from tests.integration.life import JONAS, MARIA, Life
from tests.support.meta import Meta, Promise
from tests.support.outage import WORDS, Outage, watch

REASONS = {"deauthorize": "app-removed", "data-deletion": "deletion-requested"}


def test_token_record_index_and_metadata_go_and_it_is_told(life: Life, meta: Meta) -> None:
    life.connect()
    life.connect("jonas")
    life.stream.bring()
    assert meta.tell(MARIA).status == 200
    assert life.kept.token(MARIA) is None
    assert [record["connection_id"] for record in life.kept.records()] == [JONAS]
    assert meta.function.connections.of_user(MARIA) == []
    told = life.stream.bring()
    assert [one.type for one in told] == ["Revoked", "Deleted"]
    assert {one.detail["connection_id"] for one in told} == {MARIA}
    assert {one.detail["status_reason"] for one in told} == {REASONS[meta.kind]}
    assert not [name for name in life.kept.parameters() if MARIA in name]
    assert life.token(JONAS)
    life.assert_healthy()


def test_connections_under_the_id_of_a_link_are_forgotten_too(life: Life, meta: Meta) -> None:
    for connection_id in ("shop-1", "shop-2", ""):
        life.connect(connection_id=connection_id)
    life.connect("jonas", connection_id="shop-3")
    life.stream.bring()
    reply = meta.tell(MARIA)
    assert (reply.status, [line["forgotten"] for line in reply.printed if "forgotten" in line]) == (200, [3])
    life.stream.bring()
    assert {record["connection_id"] for record in life.kept.records()} == {"shop-3"}
    assert all("/shop-3/" in name for name in life.kept.parameters())
    life.assert_healthy()


def test_an_unknown_user_is_answered_like_a_known_one(life: Life, meta: Meta) -> None:
    life.connect()
    known, unknown = meta.tell(MARIA), meta.tell("99")
    assert known.status == unknown.status == 200
    shape = re.compile("[0-9a-f]{24}")
    assert shape.sub("", known.body) == shape.sub("", unknown.body)
    assert known.response["headers"] == unknown.response["headers"]
    assert meta.outcomes(known) == meta.outcomes(unknown) == ["forgotten"]


def test_duplicates_are_harmless(life: Life, meta: Meta) -> None:
    life.connect()
    replies = [meta.tell(MARIA) for _ in range(3)]
    assert len({reply.body for reply in replies}) == 1
    assert life.events() == ["Connected", "Revoked", "Deleted"]
    assert life.kept.everything() == ({}, [])


def test_a_late_delivery_does_not_touch_a_connection_made_since(life: Life, meta: Meta) -> None:
    life.connect()
    removed_at = life.clock.now()
    assert meta.tell(MARIA).status == 200
    life.clock.advance(3600)
    life.connect()
    before = life.kept.everything()
    for _ in range(2):
        assert meta.tell(MARIA, issued_at=removed_at).status == 200
    assert life.kept.everything() == before
    assert life.events() == ["Connected", "Revoked", "Deleted", "Connected"]
    life.assert_healthy()


def test_a_late_delivery_does_not_touch_a_login_that_was_cut_off_since(life: Life, meta: Meta) -> None:
    life.connect()
    life.clock.advance(DAY)
    removed_at = life.clock.now()
    life.facebook.control("tokens/invalidate", {"person": "maria", "reason": "app_removed"})
    life.next_day()
    assert life.record()["due"] == "dead"
    Outage(life.callback.connections._client, "UpdateItem", "InternalServerError", skip=1, times=2)
    with pytest.raises(ClientError):
        life.connect()
    life.next_day()
    assert life.record()["connected_at"] < removed_at
    before = life.kept.everything()
    assert meta.tell(MARIA, issued_at=removed_at).status == 200
    assert life.kept.everything() == before
    life.assert_healthy()


@pytest.mark.parametrize("skew", [-50, 50])
def test_clocks_that_differ_a_little_are_no_excuse(life: Life, meta: Meta, skew: int) -> None:
    life.clock.skew = skew
    life.connect()
    assert meta.tell(MARIA).status == 200
    assert life.kept.records() == []


def test_a_dead_connection_is_forgotten_too(life: Life, meta: Meta) -> None:
    life.connect()
    life.facebook.control("tokens/invalidate", {"person": "maria", "reason": "app_removed"})
    life.next_day()
    life.stream.bring()
    assert life.record()["due"] == "dead"
    assert meta.tell(MARIA).status == 200
    assert life.events() == ["Deleted"]
    assert life.kept.everything() == ({}, [])


def test_the_person_may_connect_again(life: Life, meta: Meta) -> None:
    life.connect()
    meta.tell(MARIA)
    life.clock.advance(60)
    life.connect()
    assert life.events() == ["Connected", "Revoked", "Deleted", "Connected"]
    life.assert_healthy()


def test_a_login_at_work_is_waited_for(life: Life, meta: Meta, pauses: list[float]) -> None:
    life.connect()
    lease = life.callback.connections.begin_login(
        MARIA, user_id=MARIA, parameter_name=life.callback.vault.parameter_name(MARIA), deadline=0
    )
    calls: list[None] = []

    def give_back_at_the_third(**_: object) -> None:
        calls.append(None)
        if len(calls) == 3:
            life.callback.connections.abandon(lease)

    watch(meta.function.connections._client, "UpdateItem", give_back_at_the_third)
    assert meta.tell(MARIA).status == 200
    assert (len(pauses), life.kept.records()) == (2, [])


def test_a_writer_that_takes_too_long_is_answered_5xx_and_the_next_try_forgets(
    life: Life, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    life.connect()
    life.callback.connections.begin_login(
        MARIA, user_id=MARIA, parameter_name=life.callback.vault.parameter_name(MARIA), deadline=0
    )
    with monkeypatch.context() as patch:
        patch.setattr("whatsapp_connect.connections.monotonic", lambda: float("inf"))
        reply = meta.tell(MARIA)
    assert (reply.status, meta.outcomes(reply)) == (500, ["failed"])
    assert life.token()
    life.clock.advance(31)
    assert meta.tell(MARIA).status == 200
    assert life.kept.everything() == ({}, [])


@pytest.mark.parametrize(
    ("client", "operation"),
    [
        ("connections", "Query"),
        ("connections", "UpdateItem"),
        ("connections", "DeleteItem"),
        ("vault", "GetParameter"),
        ("vault", "DeleteParameter"),
    ],
)
def test_aws_failing_is_answered_5xx_and_a_later_try_finishes(
    life: Life, meta: Meta, client: str, operation: str
) -> None:
    for code in ("ThrottlingException", "InternalServerError", "AccessDeniedException"):
        life.connect()
        outage = Outage(getattr(meta.function, client)._client, operation, code, times=1)
        asked_at = life.clock.now()
        meta.function.vault.forget_app_secret()
        reply = meta.tell(MARIA)
        assert (reply.status, outage.calls >= 1, meta.outcomes(reply)) == (500, True, ["failed"]), code
        assert WORDS not in str(reply)
        life.clock.advance(61)
        assert meta.tell(MARIA, issued_at=asked_at).status == 200
        assert life.events() == ["Connected", "Revoked", "Deleted"]
        assert life.kept.everything() == ({}, [])


@pytest.mark.parametrize(
    ("client", "operation"), [("vault", "DeleteParameter"), ("connections", "DeleteItem")]
)
def test_what_meta_does_not_ask_for_twice_is_finished_by_the_next_run(
    life: Life, meta: Meta, client: str, operation: str
) -> None:
    life.connect()
    Outage(getattr(meta.function, client)._client, operation, "InternalServerError", times=1)
    assert meta.tell(MARIA).status == 500
    assert life.record()["status"] == "revoked"
    assert life.next_hour().outcomes == {"forgotten": 1}
    assert life.events() == ["Connected", "Revoked", "Deleted"]
    assert life.kept.everything() == ({}, [])


def test_two_requests_at_once_forget_once(life: Life, deauthorize: Meta, data_deletion: Meta) -> None:
    life.connect()
    inner: list[int] = []

    def tell_the_other(**_: object) -> None:
        if not inner:
            inner.append(0)
            inner[0] = data_deletion.tell(MARIA).status

    watch(deauthorize.function.connections._client, "UpdateItem", tell_the_other)
    assert (deauthorize.tell(MARIA).status, inner) == (200, [200])
    assert life.events() == ["Connected", "Revoked", "Deleted"]


def test_the_status_page_tells_nobody_whether_the_person_was_known(life: Life, data_deletion: Meta) -> None:
    life.connect()
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


def look_up(data_deletion: Meta, code: str) -> tuple[int, str]:
    sent = event_json("data-deletion-status")
    sent["pathParameters"]["code"] = code
    reply = data_deletion.handle(sent)
    assert reply.response["headers"]["Cache-Control"] == "no-store"
    assert reply.printed == []
    return reply.status, reply.body


@pytest.mark.parametrize("code", ["0" * 24, "", "x", "0" * 25, "A" * 24, "../app-secret", "0" * 24 + "\n"])
def test_a_code_that_was_never_given_is_not_found(life: Life, data_deletion: Meta, code: str) -> None:
    assert look_up(data_deletion, code)[0] == 404


def test_a_duplicate_gets_the_code_of_the_first_and_the_day_stays_close(
    life: Life, data_deletion: Meta
) -> None:
    asked_at = life.clock.now()
    first = Promise.of(data_deletion.tell(MARIA))
    life.clock.advance(3 * DAY)
    assert Promise.of(data_deletion.tell(MARIA, issued_at=asked_at)) == first
    assert Promise.of(data_deletion.tell(MARIA)) != first
    assert look_up(data_deletion, first.confirmation_code)[0] == 200


def test_what_is_kept_of_a_deletion_names_nobody(life: Life, data_deletion: Meta) -> None:
    life.connect()
    promise = Promise.of(data_deletion.tell(MARIA))
    (row,) = life.kept.states()
    assert row.keys() == {"state_hash", "deleted_at", "expires_at"}
    assert promise.confirmation_code not in str(row)
    assert MARIA not in str(row)


def test_a_status_that_cannot_be_kept_is_answered_5xx_and_a_later_try_finishes(
    life: Life, data_deletion: Meta
) -> None:
    life.connect()
    Outage(data_deletion.function._dynamodb, "PutItem", "ThrottlingException", times=1)
    asked_at = life.clock.now()
    assert data_deletion.tell(MARIA).status == 500
    promise = Promise.of(data_deletion.tell(MARIA, issued_at=asked_at))
    assert look_up(data_deletion, promise.confirmation_code)[0] == 200


def test_a_status_that_cannot_be_looked_up_is_answered_5xx(life: Life, data_deletion: Meta) -> None:
    Outage(data_deletion.function._dynamodb, "GetItem", "ThrottlingException", times=1)
    sent = event_json("data-deletion-status")
    assert data_deletion.handle(sent).status == 500
    assert data_deletion.handle(sent).status == 404


def test_the_events_beside_the_code_fit_together(life: Life, new_meta: Callable[[str], Meta]) -> None:
    for kind in ("deauthorize", "data-deletion"):
        life.connect()
        meta = new_meta(kind)
        assert meta.handle(event_json(kind, method="POST")).status == 200
        assert life.kept.everything() == ({}, [])
    assert meta.handle(event_json("data-deletion-status")).status == 200
