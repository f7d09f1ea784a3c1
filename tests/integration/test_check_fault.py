"""Checks while Facebook, AWS or the set-up fails: nothing is lost, and what one connection suffers is its own."""

from typing import Any

import pytest

from tests.support import stack
from tests.support.clock import DAY, HOUR, MINUTE
from tests.support.outage import WORDS, Outage
from tests.support.people import MARIA
from tests.support.world import FIVE_MINUTES, World
from whatsapp_connect import token_rules
from whatsapp_connect.check_connection import APP_ANSWER_S

OTHER_APP = "9876543210"
NEITHER_SECRET = "fedcba9876543210fedcba9876543210"

APP_IN_TROUBLE: dict[str, dict[str, Any]] = {
    "down": {"fault": "server_error"},
    "throttled": {"fault": "throttled_app"},
    "app blocked": {"fault": "graph_error", "code": 200, "message": "API access blocked."},
    "address not allowed": {"fault": "graph_error", "code": 5},
    "unknown error": {"fault": "graph_error", "code": 1, "subcode": 99},
    "app secret wrong": {"fault": "graph_error", "code": 1},
    "app deleted": {"fault": "graph_error", "code": 101},
    "app token refused": {"fault": "graph_error", "code": 190},
    "session refused": {"fault": "graph_error", "code": 0, "status": 401},
    "must provide an app access token": {"fault": "graph_error", "code": 100},
    "not JSON": {"fault": "html_ok"},
}


def poison(world: World, connection_id: str, *, code: int = 1, subcode: int | None = 99) -> None:
    """Have Facebook answer everything about one connection's token with this error, for ever."""
    world.facebook.fail("debug_token", "graph_error", code=code, subcode=subcode, user_id=connection_id, times=None)


def connect_for_twenty_days(world: World) -> str:
    """Connect Maria with a token that Facebook does not extend."""
    world.facebook.control("settings", {"renewal": "unchanged"})
    return world.connect(lifetime=20 * DAY)


def recover(world: World) -> None:
    world.facebook.control("faults", method="DELETE")


@pytest.mark.parametrize("kind", APP_IN_TROUBLE)
def test_app_trouble_queues_nothing_and_counts_against_no_connection(world: World, kind: str) -> None:
    ids = world.populate(3)
    world.sent_events()
    before = [world.record(one) for one in ids]
    world.facebook.fail("debug_token", times=None, **APP_IN_TROUBLE[kind])
    run = world.after(days=1)
    assert (run.outcomes, run.metrics("AppTrouble")) == ({}, [1])
    assert len(run.logs("app in trouble")) == 1
    assert world.ask_for_check(ids[0]).outcomes == {"unavailable": 1}
    for one, record in zip(ids, before, strict=True):
        now = world.record(one)
        assert (now.failures, now.doubt_since, now.checked_at) == (0, 0, record.checked_at)
    assert world.sent_events() == []
    recover(world)
    world.clock.advance(MINUTE + 1)
    run = world.schedule()
    assert (run.outcomes, run.metrics("AppTrouble")) == ({"checked": 3}, [0])
    world.assert_consistent()


def test_trouble_during_queued_checks_counts_against_no_connection(world: World) -> None:
    ids = world.populate(6)
    world.sent_events()
    world.clock.advance(DAY)
    world.console.read()
    world.functions["schedule"].flow.run()
    world.facebook.fail("debug_token", "server_error", times=None)
    assert world.during(world.settle).outcomes == {"unavailable": 6}
    # The first is told that Facebook is down, and within a minute nobody asks again.
    assert world.facebook.inspections == 1 + 3 + 3
    assert [world.record(one).failures for one in ids] == [0] * 6
    recover(world)
    assert world.after(seconds=1_800).outcomes == {"checked": 6}
    assert world.sent_events() == []


ATTEMPTS = 3
"""How often a call is tried that Facebook fails."""


