"""Contacts and history of a number of the WhatsApp Business app are asked for once, within a day of its sign-up."""

import socket
from typing import Any

import pytest

from tests.support.business_app import PHONE, sign_up, told
from tests.support.interleaving import Wire
from tests.support.people import MARIA
from tests.support.world import World
from whatsapp_connect.business_app import REPEATED, TOO_LATE
from whatsapp_connect.model import NO_ANSWER, PhoneNumber, Sync


def number(world: World, phone_number_id: str = PHONE) -> PhoneNumber:
    return next(one for one in world.record().phone_numbers if one.id == phone_number_id)


def codes(world: World) -> tuple[int, int]:
    return number(world).contacts.code, number(world).history.code


def asked(world: World) -> int:
    return world.facebook.counts().get("smb_app_data", 0)


STARTED = [("SyncStarted", "contacts", None), ("SyncStarted", "history", None)]


def test_contacts_and_history_are_asked_for_once(world: World) -> None:
    sign_up(world)
    world.log_in()
    world.settle()
    assert asked(world) == 2
    events = world.sent_events()
    assert [one.type for one in events] == ["Connected", "Onboarded", "SyncStarted", "SyncStarted"]
    assert [(one.detail["sync"], one.detail["phone_number_id"]) for one in events[2:]] == [
        ("contacts", PHONE),
        ("history", PHONE),
    ]
    first, second = world.metadata()["phone_numbers"]
    assert first["business_app"] == {"contacts": "started", "history": "started"}
    assert "business_app" not in second
    assert number(world).contacts.asked_at == number(world).history.asked_at == world.clock.now()
    world.after(seconds=901)
    world.after(days=1)
    assert asked(world) == 2
    world.assert_consistent()


@pytest.mark.parameters(SyncBusinessApp="disabled")
def test_nothing_is_asked_if_the_operator_does_not_want_it(world: World) -> None:
    sign_up(world)
    world.log_in()
    world.settle()
    world.after(seconds=3_600)
    assert asked(world) == 0
    assert world.metadata()["phone_numbers"][0]["business_app"] == {"contacts": "", "history": ""}


def test_number_that_is_not_in_the_app_is_not_asked_about(world: World) -> None:
    world.log_in()
    world.settle()
    assert asked(world) == 0


@pytest.mark.parameters(SubscribeApp="disabled")
def test_nothing_is_asked_before_the_app_gets_the_webhooks(world: World) -> None:
    sign_up(world)
    world.log_in()
    world.settle()
    assert asked(world) == 0
    waba_id = world.record().waba_ids[0]
    world.state.subscriptions[waba_id, world.state.app.id] = ""
    world.after(seconds=901)
    assert told(world) == STARTED


def test_second_login_asks_no_more(world: World) -> None:
    sign_up(world)
    for _ in range(2):
        world.log_in()
        world.settle()
        world.clock.advance(61)
    assert asked(world) == 2


def test_old_connection_that_is_connected_again_is_not_asked_about(world: World) -> None:
    """It was signed up before this stack could ask, and Meta would refuse."""
    world.log_in()
    world.settle()
    world.after(days=2)
    sign_up(world, ago_s=86_400 * 30)
    world.log_in()
    world.settle()
    world.after(seconds=3_600)
    assert asked(world) == 0


def test_number_that_is_signed_up_later_is_asked_about(world: World) -> None:
    world.log_in()
    world.settle()
    world.after(days=2)
    world.sent_events()
    world.clock.advance(61)
    sign_up(world)
    world.ask_for_check()
    assert told(world) == STARTED


def test_sign_up_without_its_time_counts_from_the_login(world: World) -> None:
    sign_up(world)
    world.facebook.control("phones", {"id": PHONE, "last_onboarded_time": "soon"})
    world.facebook.fail("smb_app_data", "graph_error", code=TOO_LATE, times=None)
    world.log_in()
    world.settle()
    assert asked(world) == 1


