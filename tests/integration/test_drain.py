"""Many connections due at once: none lost, none done twice, no more queued than the workers can do.

With CONNECTIONS=10000 in the environment it is ten thousand of them.
"""

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support import stack
from tests.support.clock import DAY
from tests.support.crowd import settle_in
from tests.support.world import FIVE_MINUTES, World
from whatsapp_connect import schedule_checks
from whatsapp_connect.check_queue import CheckQueue

NUMBER = int(os.environ.get("CONNECTIONS", "40"))
AT_ONCE = min(schedule_checks.MAX_QUEUED, NUMBER // 4)


@pytest.fixture(autouse=True)
def fewer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_checks, "MAX_QUEUED", AT_ONCE)


@pytest.mark.usefixtures("extending")
def test_ten_thousand_due_at_once_are_each_checked_once_in_the_order_they_became_due(world: World) -> None:
    ids = settle_in(world, NUMBER)
    tokens = {one: world.token(one) for one in ids}
    world.sent_events()
    world.clock.advance(31 * DAY)
    outcomes = Counter[str]()
    for number in range(1, -(-NUMBER // AT_ONCE) + 1):
        run = world.schedule()
        outcomes.update(run.outcomes)
        assert sum(outcomes.values()) == min(NUMBER, number * AT_ONCE)
        world.clock.advance(FIVE_MINUTES)
    assert outcomes == {"renewed": NUMBER}
    assert world.facebook.extensions == NUMBER
    assert not [one for one in ids if world.token(one) == tokens[one]]
    assert {world.stored.version(one) for one in ids} == {2}
    assert world.sent_types() == ["Renewed"] * NUMBER
    assert world.schedule().outcomes == {}
    world.assert_consistent()
    spread = [world.record(one).next_check_at for one in ids]
    assert len(set(spread)) > NUMBER / 2  # the checks of the next day are spread


def slow_workers(world: World, number: int) -> Iterator[int]:
    """Run the schedule every five minutes, and as few checks between; yield how many messages wait."""
    while True:
        world.functions["schedule"].flow.run()
        waiting = world.due_queue.waiting()
        records: list[dict[str, object]] = []
        while len(records) < number and (more := world.due_queue.receive(number - len(records))):
            records += more
        world.due_queue.deliver(records)
        world.stream.bring()
        yield waiting
        world.clock.advance(FIVE_MINUTES)


def test_slow_workers_get_a_bounded_queue_and_a_report_does_not_wait_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = settle_in(world, NUMBER)
    world.clock.advance(DAY)
    sent = Counter[str]()
    send_all = CheckQueue.send_all

    def note(queue: CheckQueue, connection_ids: list[str]) -> int:
        sent.update(connection_ids)
        return send_all(queue, connection_ids)

    monkeypatch.setattr(CheckQueue, "send_all", note)
    pace = AT_ONCE // 3
    for round_number, waiting in enumerate(slow_workers(world, pace)):
        assert waiting <= AT_ONCE
        if round_number == 2:
            world.facebook.control("tokens/invalidate", {"user_id": ids[-1], "reason": "logged_out"})
            world.report(ids[-1])
            world.check_queue.bring()
            assert not world.record(ids[-1]).is_alive
        if world.connections.oldest_due_at() is None:
            break
        assert round_number < 2 * NUMBER / pace
    assert sent.keys() >= set(ids[:-1])
    assert sent.total() <= 2 * NUMBER  # a mark ends while its message still waits
    world.due_queue.bring()
    assert all(world.record(one).checked_at > world.clock.now() - DAY for one in ids)


def test_failing_connections_do_not_hold_up_the_others(world: World) -> None:
    ids = settle_in(world, NUMBER)
    poisoned = set(ids[: AT_ONCE + 2])
    world.clock.advance(DAY)
    for one in poisoned:
        world.session.client("dynamodb").update_item(
            TableName=stack.CONNECTIONS,
            Key={"connection_id": {"S": one}},
            UpdateExpression="SET history = :rubbish",
            ExpressionAttributeValues={":rubbish": {"S": "rubbish"}},
        )
    checked = Counter[str]()
    for _ in range(-(-NUMBER // AT_ONCE) + 1):
        run = world.schedule()
        checked.update(run.outcomes)
        assert run.metrics("OldestDueSeconds")[0] >= 0
        world.clock.advance(FIVE_MINUTES)
    assert checked["checked"] == NUMBER - len(poisoned)
    assert checked["failed"] == len(poisoned)  # each once in half an hour


def test_checks_queued_in_five_minutes_fit_the_workers() -> None:
    properties = stack.TEMPLATE["Resources"]["CheckFunction"]["Properties"]["Events"]["Due"]["Properties"]
    workers = properties["ScalingConfig"]["MaximumConcurrency"]
    assert properties["BatchSize"] == 1
    assert schedule_checks.QUEUED_S > 5 * FIVE_MINUTES
    assert workers * FIVE_MINUTES >= 1_500  # at a second each
