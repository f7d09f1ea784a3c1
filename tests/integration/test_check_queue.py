"""The queues of checks: messages are hints, which come twice, late and in any order; the record says what to do."""

import json

import pytest

from tests.support import stack
from tests.support.clock import DAY, HOUR, MINUTE
from tests.support.people import MARIA
from tests.support.world import World
from whatsapp_connect.check_connection import SAME_QUESTION_S
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.model import AccessToken, TokenInfo


def test_due_message_delivered_twice_is_one_check(world: World) -> None:
    world.connect()
    world.clock.advance(DAY)
    world.functions["schedule"].flow.run()
    records = world.due_queue.receive()
    run = world.during(lambda: world.due_queue.deliver(records * 3))
    assert run.outcomes == {"checked": 1, "dropped": 2}


def test_due_messages_out_of_order_and_after_a_day_check_what_is_due(world: World) -> None:
    ids = world.populate(3)
    world.clock.advance(DAY)
    world.functions["schedule"].flow.run()
    records = world.due_queue.receive()
    world.clock.advance(DAY)
    assert world.ask_for_check(ids[1]).outcomes == {"checked": 1}
    run = world.during(lambda: world.due_queue.deliver(reversed(records)))
    assert run.outcomes == {"checked": 2, "dropped": 1}


def test_report_of_a_refused_call_is_checked_at_once_whatever_waits_in_the_other_queue(world: World) -> None:
    ids = world.populate(6)
    world.sent_events()
    world.clock.advance(DAY)
    world.functions["schedule"].flow.run()
    world.facebook.control("tokens/invalidate", {"user_id": ids[5], "reason": "password_changed"})
    world.report(ids[5])
    world.check_queue.bring()
    world.stream.bring()
    assert world.sent_types() == ["Revoked"]
    assert world.stored.token(ids[5]) is None
    assert world.during(world.settle).outcomes == {"checked": 5, "dropped": 1}


def test_reports_within_a_minute_are_one_check(world: World) -> None:
    world.connect()
    world.clock.advance(HOUR)
    outcomes: dict[str, int] = {}
    for _ in range(30):  # one every ten seconds, of five readers each
        world.clock.advance(10)
        for _ in range(5):
            world.report()
        for outcome, number in world.during(world.settle).outcomes.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + number
    assert outcomes["checked"] == 5
    world.clock.advance(SAME_QUESTION_S)
    assert world.during(world.settle).outcomes["checked"] == 1  # for the reports since the last
    world.clock.advance(HOUR)
    assert world.during(world.settle).outcomes == {}


def test_reports_of_a_token_that_cannot_be_asked_about_are_one_check_a_minute(world: World) -> None:
    world.connect()
    world.facebook.fail("debug_token", "graph_error", code=1, subcode=99, user_id=MARIA, times=None)
    world.clock.advance(HOUR)
    for _ in range(20):
        world.report()
    assert world.during(world.settle).outcomes == {"postponed": 1, "later": 19}
    assert world.record().failures == 1


def test_message_sent_before_the_last_check_is_dropped(world: World) -> None:
    world.connect()
    world.clock.advance(HOUR)
    world.report()
    records = world.check_queue.receive()
    world.clock.advance(MINUTE)
    assert world.ask_for_check().outcomes == {"checked": 1}
    world.clock.advance(DAY)
    assert world.during(lambda: world.check_queue.deliver(records)).outcomes == {"dropped": 1}


def test_report_made_right_after_a_login_is_checked_a_minute_later(world: World) -> None:
    world.connect()
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": "logged_out"})
    world.clock.advance(5)
    assert world.ask_for_check().outcomes == {"later": 1}
    world.clock.advance(SAME_QUESTION_S)
    assert world.during(world.settle).outcomes == {"revoked": 1}


def test_messages_about_unknown_and_forgotten_connections_are_dropped(world: World) -> None:
    world.connect()
    world.clock.advance(HOUR)
    world.meta("deauthorize").tell(MARIA)
    world.report()
    world.report("nobody")
    assert world.during(world.check_queue.bring).outcomes == {"dropped": 2}
    assert world.stored.everything() == ({}, [])


def test_message_about_a_dead_connection_compares_its_parameters(world: World) -> None:
    world.connect()
    world.facebook.control("tokens/invalidate", {"person": "maria"})
    world.after(days=1)
    ssm = world.session.client("ssm")
    name = f"{stack.PREFIX}/connections/{MARIA}"
    ssm.put_parameter(Name=f"{name}/access-token", Value="EAAback", Type="SecureString")
    ssm.delete_parameter(Name=f"{name}/metadata")
    inspections = world.facebook.inspections
    world.clock.advance(HOUR)
    assert world.ask_for_check().outcomes == {"compared": 1}
    assert world.facebook.inspections == inspections
    assert world.stored.token(MARIA) is None
    assert world.metadata()["status"] == "revoked"


def test_check_of_an_earlier_life_does_not_touch_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.connect()
    world.sent_events()
    world.clock.advance(DAY)
    debug = FacebookClient.debug
    lives: list[str] = []

    def forget_and_connect_again(client: FacebookClient, token: AccessToken, *, deadline: float) -> TokenInfo:
        info = debug(client, token, deadline=deadline)
        if not lives:
            lives.append("")
            world.meta("data-deletion").tell(MARIA)
            world.stream.bring()
            assert world.stored.records() == []
            world.clock.advance(1)
            world.connect()
            lives[0] = world.token()
        return info

    monkeypatch.setattr(FacebookClient, "debug", forget_and_connect_again)
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": "logged_out"})
    assert world.ask_for_check().outcomes == {"checked": 1, "dropped": 1}  # the second life's, and that of the first
    assert world.token() == lives[0]
    assert world.record().status == "active"
    assert world.sent_types() == ["Deleted", "Connected"]


@pytest.mark.parametrize("body", ["", "x", "[]", "null", "{}", '{"connection_id": 7}', '{"connection_id": ""}'])
def test_malformed_message_is_dropped_alone(world: World, body: str) -> None:
    world.connect()
    world.clock.advance(HOUR)
    world.check_queue.send(body) if body else world.check_queue.send(json.dumps("x" * 100))
    world.report()
    assert world.during(world.settle).outcomes == {"failed": 1, "checked": 1}