@pytest.mark.parametrize("fault", ["throttled_waba", "auth_exception", "server_not_allowed", "unknown_error"])
def test_refusal_that_is_not_about_the_number_is_tried_again_within_a_quarter_of_an_hour(
    world: World, fault: str
) -> None:
    sign_up(world)
    world.facebook.fail("smb_app_data", fault)
    world.log_in()
    world.settle()
    assert number(world).contacts == Sync()
    assert told(world) == []
    world.after(seconds=901)
    assert told(world) == STARTED


def test_facebook_is_asked_again_for_a_day_only(world: World) -> None:
    sign_up(world)
    world.facebook.fail("smb_app_data", "throttled_waba", times=None)
    world.log_in()
    world.settle()
    world.after(seconds=901)
    world.after(seconds=86_400 - 120 - 901)
    assert asked(world) == 3
    world.after(seconds=901)
    assert asked(world) == 3


@pytest.mark.parametrize("is_done", [True, False])
def test_answer_that_does_not_come_is_not_asked_for_again(world: World, *, is_done: bool) -> None:
    sign_up(world)
    world.facebook.fail("smb_app_data", "empty", consume=is_done)
    world.log_in()
    world.settle()
    assert codes(world) == (NO_ANSWER, 0)
    assert told(world) == [("SyncFailed", "contacts", None), ("SyncStarted", "history", None)]
    assert world.metadata()["phone_numbers"][0]["business_app"]["contacts"] == "unanswered"
    world.after(seconds=3_600)
    assert asked(world) == 2


def test_refusal_is_told_once(world: World) -> None:
    sign_up(world)
    world.facebook.fail("smb_app_data", "graph_error", code=REPEATED)
    world.log_in()
    world.settle()
    assert told(world) == [("SyncFailed", "contacts", REPEATED), ("SyncStarted", "history", None)]
    for _ in world.days(2):
        assert told(world) == []
    assert asked(world) == 2


def test_sign_up_that_is_too_old_for_meta_is_asked_about_once(world: World) -> None:
    """The login is new, and only Meta knows when the business signed the number up."""
    sign_up(world, ago_s=86_400 * 2)
    world.log_in()
    world.settle()
    assert told(world) == [("SyncFailed", "contacts", TOO_LATE)]
    world.after(seconds=3_600)
    world.after(days=1)
    assert asked(world) == 1


def test_connection_that_ends_meanwhile_is_left_alone(world: World, deauthorize: Any) -> None:
    sign_up(world)
    world.log_in()
    world.stream.bring()
    world.clock.advance(120)
    deauthorize.tell(MARIA)
    world.settle()
    assert asked(world) == 0
    assert world.stored.records() == []


def test_killed_at_any_call_facebook_is_asked_once(world: World, wire: Wire) -> None:
    sign_up(world)
    world.log_in()
    world.stream.bring()
    calls = 0
    while wire.strike(calls, lambda: world.check(MARIA)):
        calls += 1
        world.clock.advance(61)
    assert calls > 10
    for _ in range(3):
        world.after(seconds=901)
    assert asked(world) <= 2
    assert number(world).contacts.asked_at
    assert number(world).history.asked_at


def test_facebook_that_cannot_be_reached_is_asked_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens at the port, so Facebook has not seen the request."""
    sign_up(world)
    graph = world.functions["check"].graph
    call = graph.call

    def call_nobody(method: str, path: str, **arguments: Any) -> Any:
        with monkeypatch.context() as patch:
            if path.endswith("smb_app_data"):
                patch.setattr(graph, "_base", f"http://127.0.0.1:{port}")
            return call(method, path, **arguments)

    with socket.socket() as closed, monkeypatch.context() as patch:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        patch.setattr(graph, "call", call_nobody)
        world.log_in()
        world.settle()
    assert told(world) == []
    assert number(world).contacts == Sync()
    world.after(seconds=901)
    assert told(world) == STARTED
