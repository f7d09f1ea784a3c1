"""CloudWatch metrics, printed to the log in the embedded metric format."""

from aws_lambda_powertools.metrics import MetricUnit, single_metric


def count(name: str, value: float = 1, **dimensions: str) -> None:
    """Emit a metric with these dimensions beside the stack's."""
    with single_metric(name=name, unit=MetricUnit.Count, value=value) as metric:
        for dimension, text in dimensions.items():
            metric.add_dimension(name=dimension, value=text)
