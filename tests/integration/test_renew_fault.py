"""Renewal while Facebook, AWS or the setup fails: nothing is lost, and what one connection suffers is its own."""

from collections import Counter
from dataclasses import replace
from time import monotonic
from types import ModuleType

import boto3
import pytest

from tests.support import stack
from tests.support.clock import DAY, HOUR
from tests.integration.life import MARIA, Life
from tests.support.outage import WORDS, Outage

OTHER_APP = "9876543210"


def test_a_check_that_fails_three_times_is_told_once_and_so_is_its_end(life: Life) -> None:
    life.connect()
    life.stream.bring()
    life.clock.pass_days(1)
    told = []
    for failures in range(1, 6):
        life.facebook.fail("debug_token", "server_error", times=3)
        assert life.run().outcomes == {"unavailable": 1}
        assert life.record()["failures"] == failures
        told.append(life.events())
        life.clock.advance(HOUR)
    assert told == [[], [], ["RenewalFailed"], [], []]
    assert life.run().outcomes == {"checked": 1}
    assert life.events() == ["Recovered"]
    life.assert_healthy()


def test_one_or_two_failures_are_nobodys_business(life: Life) -> None:
    life.connect()
    life.clock.pass_days(1)
    for _ in range(2):
        life.facebook.fail("debug_token", "throttled_app", times=3)
        assert life.run().outcomes == {"unavailable": 1}
        life.clock.advance(HOUR)
    assert life.run().outcomes == {"checked": 1}
    assert life.events() == ["Connected"]


def test_five_checks_in_a_row_that_find_facebook_down_end_the_run(life: Life) -> None:
    ids = life.populate(8)
    life.clock.pass_days(1)
    life.facebook.fail("debug_token", "server_error", times=None)
    assert life.run().outcomes == {"unavailable": 5}
    assert sorted(life.kept.record(one)["failures"] for one in ids) == [0, 0, 0, 1, 1, 1, 1, 1]  # type: ignore[index]
    life.facebook.control("faults", method="DELETE")
    assert life.next_hour().outcomes == {"checked": 8}
    life.assert_healthy()


def test_four_failures_a_success_and_four_failures_do_not_end_it(life: Life) -> None:
    life.populate(9)
    life.clock.pass_days(1)
    calls: list[None] = []

    def count() -> None:
        calls.append(None)
        if len(calls) != 5:
            life.facebook.fail("debug_token", "server_error", times=3)

    life.before_each_check(count)
    assert life.run().outcomes == {"unavailable": 8, "checked": 1}


def test_a_week_without_facebook_loses_nothing(life: Life) -> None:
    ids = life.populate(6)
    before = {one: life.token(one) for one in ids}
    life.stream.bring()
    life.facebook.fail("debug_token", "empty", times=None)
    for _ in range(14):
        life.clock.advance(12 * HOUR)
        assert not life.run().failed
    assert {one: life.token(one) for one in ids} == before
    assert life.events() == ["RenewalFailed"] * 6
    life.facebook.control("faults", method="DELETE")
    assert life.next_hour().outcomes == {"checked": 6}
    assert life.events() == ["Recovered"] * 6
    life.assert_healthy()


def test_a_token_that_dies_while_facebook_is_away_is_found_afterwards(life: Life) -> None:
    life.connect(lifetime=20 * DAY)
    life.facebook.fail("debug_token", "server_error", times=None)
    for _ in life.days(21, step=7 * DAY):
        pass
    life.facebook.control("faults", method="DELETE")
    assert life.next_hour().outcomes == {"expired": 1}
    assert life.events() == ["Connected", "RenewalFailed", "Expired"]
    assert life.kept.token(MARIA) is None


def test_a_wrong_app_secret_stops_the_run_and_removes_nothing(life: Life, deployed: boto3.Session) -> None:
    ids = life.populate(3)
    life.clock.pass_days(1)
    stack.put_app_secret(deployed, "fedcba9876543210fedcba9876543210")
    run = life.run()
    assert (run.outcomes, run.failed) == ({"misconfigured": 1}, True)
    assert run.logs("check failed")[0]["reason"] == "app-secret-wrong"
    assert all(life.token(one) for one in ids)
    stack.put_app_secret(deployed, stack.APP_SECRET)
    life.renew.vault.forget_app_secret()
    assert life.next_hour().outcomes == {"checked": 3}
    life.assert_healthy()


def test_a_missing_app_secret_stops_the_run_and_removes_nothing(life: Life, deployed: boto3.Session) -> None:
    ids = life.populate(2)
    life.clock.pass_days(1)
    deployed.client("ssm").delete_parameter(Name=f"{stack.PREFIX}/app-secret")
    run = life.run()
    assert (run.outcomes, run.failed) == ({"misconfigured": 1}, True)
    assert all(life.token(one) for one in ids)
    stack.put_app_secret(deployed, stack.APP_SECRET)
    assert life.next_hour().outcomes == {"checked": 2}


def test_a_malformed_app_secret_stops_the_run_and_removes_nothing(
    life: Life, deployed: boto3.Session
) -> None:
    ids = life.populate(2)
    life.clock.pass_days(1)
    stack.put_app_secret(deployed, "\u0661" * 32)
    run = life.run()
    assert (run.outcomes, run.failed) == ({"misconfigured": 1}, True)
    assert run.logs("check failed")[0]["reason"] == "app-secret-malformed"
    assert all(life.token(one) for one in ids)


