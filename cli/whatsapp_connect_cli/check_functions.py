"""Check for the doctor what runs the stack: functions, schedule, event sources and queues."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from whatsapp_connect.settings import Settings
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, not_checked, ok, warning
from whatsapp_connect_cli.output import ago

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef

RUNTIME = "python3.13"
"""The Runtime in template.yaml."""
MIN_UNRESERVED = 50
"""A smaller concurrency is a warning: checks use up to seven executions at once, and visitors need the rest."""
HEARTBEAT_S = 1_800
"""The schedule runs every five minutes. A run must have ended within this time."""
WAITING_S = 3_600
"""A message that waits longer is not processed: three attempts of a check that crashes take less."""
METRIC_S = 900
"""How far back the age of the oldest message is looked up. SQS reports it every minute while the queue is in use."""

_CALLS_AT_ONCE = 5
_SET_AGAIN = "Deploy with another LoginMinutes, then with the right one: this sets every function again."
_OWN_VARIABLES = frozenset(field.name.upper() for field in fields(Settings) if field.default is not MISSING)
"""Variables that only some functions have."""
_SOURCES = {
    "PublishFunctionConnectionChanged": "ConnectionTable's stream",
    "CheckFunctionDue": "DueQueue",
    "CheckFunctionAsked": "CheckQueue",
}
"""What SAM calls the event source mappings, and what they read."""
_MISSING = "missing"
_PROBLEM = "PROBLEM"
"""How Lambda begins the result of messages that it could not process."""
_OFF = frozenset({"Disabled", "Disabling", "Deleting", _MISSING})


def functions(deployment: Deployment) -> Finding:
    """Check that every function can run, and that all have the same settings."""
    names = _functions(deployment)
    with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
        found = dict(zip(names, pool.map(lambda name: _configuration(deployment, name), names), strict=True))
    wrong: list[str] = []
    updating: list[str] = []
    for name, about in found.items():
        if about is None:
            wrong.append(f"{name} does not exist")
        elif about["Runtime"] != RUNTIME:
            wrong.append(f"{name} has another runtime than {RUNTIME}")
        elif about["State"] == "Failed" or about["LastUpdateStatus"] == "Failed":
            wrong.append(f"{name} failed to update")
        elif about["State"] == "Pending" or about["LastUpdateStatus"] == "InProgress":
            updating.append(name)
    if wrong:
        return broken(
            f"{'; '.join(wrong)}.",
            f"{_SET_AGAIN} Create a function that does not exist by deploying the template without it first.",
        )
    if updating:
        return warning(f"Being updated: {', '.join(updating)}.", "Run doctor again in a minute.")
    if unequal := _unequal_variables(about for about in found.values() if about):
        return broken(
            f"The functions have different settings: {', '.join(unequal)}. An update is half done, or somebody changed"
            " a function by hand.",
            _SET_AGAIN,
        )
    return ok(f"All {len(found)} functions can run, with the same settings.")


def concurrency(deployment: Deployment) -> Finding:
    """Check that no function is switched off, and that the account has concurrency left for them."""
    names = _functions(deployment)
    with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
        reserved = pool.map(
            lambda name: deployment.functions.get_function_concurrency(FunctionName=deployment.resources[name]), names
        )
    off = [
        name for name, answer in zip(names, reserved, strict=True) if answer.get("ReservedConcurrentExecutions") == 0
    ]
    if off:
        return broken(
            f"Switched off by a reserved concurrency of 0: {', '.join(off)}.",
            "; ".join(
                f"aws lambda delete-function-concurrency --function-name {deployment.resources[name]}" for name in off
            ),
        )
    limit = deployment.functions.get_account_settings()["AccountLimit"]
    total, free = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    if free < MIN_UNRESERVED:
        return warning(
            f"All functions of this account and Region without a reserved concurrency share {free} executions at once, of"
            f" {total}. Logins and checks may be throttled.",
            "Ask AWS for more in Service Quotas, AWS Lambda, Concurrent executions.",
        )
    return ok(f"No function is switched off. The functions of this account and Region share {free} executions at once.")


def schedule(deployment: Deployment) -> Finding:
    """Check that the schedule of ScheduleFunction exists and is enabled."""
    name = deployment.resources["ScheduleFunctionEveryFiveMinutes"]
    try:
        state = deployment.scheduler.get_schedule(Name=name)["State"]
    except deployment.scheduler.exceptions.ResourceNotFoundException:
        return broken(
            f"The schedule {name} does not exist: tokens are not checked.",
            "Remove ScheduleFunction's event from the template and deploy, then deploy the whole template.",
        )
    if state != "ENABLED":
        return broken(
            f"The schedule {name} is disabled: tokens are not checked.",
            "Enable it in the console, Amazon EventBridge, Schedules.",
        )
    return ok("The schedule of ScheduleFunction is enabled.")


def heartbeat(deployment: Deployment) -> Finding:
    """Check in ScheduleFunction's log that a run ended within HEARTBEAT_S."""
    now = deployment.clock()
    group = deployment.resources["ScheduleLogGroup"]
    pages = deployment.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        startTime=int((now - HEARTBEAT_S) * 1000),
        filterPattern='"run ended"',
    )
    ended = [event["timestamp"] / 1000 for page in pages for event in page["events"] if "run ended" in event["message"]]
    if ended:
        return ok(f"The schedule last ran {ago(max(0.0, now - max(ended)))}.")
    if now - deployment.created_at < HEARTBEAT_S:
        return not_checked("The stack is new, and the schedule has not run yet.")
    since = datetime.fromtimestamp(now - HEARTBEAT_S, UTC)
    return broken(
        f"ScheduleFunction has not completed a run since {since:%H:%M} UTC: tokens are not checked.",
        f"See the checks `schedule` and `functions`, and read the log group {group}.",
    )


