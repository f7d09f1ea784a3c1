"""Every alarm has a story: it rings in the trouble it is for, in time, not before, and not for ever."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.template.cloudwatch import Alarm, Data, Datum
from tests.template.emitted import emitted
from tests.template.resolve import Deployment, deploy
from tests.template.stories import DAY, HOUR, RATE, STORIES, WEEK, Metrics, normal
from whatsapp_connect_cli import rollback

OPERATIONS = (Path(__file__).parents[2] / "docs/operations.md").read_text()
UNITS = {"minute": 1, "hour": HOUR, "day": DAY}
ARRIVING = 2
"""Minutes beyond what docs/operations.md says: it counts no minute that is not over."""


def metrics_of(deployment: Deployment) -> Metrics:
    """Run the code with the settings of a deployment that name its metrics."""
    variables = deployment.properties("ScheduleFunction")["Environment"]["Variables"]
    names = variables["POWERTOOLS_SERVICE_NAME"], variables["POWERTOOLS_METRICS_NAMESPACE"]
    return Metrics(deployment, emitted(*names))


@pytest.fixture(scope="session")
def metrics(deployment: Deployment) -> Metrics:
    return metrics_of(deployment)


@cache
def promises() -> dict[str, int]:
    """Return the minutes within which each alarm rings, as docs/operations.md says."""
    rows = re.findall(r"^\| `(\w+Alarm)` \| (\d+) (minute|hour|day)s? \|", OPERATIONS, re.MULTILINE)
    return {name: int(number) * UNITS[unit] for name, number, unit in rows}


def rings(alarm: Alarm, data: Iterable[Datum], begin: int, end: int) -> list[tuple[int, int]]:
    """Return from when to when an alarm rings."""
    watched = Data(datum for datum in data if datum.metric in alarm.metrics)
    changes = list(alarm.states(watched, begin, end))
    until = [*(minute for minute, _ in changes[1:]), end]
    return [(minute, last) for (minute, state), last in zip(changes, until, strict=True) if state == "ALARM"]


def alarm(deployment: Deployment, name: str) -> Alarm:
    return Alarm(deployment.properties(name))


def test_every_alarm_has_a_story_and_a_line_for_operators(deployment: Deployment) -> None:
    alarms = deployment.of_type("AWS::CloudWatch::Alarm").keys()
    assert STORIES.keys() == alarms
    assert promises().keys() == alarms


@pytest.mark.parametrize("name", STORIES)
def test_the_alarm_rings_in_time_and_stops_when_the_trouble_is_over(
    deployment: Deployment, metrics: Metrics, name: str
) -> None:
    story = STORIES[name](metrics)
    usual = list(normal(metrics, -DAY, DAY, without_runs=story.without_runs))
    for trouble in (story.trouble, *story.as_bad):
        rung = rings(alarm(deployment, name), [*usual, *trouble], -4 * HOUR, DAY)
        assert rung
        assert 0 <= rung[0][0] <= promises()[name] + ARRIVING
        assert rung[-1][1] <= story.over + story.quiet_within


@pytest.mark.parametrize("name", STORIES)
def test_the_alarm_does_not_ring_for_less(deployment: Deployment, metrics: Metrics, name: str) -> None:
    story = STORIES[name](metrics)
    usual = list(normal(metrics, -DAY, DAY, without_runs=story.without_runs))
    for trouble in story.too_little:
        assert rings(alarm(deployment, name), [*usual, *trouble], -4 * HOUR, DAY) == []


@pytest.mark.parametrize("name", STORIES)
def test_normal_week_raises_no_alarm(deployment: Deployment, metrics: Metrics, name: str) -> None:
    week = list(normal(metrics, -DAY, WEEK))
    assert rings(alarm(deployment, name), week, 0, WEEK) == []


def test_the_heartbeat_rings_until_the_first_run_has_ended(deployment: Deployment, metrics: Metrics) -> None:
    """Missing data breach. EventBridge Scheduler starts the first run at once where a rate has no start date.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    """
    data = metrics.events("run", range(2, 100, RATE))
    assert rings(alarm(deployment, "ScheduleHeartbeatAlarm"), data, 0, 100) == [(0, 3)]
    (schedule,) = deployment.of_type("AWS::Scheduler::Schedule").values()
    assert schedule["ScheduleExpression"].startswith("rate(")
    assert "StartDate" not in schedule


def test_a_new_stack_has_a_quarter_of_an_hour_to_be_given_the_app_secret(
    deployment: Deployment, metrics: Metrics
) -> None:
    data = [*metrics.events("run_without_facebook", [0, 5]), *metrics.events("run", range(10, 100, RATE))]
    assert rings(alarm(deployment, "AppTroubleAlarm"), data, 0, 100) == []


def test_every_log_group_that_strangers_can_fill_counts_once(deployment: Deployment) -> None:
    """An alarm has at most ten metrics, and only principals of the account invoke create_link."""
    counted = [value for metric in alarm(deployment, "LogVolumeAlarm").metrics for _, value in metric.dimensions]
    groups = {group["LogGroupName"] for group in deployment.of_type("AWS::Logs::LogGroup").values()}
    assert sorted(counted) == sorted(groups - {"/aws/lambda/shop-create-link"})
    assert len(counted) <= 10


def test_alarms_that_roll_an_update_back_ring_while_cloudformation_waits(deployment: Deployment) -> None:
    assert set(rollback.ALARMS) <= deployment.of_type("AWS::CloudWatch::Alarm").keys()
    assert len(rollback.ALARMS) <= 5
    for name in rollback.ALARMS:
        assert promises()[name] < rollback.DEFAULT_MINUTES


def test_no_alarm_rings_for_another_stack(translated: dict[str, Any]) -> None:
    ours, theirs = deploy(translated, "shop"), metrics_of(deploy(translated, "shop-2"))
    usual = list(normal(metrics_of(ours), -DAY, DAY))
    for name, make in STORIES.items():
        story = make(theirs)
        for trouble in (story.trouble, *story.as_bad):
            assert rings(alarm(ours, name), [*usual, *trouble], 0, DAY) == [], name


def test_every_alarm_tells_the_topic_when_it_rings_and_when_it_stops(deployment: Deployment) -> None:
    topic = [deployment.arn("AlertTopic")]
    for name, properties in deployment.of_type("AWS::CloudWatch::Alarm").items():
        assert properties["AlarmActions"] == properties["OKActions"] == topic, name
        assert properties.keys() & {"ActionsEnabled", "InsufficientDataActions", "AlarmName"} == set(), name
        # An alarm that lacks data instead of being over tells nobody.
        assert properties["TreatMissingData"] in {"breaching", "notBreaching"}, name
        assert properties["AlarmDescription"].endswith("See docs/operations.md."), name


def test_alert_address_is_subscribed(translated: dict[str, Any]) -> None:
    told = deploy(translated, AlertEmail="ops@shop.example")
    (subscription,) = told.of_type("AWS::SNS::Subscription").values()
    assert subscription == {
        "TopicArn": told.arn("AlertTopic"),
        "Protocol": "email",
        "Endpoint": "ops@shop.example",
    }
    assert not deploy(translated).of_type("AWS::SNS::Subscription")
