"""What the bill is made of: prices, and counts that the template and the functions decide."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from benchmarks import cost, counted, result
from whatsapp_connect.outcomes import OUTCOMES

PARSED = counted.parse()
TEMPLATE = counted.template(PARSED)
LOGIN_GB_SECONDS = 2.5
OUR_NAMESPACE = "WhatsAppConnect"


def whole_bill(connections: int) -> dict[str, Any]:
    return cost.whole_bill(connections, TEMPLATE, LOGIN_GB_SECONDS)


def alarms() -> list[Mapping[str, Any]]:
    return [about["Properties"] for about in PARSED["Resources"].values() if about["Type"] == "AWS::CloudWatch::Alarm"]


def metrics_in(alarm: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the metrics that an alarm watches, one by one or in a formula, each with its dimensions."""
    queries = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
    return queries or [alarm]


def test_kept_results_and_pages_are_those_of_the_template_and_code() -> None:
    """If this fails after a change of the template or of a metric, run `python -m benchmarks cost`."""
    kept = result.load("cost")
    assert kept is not None
    assert cost.run() == kept["figures"]


def test_standard_parameters_are_enough_for_4_999_connections() -> None:
    assert cost.advanced(4_999, TEMPLATE) == 0
    assert cost.bill(4_999, TEMPLATE, 0)["Parameter Store, advanced parameters"] == 0
    assert cost.bill(4_999, TEMPLATE, 0)["Parameter Store, calls about these"] == 0


def test_each_parameter_above_10_000_costs_five_cents() -> None:
    beyond = TEMPLATE.own_parameters + 2 * 5_000 - 10_000
    assert beyond > 0
    assert cost.advanced(5_000, TEMPLATE) == beyond
    bill = cost.bill(5_000, TEMPLATE, 0)
    assert bill["Parameter Store, advanced parameters"] == pytest.approx(0.05 * beyond)
    assert bill["Parameter Store, calls about these"] > 0
    assert whole_bill(20_000)["lines"]["Parameter Store, advanced parameters"] == pytest.approx(
        0.05 * (2 * 20_000 + TEMPLATE.own_parameters - 10_000)
    )


@pytest.mark.parametrize("connections", cost.CONNECTIONS)
def test_total_is_the_sum_of_the_lines(connections: int) -> None:
    bill = whole_bill(connections)
    assert bill["total"] == pytest.approx(sum(bill["lines"].values()))
    assert len(bill["lines"]) == len(whole_bill(100)["lines"])


@pytest.mark.parametrize("connections", cost.CONNECTIONS)
def test_each_stack_fits_an_account_and_a_day(connections: int) -> None:
    bill = whole_bill(connections)
    each = -(-connections // bill["stacks"])
    assert cost.parameters(each, TEMPLATE) <= 110_000
    assert each * cost.CHECK_SECONDS <= cost.CHECKING_SECONDS_A_DAY
    assert bill["parameters"] == 2 * connections + bill["stacks"] * TEMPLATE.own_parameters


def test_100_000_connections_do_not_fit_one_stack() -> None:
    bill = whole_bill(100_000)
    assert bill["stacks"] > 1
    assert bill["lines"]["KMS, key"] == bill["stacks"] * whole_bill(100)["lines"]["KMS, key"]


def test_quick_checks_leave_the_parameters_as_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "CHECK_SECONDS", 0.01)
    most = cost.max_connections(TEMPLATE)
    assert cost.parameters(most, TEMPLATE) <= 110_000 < cost.parameters(most + 1, TEMPLATE)


def test_every_metric_of_every_alarm_is_paid_for() -> None:
    assert TEMPLATE.alarm_metrics == sum(len(metrics_in(alarm)) for alarm in alarms())
    assert TEMPLATE.alarm_metrics >= len(alarms())
    one_more = deepcopy(PARSED)
    one_more["Resources"]["One"] = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Metrics": [
                {"Id": "rate", "Expression": "errors / requests"},
                {"Id": "errors", "MetricStat": {}},
                {"Id": "requests", "MetricStat": {}},
            ]
        },
    }
    grown = counted.template(one_more)
    assert grown.alarm_metrics == TEMPLATE.alarm_metrics + 2
    assert cost.bill(100, grown, 0)["CloudWatch, alarms"] == pytest.approx(0.1 * grown.alarm_metrics)


