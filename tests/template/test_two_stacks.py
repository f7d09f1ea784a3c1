"""Two stacks in one account: what they name does not collide, and neither's alarms read the other's metrics."""

from typing import Any

import pytest

from tests.template.resolve import Deployment
from tests.template.translate import PARAMETERS

# One name each for the whole account. Buckets and hosted zones would be too; the template has none.
GLOBAL = ("AWS::IAM::", "AWS::CloudWatch::Dashboard")


def named(deployment: Deployment) -> set[tuple[str, str]]:
    """Return the type and name of every resource that the template gives a name. All others get one of CloudFormation's."""
    found = set()
    for resource in deployment.resources.values():
        kind = resource["Type"]
        keys = {"Name", f"{kind.rpartition('::')[2]}Name"}
        for key, value in resource.get("Properties", {}).items():
            if key in keys and not kind.startswith("AWS::ApiGatewayV2::"):  # an API has an ID, a stage an API
                found.add((kind, str(value)))
    return found


def metrics(alarm: dict[str, Any]) -> set[tuple[Any, ...]]:
    """Return the identity of each metric that an alarm reads: namespace, name, dimensions."""
    about = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one] or [alarm]
    return {
        (one["Namespace"], one["MetricName"], *sorted((d["Name"], d["Value"]) for d in one["Dimensions"]))
        for one in about
    }


def stack(translated: dict[str, Any], name: str, region: str = "eu-west-1") -> Deployment:
    return Deployment(translated, PARAMETERS, name, region)


def test_names_of_two_stacks_differ(translated: dict[str, Any]) -> None:
    one, other = named(stack(translated, "connect")), named(stack(translated, "connect-dev"))
    assert ("AWS::CloudWatch::Dashboard", "connect-eu-west-1") in one
    assert ("AWS::SSM::Parameter", "/connect/prefix") in one
    assert one.isdisjoint(other)


def test_global_names_of_one_stack_in_two_regions_differ(translated: dict[str, Any]) -> None:
    here, there = (named(stack(translated, "connect", region)) for region in ("eu-west-1", "us-east-1"))
    assert not {name for name in here & there if name[0].startswith(GLOBAL)}
    assert {name for name in here if name[0].startswith(GLOBAL)}


@pytest.mark.parametrize("name", ["connect-dev", "connec", "other"])
def test_no_alarm_reads_a_metric_of_another_stack(translated: dict[str, Any], name: str) -> None:
    one, other = (
        {
            metric
            for alarm in stack(translated, each).of_type("AWS::CloudWatch::Alarm").values()
            for metric in metrics(alarm)
        }
        for each in ("connect", name)
    )
    assert one
    assert one.isdisjoint(other)