def test_app_answer_is_good_for_a_minute(world: World) -> None:
    ids = world.populate(6)
    world.clock.advance(DAY)
    for checked, (wait, questions) in enumerate([(0, 1), (int(APP_ANSWER_S) - 1, 1), (2, 2)]):
        world.clock.advance(wait)
        for one in ids[2 * checked : 2 * checked + 2]:
            poison(world, one)
            world.check(one)
        assert world.facebook.inspections == 2 * (checked + 1) * ATTEMPTS + questions


def test_week_without_facebook_loses_nothing_and_tells_nothing(world: World) -> None:
    ids = world.populate(4)
    before = {one: world.token(one) for one in ids}
    world.sent_events()
    world.facebook.fail("debug_token", "empty", times=None)
    for _ in world.days(7, step=DAY // 2):
        pass
    assert {one: world.token(one) for one in ids} == before
    assert world.sent_events() == []
    recover(world)
    assert world.after(seconds=HOUR).outcomes == {"checked": 4}
    assert world.sent_events() == []
    world.assert_consistent()


def trouble_of_facebook(world: World) -> None:
    world.facebook.fail("debug_token", "server_error", times=None)


def missing_secret(world: World) -> None:
    world.session.client("ssm").delete_parameter(Name=f"{stack.PREFIX}/app-secret")
    forget_secret(world)


def forget_secret(world: World) -> None:
    world.restart("check", "schedule")


@pytest.mark.parametrize("trouble", [trouble_of_facebook, missing_secret])
def test_outage_across_a_warning_and_an_end_hides_neither(world: World, trouble: Any) -> None:
    connection_id = connect_for_twenty_days(world)
    world.connect("jonas")  # without a date in this time
    world.sent_events()
    ends_at = world.record(connection_id).token_expires_at
    trouble(world)
    told = []
    for _ in world.days(21, step=DAY // 2):
        told += [(one.type, one.detail.get("days_left"), ends_at - world.clock.now()) for one in world.sent_events()]
    assert [one[:2] for one in told] == [
        ("Expiring", 14),
        ("Expiring", 7),
        ("Expiring", 3),
        ("Expiring", 1),
        ("Expired", None),
    ]
    assert [left // DAY for *_, left in told] == [14, 7, 3, 1, 0]
    assert world.stored.token(connection_id) is None
    assert world.metadata(connection_id)["status"] == "expired"
    world.assert_consistent()


@pytest.mark.parametrize(
    ("code", "subcode"), [(0, None), (1, 99), (1, None), (5, None), (190, None), (200, None), (100, None), (4711, None)]
)
def test_failure_of_one_connection_backs_off_for_it_alone(world: World, code: int, subcode: int | None) -> None:
    ids = world.populate(3)
    world.sent_events()
    poison(world, ids[0], code=code, subcode=subcode)
    outcomes: dict[str, int] = {}
    for run in world.days(1, step=2 * HOUR):
        for outcome, number in run.outcomes.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + number
    assert outcomes["checked"] == 2
    assert outcomes.keys() == {"checked", "postponed"}
    assert 1 <= outcomes["postponed"] <= 5
    assert world.sent_events() == []
    assert world.token(ids[0])


def test_connection_that_fails_ten_times_is_reported_once_and_checked_daily_until_it_recovers(
    world: World,
) -> None:
    world.connect(lifetime=0)
    world.connect("jonas", lifetime=0)
    world.sent_events()
    poison(world, MARIA)
    world.clock.advance(DAY)
    checks = 0
    for _ in world.days(3, step=3 * HOUR):
        checks = world.record().failures
    assert checks == token_rules.STUCK_FAILURES
    assert world.sent_types() == ["CheckFailed"]
    outcomes = [run.outcomes.get("postponed", 0) for run in world.days(4, step=DAY // 4)]
    assert sum(outcomes) == 4
    assert world.sent_events() == []
    assert world.metadata()["status"] == "active"
    recover(world)
    assert world.after(days=1).outcomes == {"checked": 2}
    assert world.sent_types() == ["Recovered"]
    assert world.record().failures == 0
    world.assert_consistent()


def test_failing_connection_is_warned_on_time_and_ended(world: World) -> None:
    connection_id = connect_for_twenty_days(world)
    world.sent_events()
    poison(world, connection_id)
    ends_at = world.record(connection_id).token_expires_at
    world.clock.advance(7 * HOUR)  # its daily checks are at another hour than its dates
    late: list[tuple[str, int]] = []
    for _ in world.days(20, step=DAY // 4):
        for one in world.sent_events():
            if one.type != "CheckFailed":
                days = one.detail.get("days_left", 0)
                late.append((one.type, days))
                assert world.clock.now() - (ends_at - days * DAY) <= DAY // 4
    assert late == [*(("Expiring", days) for days in (14, 7, 3, 1)), ("Expired", 0)]
    assert world.stored.token(connection_id) is None


def test_wrong_app_secret_ends_nothing_and_the_right_one_goes_on(world: World) -> None:
    ids = world.populate(2)
    stack.put_app_secret(world.session, NEITHER_SECRET)
    run = world.after(days=1)
    assert (run.outcomes, run.metrics("AppTrouble")) == ({}, [1])
    assert run.logs("app in trouble")[0]["reason"] == "app-secret-wrong"
    assert all(world.token(one) for one in ids)
    stack.put_app_secret(world.session, stack.APP_SECRET)
    assert world.after(seconds=FIVE_MINUTES).outcomes == {"checked": 2}
    world.assert_consistent()


@pytest.mark.parametrize("text", ["\u0661" * 32, " ", "rubbish"])
def test_malformed_app_secret_ends_nothing(world: World, text: str) -> None:
    ids = world.populate(2)
    stack.put_app_secret(world.session, text)
    forget_secret(world)
    run = world.after(days=1)
    assert (run.outcomes, run.metrics("AppTrouble")) == ({}, [1])
    assert all(world.token(one) for one in ids)


def test_text_beside_the_app_secret_is_logged_and_not_used(world: World) -> None:
    world.populate(2)
    stack.put_app_secret(world.session, f"{stack.APP_SECRET} # from the dashboard")
    run = world.after(days=1)
    assert run.outcomes == {"checked": 2}
    (line,) = run.logs("text beside the app secret is ignored")
    assert line["ignored"] == ["line 1: not 32 hexadecimal digits but a word of length 1"]


NEW = "0" * 31 + "1"
OLD = stack.APP_SECRET


@pytest.mark.parametrize(
    "order",
    [
        pytest.param([("aws", f"{OLD}\n{NEW}"), ("meta", NEW), ("aws", NEW)], id="both, then Meta"),
        pytest.param([("aws", f"{NEW}\n{OLD}"), ("meta", NEW), ("aws", NEW)], id="both, the new first"),
        pytest.param([("meta", NEW), ("aws", NEW)], id="Meta first"),
        pytest.param([("meta", NEW), ("aws", f"{NEW}\n{OLD}"), ("aws", NEW)], id="Meta first, then both"),
        pytest.param([("aws", f"{OLD}\n{NEW}"), ("meta", NEW), ("meta", OLD), ("aws", OLD)], id="and back"),
    ],
)
def test_checks_work_while_one_of_two_app_secrets_does(world: World, order: list[tuple[str, str]]) -> None:
    world.connect()
    world.connect("jonas")
    world.sent_events()
    stored, valid = OLD, OLD
    for where, value in order:
        if where == "aws":
            stack.put_app_secret(world.session, value)
            stored = value
        else:
            world.facebook.control("app", {"secret": value})
            valid = value
        run = world.after(days=1)
        works = valid in stored
        assert run.outcomes == ({"checked": 2} if works else {})
        assert run.metrics("AppTrouble") == [0 if works else 1]
    assert world.sent_events() == []
    world.assert_consistent()


def test_another_app_id_counts_against_no_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = world.populate(4)
    world.sent_events()
    world.facebook.control("app", {"id": OTHER_APP, "secret": stack.APP_SECRET})
    with monkeypatch.context() as patch:
        patch.setenv("META_APP_ID", OTHER_APP)
        world.restart("check")
        assert world.after(days=1).outcomes == {"postponed": 4}
    world.restart("check")
    assert all(world.token(one) for one in ids)
    assert world.sent_events() == []
    assert world.after(seconds=HOUR).outcomes == {"checked": 4}
    world.assert_consistent()


@pytest.mark.parametrize("said", [{"app_id": OTHER_APP}, {"user_id": "5"}, {"user_id": ""}, {"type": "PAGE"}])
def test_token_reported_for_another_user_or_app_is_not_removed(world: World, said: dict[str, str]) -> None:
    world.connect()
    before = world.token()
    world.facebook.control("debug-token", {"set": said})
    assert world.after(days=1).outcomes == {"postponed": 1}
    assert (world.token(), world.record().user_id) == (before, MARIA)


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "DisabledException", "KMSInvalidStateException", "NotFoundException"]
)
def test_token_that_cannot_be_decrypted_is_not_ended_but_by_its_dates(world: World, code: str) -> None:
    connect_for_twenty_days(world)
    world.sent_events()
    before = world.token()
    Outage(world.clients("check"), "Decrypt", code)
    assert world.after(days=1).outcomes == {"postponed": 1}
    assert (world.token(), world.sent_events(), world.facebook.inspections) == (before, [], 1)
    told = []
    for _ in world.days(20):
        told += world.sent_types()
    assert [one for one in told if one != "CheckFailed"] == ["Expiring"] * 4 + ["Expired"]
    assert world.stored.token(MARIA) is None


AWS_FAULTS = [
    ("GetItem", "failed"),
    ("UpdateItem", "failed"),
    ("Decrypt", "failed"),
    ("Encrypt", "failed"),
    ("GetParameter", "postponed"),  # the app secret
]


@pytest.mark.parametrize(("operation", "outcome"), AWS_FAULTS)
@pytest.mark.usefixtures("extending")
def test_aws_failing_for_one_connection_never_stops_the_rest(world: World, operation: str, outcome: str) -> None:
    ids = world.populate(3)
    world.sent_events()
    world.clock.advance(31 * DAY)
    world.restart("check")  # it remembers no app secret
    world.console.read()
    world.functions["schedule"].flow.run()
    Outage(world.clients("check"), operation, "ThrottlingException", times=1)
    run = world.during(world.settle)
    assert run.outcomes == {outcome: 1, "renewed": 2}
    assert WORDS not in str(run.printed)
    world.after(seconds=1_800)
    assert world.sent_types() == ["Renewed"] * 3
    assert all(world.expires_in(one) > 59 * DAY for one in ids)
    world.assert_consistent()


@pytest.mark.usefixtures("extending")
def test_parameters_that_cannot_be_compared_hold_up_nothing(world: World) -> None:
    ids = world.populate(2)
    world.sent_events()
    world.after(days=1)
    Outage(world.clients("check"), "GetParameter", "ThrottlingException")
    assert world.after(days=31).outcomes == {"renewed": 2}
    assert world.sent_types() == ["Renewed"] * 2
    assert all(world.expires_in(one) > 59 * DAY for one in ids)


def test_app_secret_that_aws_does_not_give_is_trouble_of_the_app(world: World) -> None:
    world.connect()
    forget_secret(world)
    Outage(world.clients("schedule"), "GetParameter", "X")
    run = world.after(days=1)
    assert (run.outcomes, run.metrics("AppTrouble"), run.metrics("ScheduleRun")) == ({}, [1], [1])
    assert WORDS not in str(run.printed)


@pytest.mark.parameters(Checking="paused")
def test_paused_checking_leaves_messages_where_they_are(world: World) -> None:
    world.connect()
    world.sent_events()
    world.report()
    for run in world.days(3):
        assert (run.outcomes, run.metrics("ScheduleRun")) == ({}, [1])
        assert run.metrics("OldestDueSeconds")[0] > 0 or world.record().next_check_at > world.clock.now()
    assert len(world.check_queue.receive()) == 2  # the login's and the one that was asked for
    mappings = stack.TEMPLATE["Resources"]["CheckFunction"]["Properties"]["Events"].values()
    assert [one["Properties"]["Enabled"] for one in mappings] == [{"If": ["Checks", True, False]}] * 2
