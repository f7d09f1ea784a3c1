"""CloudWatch's alarms, by its documented rules. Times are minutes.

An alarm is evaluated every minute, on windows of its period that end there:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
Missing data, and the evaluation range:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import ast
import operator
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

EXTRA_PERIODS = 2
"""How many periods CloudWatch goes back beyond EvaluationPeriods, as in its own examples."""
MOST_METRICS = 10
"""How many metrics the expression of an alarm may use."""

_STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
}
_BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class Metric(NamedTuple):
    """What makes a metric: another dimension, or another value of one, is another metric."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Datum:
    minute: int
    metric: Metric
    value: float


class Data:
    """The values of each metric, in order of time."""

    def __init__(self, data: Iterable[Datum]) -> None:
        self._times: dict[Metric, list[int]] = {}
        self._values: dict[Metric, list[float]] = {}
        for datum in sorted(data, key=lambda one: one.minute):
            self._times.setdefault(datum.metric, []).append(datum.minute)
            self._values.setdefault(datum.metric, []).append(datum.value)

    def between(self, metric: Metric, begin: int, end: int) -> list[float]:
        times = self._times.get(metric, [])
        return self._values.get(metric, [])[bisect_left(times, begin) : bisect_left(times, end)]

    def times(self, metric: Metric) -> list[int]:
        return self._times.get(metric, [])


@dataclass(frozen=True, slots=True)
class _Series:
    metric: Metric
    period: int
    """Minutes."""
    statistic: str

    def value(self, data: Data, end: int) -> float | None:
        values = data.between(self.metric, end - self.period, end)
        return _STATISTICS[self.statistic](values) if values else None


class Alarm:
    """An alarm, from its resolved properties."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self._properties = properties
        self.expression = ""
        self.series: dict[str, _Series] = {}
        if "Metrics" in properties:
            self._read_metrics(properties["Metrics"])
        else:
            self.expression = "value"
            self.series["value"] = _series(properties, properties, properties["Statistic"])
        periods = {one.period for one in self.series.values()}
        assert len(periods) == 1, "all metrics of an expression have one period"
        (self.period,) = periods
        assert len(self.series) <= MOST_METRICS

    @property
    def metrics(self) -> set[Metric]:
        return {one.metric for one in self.series.values()}

    @cached_property
    def _datapoints_to_alarm(self) -> int:
        return int(self._properties.get("DatapointsToAlarm", self._properties["EvaluationPeriods"]))

    def state(self, data: Data, end: int, before: str = "INSUFFICIENT_DATA") -> str:
        """Return the state after an evaluation at the end of the minute before `end`."""
        periods = int(self._properties["EvaluationPeriods"])
        values = [self._value(data, end - age * self.period) for age in reversed(range(periods + EXTRA_PERIODS))]
        breaches = [None if value is None else self._is_breaching(value) for value in values]
        treatment = self._properties.get("TreatMissingData", "missing")
        return state_of(breaches, periods, self._datapoints_to_alarm, treatment, before)

    def states(self, data: Data, begin: int, end: int) -> Iterator[tuple[int, str]]:
        """Yield every change of the state from `begin` to `end`, and the state at `begin`."""
        periods = int(self._properties["EvaluationPeriods"]) + EXTRA_PERIODS
        # A state can only change when a datum enters a window or leaves it.
        moments = {begin} | {
            time + 1 + age * self.period
            for metric in self.metrics
            for time in data.times(metric)
            for age in range(periods + 1)
        }
        # Hourly for alarms that look back further than a day.
        step = 60 if (periods - EXTRA_PERIODS) * self.period > 24 * 60 else 1
        state, shown = "INSUFFICIENT_DATA", ""
        for moment in sorted({-(-one // step) * step for one in moments if begin <= one < end}):
            state = self.state(data, moment, state)
            if state != shown:
                yield moment, state
            shown = state

    def _read_metrics(self, metrics: Sequence[Mapping[str, Any]]) -> None:
        for one in metrics:
            if one.get("ReturnData", True):
                assert not self.expression, "one expression decides"
                self.expression = one["Expression"]
            else:
                stat = one["MetricStat"]
                self.series[one["Id"]] = _series(stat["Metric"], stat, stat["Stat"])
        assert self.expression

    def _value(self, data: Data, end: int) -> float | None:
        series = {name: one.value(data, end) for name, one in self.series.items()}
        return _evaluate(ast.parse(self.expression, mode="eval").body, series)

    def _is_breaching(self, value: float) -> bool:
        return _BREACHES[self._properties["ComparisonOperator"]](value, float(self._properties["Threshold"]))


def state_of(breaches: Sequence[bool | None], periods: int, datapoints: int, treatment: str, before: str) -> str:
    """Return the state that follows from the datapoints of the evaluation range, oldest first; None is a missing one."""
    real = [one for one in breaches if one is not None]
    missing = periods - len(real)
    if missing <= 0:
        breaching = sum(real[-periods:])
        return "ALARM" if breaching >= datapoints else "OK"
    match treatment:
        case "breaching":
            return "ALARM" if sum(real) + missing >= datapoints else "OK"
        case "notBreaching":
            return "ALARM" if sum(real) >= datapoints else "OK"
        case "ignore":
            return before if all(real) else "ALARM" if sum(real) >= datapoints else "OK"
        case "missing":
            if not real:
                return "INSUFFICIENT_DATA"
            # "Premature alarm state": nothing but breaches, the oldest of them old enough.
            oldest = len(breaches) - next(n for n, one in enumerate(breaches) if one is not None)
            premature = all(real) and oldest >= datapoints
            return "ALARM" if premature or sum(real) >= datapoints else "OK"
    raise ValueError(treatment)


def _series(metric: Mapping[str, Any], about: Mapping[str, Any], statistic: str) -> _Series:
    assert statistic in _STATISTICS
    period = about["Period"]
    assert period % 60 == 0
    dimensions = frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", []))
    assert len(dimensions) == len(metric.get("Dimensions", []))
    return _Series(Metric(metric["Namespace"], metric["MetricName"], dimensions), period // 60, statistic)


def _evaluate(node: ast.expr, series: Mapping[str, float | None]) -> float | None:
    """Compute metric math as far as the template uses it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    match node:
        case ast.Name(id=name):
            return series[name]
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.BinOp(left=left, op=op, right=right):
            one, other = _evaluate(left, series), _evaluate(right, series)
            if one is None or other is None or (isinstance(op, ast.Div) and other == 0):
                return None
            return _ARITHMETIC[type(op)](one, other)
        case ast.Call(func=ast.Name(id="SUM"), args=[ast.Call(func=ast.Name(id="METRICS"), args=[])]):
            values = [value for value in series.values() if value is not None]
            return sum(values) if values else None
        case ast.Call(func=ast.Name(id="FILL"), args=[filled, ast.Constant(value=int() as value)]):
            found = _evaluate(filled, series)
            return float(value) if found is None else found
    raise ValueError(ast.unparse(node))