def test_text_beside_the_app_secret_is_logged_once_and_not_used(life: Life, deployed: boto3.Session) -> None:
    life.populate(2)
    life.clock.pass_days(1)
    stack.put_app_secret(deployed, f"{stack.APP_SECRET} # from the dashboard")
    run = life.run()
    assert (run.outcomes, run.failed) == ({"checked": 2}, False)
    (line,) = run.logs("text beside the app secret is ignored")
    assert line["ignored"] == ["line 1: not 32 hexadecimal digits but a word of length 1"]
    assert not life.next_hour().failed


def test_another_app_id_stops_the_run_and_removes_nothing(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = life.populate(7)
    life.stream.bring()
    life.clock.pass_days(1)
    life.facebook.control("app", {"id": OTHER_APP, "secret": stack.APP_SECRET})
    with monkeypatch.context() as patch:
        patch.setattr(life.renew, "settings", replace(life.renew.settings, meta_app_id=OTHER_APP))
        patch.setattr(life.renew.graph, "_app_id", OTHER_APP)
        run = life.run()
    assert (run.outcomes, run.failed) == ({"foreign": 5}, True)
    assert {line["reason"] for line in run.logs("check failed")} == {"token-of-another-app"}
    assert all(life.token(one) for one in ids)
    assert life.events() == []
    assert life.next_hour().outcomes == {"checked": 7}
    life.assert_healthy()


def test_a_token_said_to_be_another_apps_is_not_removed(life: Life) -> None:
    life.connect()
    before = life.token()
    life.facebook.control("debug-token", {"set": {"app_id": OTHER_APP}})
    run = life.next_day()
    assert (run.outcomes, run.failed, life.token()) == ({"foreign": 1}, True, before)


@pytest.mark.parametrize(
    ("client", "operation", "skip"),
    [
        ("connections", "UpdateItem", 0),
        ("vault", "GetParameter", 0),  # the token
        ("vault", "GetParameter", 1),  # the app secret
        ("vault", "GetParameter", 2),  # the metadata
        ("vault", "PutParameter", 0),
        ("connections", "UpdateItem", 1),
    ],
)
def test_aws_failing_for_one_connection_never_stops_the_rest(
    life: Life, client: str, operation: str, skip: int
) -> None:
    ids = life.populate(3)
    life.stream.bring()
    for code in ("ThrottlingException", "KMSInternalException", "AccessDeniedException"):
        life.clock.pass_days(31)
        life.renew.vault.forget_app_secret()
        Outage(getattr(life.renew, client)._client, operation, code, skip=skip, times=1)
        run = life.run()
        assert (run.outcomes, run.failed) == ({"failed": 1, "renewed": 2}, True), code
        (line,) = run.logs("check failed")
        assert (line["aws_error"], line["aws_operation"]) == (code, operation)
        assert WORDS not in str(run.printed)
        life.next_hour()
        assert Counter(life.events())["Renewed"] == 3
        assert all(life.expires_in(one) > 59 * DAY for one in ids)
        life.assert_healthy()


def test_a_check_that_cannot_even_be_postponed_is_taken_up_by_the_next_run(life: Life) -> None:
    life.connect()
    life.clock.pass_days(1)
    Outage(life.renew.connections._client, "UpdateItem", "ThrottlingException", skip=1, times=2)
    run = life.run()
    assert (run.outcomes, len(run.logs("check not postponed"))) == ({"failed": 1}, 1)
    assert life.next_hour().outcomes == {"checked": 1}
    life.assert_healthy()


def test_a_run_that_cannot_ask_what_is_due_fails_and_the_next_one_goes_on(life: Life) -> None:
    life.connect()
    life.clock.pass_days(1)
    Outage(life.renew.connections._client, "Query", "ThrottlingException", times=1)
    with pytest.raises(Exception, match="ThrottlingException"):
        life.run()
    assert life.next_hour().outcomes == {"checked": 1}


def test_the_sdk_waits_out_a_little_throttling(life: Life) -> None:
    life.connect()
    life.clock.pass_days(1)
    for operation in ("Query", "UpdateItem"):
        Outage(life.renew.connections._client, operation, "ThrottlingException", times=2, on_the_wire=True)
    assert life.run().outcomes == {"checked": 1}


def test_a_run_without_time_left_leaves_everything_to_the_next(life: Life) -> None:
    life.populate(2)
    life.clock.pass_days(1)
    assert life.run(milliseconds=60_000).outcomes == {"left": 1}
    assert life.run().outcomes == {"checked": 2}


def test_a_run_stops_in_time_and_the_next_goes_on(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    life.populate(7)
    life.clock.pass_days(1)
    spent: list[float] = [0]

    def take_200_seconds() -> None:
        spent[0] += 200

    monkeypatch.setattr(life.renew, "monotonic", lambda: monotonic() + spent[0])
    life.before_each_check(take_200_seconds)
    assert life.run().outcomes == {"checked": 5, "left": 1}  # 840 seconds
    assert life.next_hour().outcomes == {"checked": 2}
    life.assert_healthy()


@pytest.mark.parametrize("operation", ["PutParameter", "PutEvents"])
@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure", "TooManyUpdates"])
def test_what_cannot_be_announced_is_announced_later_and_nothing_twice(
    life: Life, announce: ModuleType, operation: str, code: str
) -> None:
    ids = life.populate(3)
    life.clock.pass_days(31)
    life.run()
    client = announce._bus if operation == "PutEvents" else announce.vault._client
    Outage(client, operation, code, skip=2, times=3)
    left = [life.stream.bring_once() for _ in range(3)]
    assert left == sorted(left, reverse=True)
    assert left[-1] > 0
    told = life.stream.told() + life.stream.bring()
    assert Counter(one.type for one in told) == {"Connected": 3, "Renewed": 3}
    for one in ids:
        assert [event.type for event in told if event.detail["connection_id"] == one] == [
            "Connected",
            "Renewed",
        ]
    life.assert_healthy()
