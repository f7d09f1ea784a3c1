"""`whatsapp-connect rollback`: have CloudFormation roll an update of the stack back if alarms ring after it."""

from typing import TYPE_CHECKING, NamedTuple

import click
from botocore.exceptions import ClientError

from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import CommonOptions, common_options
from whatsapp_connect_cli.output import say, show_json, show_line

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import RollbackConfigurationUnionTypeDef, StackTypeDef

ALARMS = (
    "ChecksCrashedAlarm",
    "PublishErrorsAlarm",
    "ScheduleErrorsAlarm",
    "ServerErrorsAlarm",
    "UnexpectedErrorsAlarm",
)
"""Alarms that ring soon if the code is broken. None counts refused requests, so strangers cannot stop an update.

A release that renames one must say so in CHANGELOG.md, because updates fail if a trigger is missing. CloudFormation
takes five at most:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html
"""
MAX_MINUTES = 180
DEFAULT_MINUTES = 15
"""ServerErrorsAlarm needs two periods of five minutes, and the schedule runs every five minutes."""

_NO_CHANGE = "No updates are to be performed"


class _Alarm(NamedTuple):
    name: str
    arn: str
    is_ringing: bool


@click.group()
@common_options
def rollback() -> None:
    """Have CloudFormation roll an update of the stack back if an alarm rings.

    CloudFormation remembers the alarms for every later update, whoever starts it.
    """


@rollback.command()
@common_options
@click.pass_obj
def show(options: CommonOptions) -> None:
    """Show which alarms roll an update back."""
    deployment = options.find()
    found = _stack(deployment).get("RollbackConfiguration", {})
    logical = {physical: name for name, physical in deployment.resources.items()}
    names = [one["Arn"].partition(":alarm:")[2] for one in found.get("RollbackTriggers", [])]
    alarms = sorted(logical.get(name, name) for name in names)
    minutes = found.get("MonitoringTimeInMinutes", 0)
    if options.json:
        show_json({"alarms": alarms, "minutes": minutes})
    elif not alarms:
        show_line("No alarm rolls an update back.")
    else:
        show_line(f"An update is rolled back if one of these alarms rings, up to {minutes} minutes after it:")
        show_line(", ".join(alarms) + ".")
        for name in names:
            if name not in logical:
                say(f"{name} is no alarm of this stack. If it does not exist, every update fails.")


@rollback.command()
@click.option(
    "--minutes",
    type=click.IntRange(0, MAX_MINUTES),
    default=DEFAULT_MINUTES,
    show_default=True,
    help="How long CloudFormation waits for alarms after an update.",
)
@common_options
@click.pass_obj
def enable(options: CommonOptions, *, minutes: int) -> None:
    """Roll updates back from now on if an alarm about broken code rings.

    Starts an update of the stack that changes nothing else. Every update takes longer by these minutes, also this one.
    """
    deployment = options.find()
    alarms = _alarms(deployment)
    if ringing := [alarm.name for alarm in alarms if alarm.is_ringing]:
        raise RefusedError(
            f"Alarms that ring now would roll the update back: {', '.join(ringing)}. Nothing was changed."
        )
    _update(
        deployment,
        {
            "RollbackTriggers": [{"Arn": alarm.arn, "Type": "AWS::CloudWatch::Alarm"} for alarm in alarms],
            "MonitoringTimeInMinutes": minutes,
        },
    )
    _show_started(options, [alarm.name for alarm in alarms], minutes)


@rollback.command()
@common_options
@click.pass_obj
def disable(options: CommonOptions) -> None:
    """Let alarms roll no update back, for example to deploy a fix while one rings.

    Starts an update of the stack that changes nothing else.
    """
    _update(options.find(), {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0})
    _show_started(options, [], 0)


def _show_started(options: CommonOptions, alarms: list[str], minutes: int) -> None:
    if options.json:
        show_json({"alarms": alarms, "minutes": minutes})
        return
    show_line(f"CloudFormation updates the stack. Alarms that roll an update back: {', '.join(alarms) or 'none'}.")
    say(
        f"It takes some seconds{f' and {minutes} minutes' if minutes else ''}. Then see: whatsapp-connect rollback show"
    )


def _stack(deployment: Deployment) -> "StackTypeDef":
    return deployment.cloudformation.describe_stacks(StackName=deployment.settings.stack_name)["Stacks"][0]


def _alarms(deployment: Deployment) -> list[_Alarm]:
    """Return ALARMS. Raises FailedError if one is missing, because then every update would fail."""
    names = {deployment.resources.get(name, name): name for name in ALARMS}  # a stack of another version can lack one
    found = deployment.cloudwatch.describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    if missing := sorted(set(names) - {alarm["AlarmName"] for alarm in found}):
        raise FailedError(f"Alarms that do not exist: {', '.join(names[one] for one in missing)}. Nothing was changed.")
    alarms = [_Alarm(names[one["AlarmName"]], one["AlarmArn"], one["StateValue"] == "ALARM") for one in found]
    return sorted(alarms)


def _update(deployment: Deployment, configuration: "RollbackConfigurationUnionTypeDef") -> None:
    """Start an update that keeps the template and every parameter. Raises RefusedError, FailedError."""
    if deployment.place.is_local:
        raise RefusedError("A local stack has no rollback: the emulator watches no alarms during an update.")
    stack = _stack(deployment)
    if not stack["StackStatus"].endswith("_COMPLETE"):
        raise RefusedError(f"The stack is in {stack['StackStatus']}, and cannot be updated. Nothing was changed.")
    try:
        deployment.cloudformation.update_stack(
            StackName=deployment.settings.stack_name,
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in stack.get("Parameters", [])
            ],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],  # the latter for the transform of SAM
            RollbackConfiguration=configuration,
        )
    except ClientError as error:
        if _NO_CHANGE not in error.response["Error"].get("Message", ""):
            raise
        raise FailedError("CloudFormation refuses an update that changes only this. Nothing was changed.") from None
