"""`whatsapp-connect rollback`: alarms that have CloudFormation roll an update back.

moto has the stack and the alarms. It has no rollback triggers, so `Formation` stores and checks them as AWS does.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support import stack
from tests.support.command_line import CommandLine
from tests.support.outage import answer_with, watch
from whatsapp_connect_cli.deployment import Place
from whatsapp_connect_cli.rollback import ALARMS

TEMPLATE: dict[str, Any] = {
    "Parameters": {name: {"Type": "String", "Default": "default"} for name in ("MetaAppId", "ServiceName")},
    "Resources": {"Table": {"Type": "AWS::SNS::Topic"}},
}
OTHER = "ThrottlesAlarm"


class Formation:
    """CloudFormation's memory for rollback triggers, and its limits.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackConfiguration.html
    """

    def __init__(self, cli: CommandLine) -> None:
        self.client = cli.deployment.cloudformation
        self._cloudwatch = cli.deployment.cloudwatch
        self.configuration: dict[str, Any] = {}
        self.updates = 0
        self.status = "UPDATE_COMPLETE"
        self.client.create_stack(
            StackName=stack.STACK_NAME,
            TemplateBody=json.dumps(TEMPLATE),
            Parameters=[{"ParameterKey": "MetaAppId", "ParameterValue": stack.APP_ID}],
        )
        self.client.meta.events.register("provide-client-params.cloudformation.UpdateStack", self._update)
        # moto does not know that triggers are a change, and refuses.
        watch(self.client, "UpdateStack", lambda **_: answer_with({"StackId": "id"}))
        self.client.meta.events.register("after-call.cloudformation.DescribeStacks", self._describe)

    def _update(self, params: dict[str, Any], **_: object) -> None:
        wanted = params["RollbackConfiguration"]
        assert len(wanted["RollbackTriggers"]) <= 5
        assert 0 <= wanted["MonitoringTimeInMinutes"] <= 180
        existing = {alarm["AlarmArn"] for alarm in self._cloudwatch.describe_alarms()["MetricAlarms"]}
        for trigger in wanted["RollbackTriggers"]:
            assert trigger["Type"] == "AWS::CloudWatch::Alarm"
            assert trigger["Arn"] in existing  # AWS rolls the update back
        assert params["UsePreviousTemplate"]
        assert params["Parameters"] == [
            {"ParameterKey": name, "UsePreviousValue": True} for name in TEMPLATE["Parameters"]
        ]
        # The template has a transform and makes roles.
        assert set(params["Capabilities"]) == {"CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"}
        self.configuration = wanted
        self.updates += 1

    def _describe(self, parsed: dict[str, Any], **_: object) -> None:
        for one in parsed["Stacks"]:
            one["StackStatus"] = self.status
            one["RollbackConfiguration"] = self.configuration


def physical(name: str) -> str:
    return f"{stack.STACK_NAME}-{name}-1A2B3C"


@pytest.fixture
def formation(cli: CommandLine) -> Formation:
    for name in (*ALARMS, OTHER):
        cli.deployment.cloudwatch.put_metric_alarm(
            AlarmName=physical(name),
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    vars(cli.deployment)["resources"] = {
        **cli.deployment.resources,
        **{name: physical(name) for name in (*ALARMS, OTHER)},
    }
    return Formation(cli)


def ring(cli: CommandLine, name: str) -> None:
    cli.deployment.cloudwatch.set_alarm_state(AlarmName=physical(name), StateValue="ALARM", StateReason="test")


def test_enabled_alarms_are_saved_and_nothing_else_changes(cli: CommandLine, formation: Formation) -> None:
    ended = cli("rollback", "enable", "--minutes", "30", "--json")
    assert ended.json == {"alarms": sorted(ALARMS), "minutes": 30}
    arns = [one["Arn"] for one in formation.configuration["RollbackTriggers"]]
    assert sorted(arn.partition(":alarm:")[2] for arn in arns) == sorted(map(physical, ALARMS))
    assert formation.configuration["MonitoringTimeInMinutes"] == 30
    assert cli("rollback", "show", "--json").json == {"alarms": sorted(ALARMS), "minutes": 30}


def test_disabled_rollback_replaces_the_alarms_with_none_while_one_rings(
    cli: CommandLine, formation: Formation
) -> None:
    cli("rollback", "enable")
    ring(cli, ALARMS[0])
    assert cli("rollback", "disable").code == 0
    assert formation.configuration == {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}
    assert cli("rollback", "show", "--json").json == {"alarms": [], "minutes": 0}


def test_stack_that_never_had_triggers_has_none(cli: CommandLine, formation: Formation) -> None:
    assert cli("rollback", "show").out == "No alarm rolls an update back.\n"
    assert not formation.updates


def test_trigger_that_is_no_alarm_of_the_stack_is_named(cli: CommandLine, formation: Formation) -> None:
    cli("rollback", "enable")
    formation.configuration["RollbackTriggers"][0]["Arn"] += "-of-an-earlier-version"
    ended = cli("rollback", "show")
    assert f"{physical(ALARMS[0])}-of-an-earlier-version is no alarm of this stack" in ended.err


def _ringing(cli: CommandLine, _: Formation) -> None:
    ring(cli, ALARMS[1])


def _missing(cli: CommandLine, _: Formation) -> None:
    cli.deployment.cloudwatch.delete_alarms(AlarmNames=[physical(ALARMS[1])])


def _of_another_version(cli: CommandLine, _: Formation) -> None:
    del vars(cli.deployment)["resources"][ALARMS[1]]


def _busy(_: CommandLine, formation: Formation) -> None:
    formation.status = "UPDATE_IN_PROGRESS"


def _stuck(_: CommandLine, formation: Formation) -> None:
    formation.status = "UPDATE_ROLLBACK_FAILED"


def _local(cli: CommandLine, _: Formation) -> None:
    vars(cli.deployment)["place"] = Place(cli.deployment.place.session, is_local=True)


@pytest.mark.parametrize(
    ("break_it", "code", "says"),
    [
        (_ringing, 4, ALARMS[1]),
        (_missing, 1, ALARMS[1]),
        (_of_another_version, 1, ALARMS[1]),
        (_busy, 4, "UPDATE_IN_PROGRESS"),
        (_stuck, 4, "UPDATE_ROLLBACK_FAILED"),
        (_local, 4, "local stack"),
    ],
)
def test_update_that_would_fail_is_not_started(
    cli: CommandLine, formation: Formation, break_it: Callable[[CommandLine, Formation], None], code: int, says: str
) -> None:
    break_it(cli, formation)
    ended = cli("rollback", "enable")
    assert ended.code == code
    assert says in ended.err
    assert not formation.updates


def test_alarm_that_is_no_trigger_may_ring(cli: CommandLine, formation: Formation) -> None:
    ring(cli, OTHER)
    assert cli("rollback", "enable").code == 0
    assert formation.updates == 1


def test_refusal_of_an_update_with_no_other_change_is_explained(cli: CommandLine, formation: Formation) -> None:
    def refuse(**_: object) -> None:
        raise ClientError(
            {"Error": {"Code": "ValidationError", "Message": "No updates are to be performed."}}, "UpdateStack"
        )

    formation.client.meta.events.register("provide-client-params.cloudformation.UpdateStack", refuse)
    ended = cli("rollback", "enable")
    assert ended.code == 1
    assert "only this" in ended.err


@pytest.mark.parametrize("minutes", ["-1", "181", "soon"])
def test_minutes_that_cloudformation_refuses_are_refused(cli: CommandLine, formation: Formation, minutes: str) -> None:
    assert cli("rollback", "enable", "--minutes", minutes).code == 2
    assert not formation.updates