def test_the_bill_knows_every_metric_that_the_functions_emit() -> None:
    assert {metric.name for metric in cost.METRICS} == counted.metric_names()


def test_no_custom_metric_is_paid_for_twice() -> None:
    combinations = [(metric.name, value) for metric in cost.METRICS for value in metric.values]
    assert len(combinations) == len(set(combinations))


def test_the_bill_knows_every_reason_for_which_a_login_ends() -> None:
    reasons = {value for metric in cost.METRICS if metric.name == "LoginEnded" for value in metric.values}
    assert reasons == {"connected", *OUTCOMES}


def test_the_bill_knows_the_metrics_that_alarms_watch() -> None:
    known = {(metric.name, metric.dimension, value) for metric in cost.METRICS for value in metric.values}
    watched = {
        (about["MetricName"], dimension["Name"], dimension["Value"])
        for alarm in alarms()
        for about in metrics_in(alarm)
        if about["Namespace"] == OUR_NAMESPACE
        for dimension in about["Dimensions"]
        if dimension["Name"] != "service"
    }
    assert watched
    assert watched <= known


def test_a_metric_costs_the_hours_in_which_it_is_emitted() -> None:
    (always,) = (metric for metric in cost.METRICS if metric.name == "ScheduleRun")
    rare = cost.Metric("Rare", per_connection=0.001)
    assert always.hours(1) == 720
    assert rare.hours(1_000) == pytest.approx(1, abs=0.01)
    assert 719 < rare.hours(100_000_000) <= 720


def test_no_bill_of_custom_metrics_exceeds_all_of_them_in_every_hour() -> None:
    highest = 0.30 * sum(len(metric.values) for metric in cost.METRICS)
    assert 0 < whole_bill(100)["lines"]["CloudWatch, custom metrics"] < highest
    assert cost.bill(30_000, TEMPLATE, 0)["CloudWatch, custom metrics"] < highest


def test_a_login_and_a_check_write_as_much_as_was_measured() -> None:
    kept = result.load("growth")
    assert kept is not None
    among = kept["figures"][max(kept["figures"], key=int)]
    login = among["login"]["write_units"] + among["publish"]["write_units"]
    assert login == cost.LOGIN.write_units
    assert among["set_up"]["write_units"] + among["set_up_publish"]["write_units"] == cost.SET_UP.write_units
    run, idle = among["schedule"], among["idle"]
    marked = run["operations"]["dynamodb.UpdateItem"] - idle["operations"]["dynamodb.UpdateItem"]
    mark = (run["write_units"] - idle["write_units"]) / marked
    assert among["check"]["write_units"] + mark == cost.CHECK.write_units
    assert among["idle"]["read_units"] == cost.RUN_READ_UNITS


@pytest.mark.parametrize(("expression", "runs"), [("rate(1 hour)", 720), ("rate(5 minutes)", 8_640)])
def test_scheduled_runs_follow_the_rate(expression: str, runs: int) -> None:
    event = {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": expression}}
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Events": {"Schedule": event}}}
    parsed = PARSED | {"Resources": {"One": function}}
    assert counted.template(parsed).scheduled_runs == runs


def test_cost_of_logs_is_ingestion_and_storage() -> None:
    longer = deepcopy(PARSED)
    longer["Parameters"]["LogRetentionDays"]["Default"] = 2 * TEMPLATE.log_retention_days
    now, then = (cost.bill(10_000, template, 0)["CloudWatch Logs"] for template in (TEMPLATE, counted.template(longer)))
    log_gb = 10_000 * (cost.LOGIN.log_bytes + cost.SET_UP.log_bytes + 30 * cost.CHECK.log_bytes) / 1e9
    assert then - now == pytest.approx(0.03 * log_gb * TEMPLATE.log_retention_days / 30)
