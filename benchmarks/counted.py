"""Read the counts that the cost depends on from the template and the functions' code, so that they stay current."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[1]
FUNCTIONS = ROOT / "functions"

DAYS = 30
HOURS = DAYS * 24
"""Days and hours of the month that costs are calculated for."""

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_A_DAY = {"minute": 24 * 60, "hour": 24, "day": 1}


@dataclass(frozen=True, slots=True)
class Template:
    """The counts of one deployed stack with default parameters."""

    alarm_metrics: int
    """Metrics that alarms watch. An alarm on metric math is charged for each metric in it."""
    dashboards: int
    keys: int
    own_parameters: int
    """Parameters that belong to no connection: those of the template, and the app secret."""
    scheduled_runs: int
    """Invocations by schedules in a month."""
    log_retention_days: int


def parse() -> dict[str, Any]:
    """Return template.yaml as written."""
    parsed: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return parsed


def template(parsed: Mapping[str, Any]) -> Template:
    """Return the counts of a template."""
    alarms = list(_properties(parsed, "AWS::CloudWatch::Alarm"))
    return Template(
        alarm_metrics=sum(_metrics_of(alarm) for alarm in alarms),
        dashboards=len(list(_properties(parsed, "AWS::CloudWatch::Dashboard"))),
        keys=len(list(_properties(parsed, "AWS::KMS::Key"))),
        own_parameters=len(list(_properties(parsed, "AWS::SSM::Parameter"))) + 1,
        scheduled_runs=sum(
            _runs_a_month(event["Properties"]["ScheduleExpression"])
            for function in _properties(parsed, "AWS::Serverless::Function")
            for event in function.get("Events", {}).values()
            if event["Type"] == "ScheduleV2"
        ),
        log_retention_days=parsed["Parameters"]["LogRetentionDays"]["Default"],
    )


def metric_names() -> frozenset[str]:
    """Return the name of every custom metric that the functions emit."""
    return _found(r'count\("([A-Z]\w+)"', FUNCTIONS.rglob("*.py"))


def webhook_ends() -> frozenset[str]:
    """Return every outcome of a webhook that Meta calls."""
    refusals = _found(r'SignedRequestError\("([a-z-]+)"', FUNCTIONS.rglob("*.py"))
    return refusals | {"failed", "forgotten"}


def account_webhook_ends() -> frozenset[str]:
    """Return every outcome of a webhook about WhatsApp accounts, or of a change in one."""
    refusals = _found(r'WebhookRefusedError\("([a-z-]+)"', FUNCTIONS.rglob("*.py"))
    function = (FUNCTIONS / "whatsapp_webhook.py").read_text()
    return (
        refusals
        | frozenset(re.findall(r'outcome="([a-z-]+)"', function))
        | {"queued", "unknown-account", "forwarded", "too-large", "malformed"}
    )


def _properties(parsed: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    return (about["Properties"] for about in parsed["Resources"].values() if about["Type"] == kind)


def _metrics_of(alarm: Mapping[str, Any]) -> int:
    return sum("MetricStat" in query for query in alarm["Metrics"]) if "Metrics" in alarm else 1


def _runs_a_month(expression: str) -> int:
    rate = _RATE.fullmatch(expression)
    if rate is None:
        raise ValueError(f"{expression} is not a rate")
    return DAYS * _A_DAY[rate[2]] // int(rate[1])


def _found(pattern: str, paths: Iterator[Path]) -> frozenset[str]:
    return frozenset(name for path in paths for name in re.findall(pattern, path.read_text()))
