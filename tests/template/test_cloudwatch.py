"""The evaluator of alarms against the tables in CloudWatch's own page on missing data."""

import pytest

from tests.template.cloudwatch import Alarm, Data, Datum, Metric, state_of

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
METRIC = Metric("N", "M", frozenset({("d", "1")}))


@pytest.mark.parametrize(
    ("points", "datapoints", "states"),
    [
        ("0-X-X", 3, ("OK", "OK", "OK", "OK")),
        ("0----", 3, ("OK", "OK", "OK", "OK")),
        ("-----", 3, ("INSUFFICIENT_DATA", "before", "ALARM", "OK")),
        ("0XX-X", 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("--X--", 3, ("ALARM", "before", "ALARM", "OK")),
        ("0-X-X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("00X0X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0-X--", 2, ("OK", "OK", "ALARM", "OK")),
        ("----0", 2, ("OK", "OK", "ALARM", "OK")),
        ("---X-", 2, ("ALARM", "before", "ALARM", "OK")),
    ],
)
def test_missing_data_is_treated_as_in_cloudwatch(points: str, datapoints: int, states: tuple[str, ...]) -> None:
    breaches = [None if point == "-" else point == "X" for point in points]
    found = tuple(state_of(breaches, 3, datapoints, treatment, "before") for treatment in TREATMENTS)
    assert found == states


def alarm(**properties: object) -> Alarm:
    return Alarm(
        {
            "Namespace": "N",
            "MetricName": "M",
            "Dimensions": [{"Name": "d", "Value": "1"}],
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 2,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            **properties,
        }
    )


def test_windows_slide_by_a_minute_and_the_last_value_is_looked_at_again() -> None:
    data = Data([Datum(3, METRIC, 1), Datum(7, METRIC, 1)])
    changes = list(alarm().states(data, 0, 60))
    # From the second value until the first leaves the window; then again while the two are in older windows.
    assert changes[:3] == [(0, "OK"), (8, "ALARM"), (9, "OK")]
    assert changes[-1][1] == "OK"


@pytest.mark.parametrize(
    "metric",
    [
        Metric("N", "M", frozenset()),
        Metric("N", "M", frozenset({("d", "2")})),
        Metric("N", "M", frozenset({("d", "1"), ("service", "shop")})),
        Metric("N", "m", METRIC.dimensions),
        Metric("n", "M", METRIC.dimensions),
    ],
)
def test_another_dimension_is_another_metric(metric: Metric) -> None:
    assert alarm().state(Data([Datum(3, METRIC, 2)]), 4) == "ALARM"
    assert alarm().state(Data([Datum(3, metric, 2)]), 4) == "OK"


def expression(text: str) -> Alarm:
    stat = {"Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": []}, "Period": 60, "Stat": "Sum"}
    other = stat | {"Metric": {"Namespace": "N", "MetricName": "O", "Dimensions": []}}
    return alarm(
        Metrics=[
            {"Id": "e", "Expression": text},
            {"Id": "m", "MetricStat": stat, "ReturnData": False},
            {"Id": "o", "MetricStat": other, "ReturnData": False},
        ],
        Threshold=5,
    )


@pytest.mark.parametrize(
    ("text", "m", "o", "state"),
    [
        ("m + o", 2, 3, "ALARM"),
        ("m + o", 2, 2, "OK"),
        ("m + o", 9, None, "OK"),
        ("SUM(METRICS())", 9, None, "ALARM"),
        ("SUM(METRICS())", None, None, "OK"),
        ("100 * m / o", 1, 20, "ALARM"),
        ("100 * m / o", 1, 0, "OK"),
        ("FILL(m, 5)", None, 1, "ALARM"),
        ("FILL(m, 5)", 1, 1, "OK"),
    ],
)
def test_metric_math(text: str, m: float | None, o: float | None, state: str) -> None:
    values = {"M": m, "O": o}
    data = Data(Datum(0, Metric("N", name, frozenset()), value) for name, value in values.items() if value is not None)
    assert expression(text).state(data, 1) == state