def sources(deployment: Deployment) -> Finding:
    """Check that Lambda reads the stream and the queues."""
    is_checking = deployment.settings.checking  # if not, the template disables those of CheckFunction
    states = {
        source: _source_state(deployment, mapping)
        for mapping, source in _SOURCES.items()
        if is_checking or not mapping.startswith("CheckFunction")
    }
    if off := [source for source, state in states.items() if state in _OFF]:
        return broken(
            f"Lambda does not read {', '.join(off)}: tokens are not published or not checked.",
            "Enable the trigger of PublishFunction or CheckFunction in the Lambda console. If it is missing, deploy the"
            " template without this event, then the whole template.",
        )
    if troubled := [source for source, state in states.items() if state == _PROBLEM]:
        return warning(
            f"Lambda could not process the last messages of {', '.join(troubled)}.",
            f"Read the log groups {deployment.resources['PublishLogGroup']} and {deployment.resources['CheckLogGroup']}.",
        )
    if changing := [source for source, state in states.items() if state != "Enabled"]:
        return warning(f"Lambda is about to read {', '.join(changing)}.", "Run doctor again in a minute.")
    return ok(f"Lambda reads {', '.join(states)}." + ("" if is_checking else " Checking is paused."))


def queues(deployment: Deployment) -> Finding:
    """Check that no message in DueQueue or CheckQueue has waited longer than WAITING_S."""
    waiting = {name: _messages(deployment, name) for name in ("DueQueue", "CheckQueue")}
    ages = _oldest_messages(deployment)
    counted = ", ".join(f"about {number} in {name}" for name, number in waiting.items())
    late = [f"{name} ({ago(age)})" for name, age in ages.items() if age > WAITING_S and waiting[name]]
    if late and deployment.settings.checking:
        return broken(
            f"Messages wait too long, the oldest since: {', '.join(late)}. Checks are not made.",
            "See the checks `sources` and `concurrency`, and read the log group"
            f" {deployment.resources['CheckLogGroup']}.",
        )
    return ok(f"Waiting messages: {counted}.")


def dead_letters(deployment: Deployment) -> Finding:
    """Find messages whose check crashed the function three times."""
    if number := _messages(deployment, "CheckFailures"):
        return warning(
            f"Messages that could not be processed: {number} in CheckFailures.",
            "Find out why CheckFunction crashed, then purge the queue; the records stay due.",
        )
    return ok("CheckFailures is empty.")


def _functions(deployment: Deployment) -> list[str]:
    """Return the logical ids of the stack's functions."""
    return sorted(name for name in deployment.resources if name.endswith("Function"))


def _configuration(deployment: Deployment, name: str) -> "FunctionConfigurationResponseTypeDef | None":
    try:
        return deployment.functions.get_function_configuration(FunctionName=deployment.resources[name])
    except deployment.functions.exceptions.ResourceNotFoundException:
        return None


def _source_state(deployment: Deployment, mapping: str) -> str:
    """Return Lambda's word for the state of an event source mapping, or _MISSING, or _PROBLEM."""
    try:
        about = deployment.functions.get_event_source_mapping(UUID=deployment.resources[mapping])
    except deployment.functions.exceptions.ResourceNotFoundException:
        return _MISSING
    if about["State"] == "Enabled" and about.get("LastProcessingResult", "").startswith(_PROBLEM):
        return _PROBLEM
    return about["State"]


def _unequal_variables(found: Iterable["FunctionConfigurationResponseTypeDef"]) -> list[str]:
    """Return the names of variables that do not have one value in all functions. The values are not shown."""
    environments = [about["Environment"]["Variables"] for about in found]
    names = {name for variables in environments for name in variables} - _OWN_VARIABLES
    return sorted(name for name in names if len({variables.get(name) for variables in environments}) > 1)


def _messages(deployment: Deployment, queue: str) -> int:
    attributes = deployment.sqs.get_queue_attributes(
        QueueUrl=deployment.resources[queue], AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])


def _oldest_messages(deployment: Deployment) -> dict[str, float]:
    """Return the age in seconds of the oldest message by queue. SQS tells it to CloudWatch only."""
    now = datetime.fromtimestamp(deployment.clock(), UTC)
    names = ("DueQueue", "CheckQueue")
    answer = deployment.cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": name.lower(),
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SQS",
                        "MetricName": "ApproximateAgeOfOldestMessage",
                        "Dimensions": [
                            {"Name": "QueueName", "Value": deployment.resources[name].rpartition("/")[2]},
                        ],
                    },
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
            for name in names
        ],
        StartTime=now - timedelta(seconds=METRIC_S),
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    newest = {one["Id"]: one["Values"][0] for one in answer["MetricDataResults"] if one["Values"]}
    return {name: newest.get(name.lower(), 0.0) for name in names}
