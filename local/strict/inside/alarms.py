"""Make the emulator accept CloudWatch alarms on metric math, as AWS does."""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import provisioners

from local.strict.inside.patch import Json, replace


def install() -> None:
    """Let CloudFormation create these alarms. The emulator evaluates only their first metric."""
    replace(provisioners, "_cw_metric_alarm_record", _of_the_first_metric)


def _of_the_first_metric(original: Callable[[str, Json], Any]) -> Callable[[str, Json], Any]:
    def record(name: str, properties: Json) -> Any:
        queries = properties.get("Metrics")
        if not isinstance(queries, list):
            return original(name, properties)
        stat = next(query["MetricStat"] for query in queries if "MetricStat" in query)
        others = {key: value for key, value in properties.items() if key != "Metrics"}
        return original(name, others | stat["Metric"] | {"Period": stat["Period"], "Statistic": stat["Stat"]})

    return record
