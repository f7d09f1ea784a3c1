"""The schedule: what it counts, what it has published again, and that its cost does not grow."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.support.clock import DAY, HOUR, MINUTE
from tests.support.crowd import settle_in
from tests.support.outage import Outage
from tests.support.people import MARIA
from tests.support.world import FIVE_MINUTES, World
from whatsapp_connect.schedule_checks import QUEUED_S


def run_alone(world: World) -> None:
    """Run the schedule, and leave what it queues where it is."""
    world.functions["schedule"].flow.run()


def test_run_counts_connections_days_and_checks(world: World) -> None:
    world.connect()
    world.connect("jonas", type="SYSTEM_USER", lifetime=0)
    world.facebook.control("settings", {"renewal": "unchanged"})
    world.connect("priya", lifetime=20 * DAY)
    world.facebook.control("tokens/invalidate", {"person": "maria"})
    run = world.after(days=6)
    assert run.metrics("Connections") == [3]
    assert run.metrics("NearestExpiryDays") == [pytest.approx(14)]
    assert run.metrics("ScheduleRun") == [1]
    assert run.metrics("AppTrouble") == [0]
    assert run.metrics("OldestDueSeconds")[0] >= 5 * DAY
    assert run.metrics("OldestUnpublishedSeconds") == [0]
    assert run.metrics("GraphVersionDaysLeft") == []
    assert run.outcomes == {"checked": 1, "not-extended": 1, "revoked": 1}
    assert [line["queued"] for line in run.logs("run ended")] == [3]
    run = world.after(seconds=FIVE_MINUTES)
    assert run.metrics("OldestDueSeconds") == [0]
    assert [line["queued"] for line in run.logs("run ended")] == [0]


@pytest.mark.parameters(GraphVersion="v25.0")
def test_end_of_the_graph_version_is_counted_down(world: World) -> None:
    world.connect()
    run = world.after(days=1)
    assert run.metrics("GraphVersionDaysLeft") == [610.5]  # 2028-07-29
    assert run.metrics("GraphVersionMismatch") == [0]


@pytest.mark.parameters(GraphVersion="v19.0")
def test_another_graph_version_answering_is_counted(world: World) -> None:
    world.connect()
    run = world.after(days=1)
    assert (run.outcomes, run.metrics("GraphVersionMismatch")) == ({"checked": 1}, [1])


def test_queued_check_is_not_queued_again_for_half_an_hour(world: World) -> None:
    world.connect()
    world.clock.advance(DAY)
    waiting = []
    for _ in range(8):
        run_alone(world)
        waiting.append(world.due_queue.waiting())
        world.clock.advance(FIVE_MINUTES)
    assert waiting == [1] * (QUEUED_S // FIVE_MINUTES) + [2, 2]
    assert world.during(world.settle).outcomes == {"checked": 1, "dropped": 1}


def test_check_ends_its_mark_so_that_the_next_one_is_on_time(world: World) -> None:
    world.connect()
    world.facebook.fail("debug_token", "graph_error", code=1, subcode=99, user_id=MARIA, times=None)
    assert world.after(days=1).outcomes == {"postponed": 1}
    assert world.record().queued_until == 0
    assert world.after(seconds=FIVE_MINUTES).outcomes == {"postponed": 1}


def test_message_that_sqs_does_not_take_is_queued_again(world: World) -> None:
    world.connect()
    refused = {"Successful": [], "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
    Outage(world.clients("schedule"), "SendMessageBatch", "X", times=1, answer=refused)
    assert world.after(days=1).outcomes == {}
    assert world.after(seconds=QUEUED_S).outcomes == {"checked": 1}


def test_connection_that_is_not_published_is_brought_again(world: World) -> None:
    world.connect()
    world.sent_events()
    Outage(world.clients("publish"), "PutEvents", "InternalFailure", times=2)
    record = world.record()
    world.facebook.control("tokens/invalidate", {"person": "maria"})
    assert world.after(days=1).outcomes == {"revoked": 1}
    told, oldest = [], []
    for _ in range(4):
        run = world.after(seconds=FIVE_MINUTES)
        oldest += run.metrics("OldestUnpublishedSeconds")
        told += world.sent_types()
    assert told == ["Revoked"]
    assert oldest[0] >= FIVE_MINUTES
    assert oldest[-1] == 0
    assert world.record().revision > record.revision
    world.assert_consistent()


@pytest.mark.parameters(Publishing="paused")
def test_paused_publishing_is_counted_and_left_alone(world: World) -> None:
    world.log_in()
    run = world.after(seconds=HOUR)
    assert run.metrics("OldestUnpublishedSeconds")[0] >= HOUR - MINUTE
    assert world.record().publish_at is not None
    assert world.sent_events() == []


def calls_of_a_run(world: World) -> Counter[str]:
    """Return how often a run with nothing due calls AWS."""
    counts = Counter[str]()

    def note(model: Any, **_: object) -> None:
        counts[model.name] += 1

    for client in world.clients("schedule"):
        client.meta.events.register("before-call", note, unique_id="count")
    run_alone(world)
    for client in world.clients("schedule"):
        client.meta.events.unregister("before-call", unique_id="count")
    return counts


def test_run_costs_the_same_with_more_connections_and_never_scans(world: World) -> None:
    world.connect()
    run_alone(world)
    before = calls_of_a_run(world)
    settle_in(world, 60)
    assert calls_of_a_run(world) == before
    assert "Scan" not in before
    assert before.total() <= 10


def test_dead_connections_are_compared_daily_without_facebook(world: World) -> None:
    world.connect()
    world.facebook.control("tokens/invalidate", {"person": "maria"})
    world.after(days=1)
    inspections = world.facebook.inspections
    for _ in range(3):
        assert world.after(days=1).outcomes == {"compared": 1}
    assert world.facebook.inspections == inspections + 3  # the schedule's question about the app
    assert world.sent_types()[-1] == "Revoked"


def test_next_run_repairs_a_run_that_aws_failed(world: World) -> None:
    world.connect()
    world.clock.advance(DAY)
    Outage(world.clients("schedule"), "Query", "ThrottlingException", times=1)
    with pytest.raises(Exception, match="ThrottlingException"):
        world.schedule()
    assert world.after(seconds=FIVE_MINUTES).outcomes == {"checked": 1}


def test_sdk_waits_out_a_little_throttling(world: World) -> None:
    world.connect()
    world.clock.advance(DAY)
    for name, operation in (("schedule", "Query"), ("check", "GetItem")):
        Outage(world.clients(name), operation, "ThrottlingException", times=2, on_the_wire=True)
    assert world.schedule().outcomes == {"checked": 1}


def test_forgotten_connection_that_is_not_deleted_yet_is_not_queued(world: World) -> None:
    world.connect()
    record = world.record()
    world.clock.advance(DAY)
    world.meta("deauthorize").tell(MARIA)
    world.stream.waiting()  # publish never hears of it
    run = world.schedule()
    assert run.outcomes == {}
    world.after(seconds=FIVE_MINUTES)
    assert world.stored.everything() == ({}, [])
    assert replace(record, status="forgotten").is_alive is False
