"""The dashboard's widgets find data: metrics that the code emits, of this stack and of no other."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tests.template.cloudwatch import Metric
from tests.template.emitted import emitted
from tests.template.resolve import Deployment, deploy

AWS = {
    ("AWS/Lambda", "Duration", "FunctionName"): "AWS::Lambda::Function",
    ("AWS/ApiGateway", "Count", "ApiId"): "AWS::ApiGatewayV2::Api",
    ("AWS/ApiGateway", "5xx", "ApiId"): "AWS::ApiGatewayV2::Api",
}
"""Metrics of AWS's own, and whose name their dimension holds."""
SEARCH = re.compile(r"SEARCH\('\{([^}]*)\} ([^']*)', '(\w+)', (\d+)\)")
STATISTICS = {"Sum", "Maximum", "Minimum", "Average", "p95"}


def known(deployment: Deployment) -> set[Metric]:
    """Return every metric there is of a deployment."""
    variables = deployment.properties("ScheduleFunction")["Environment"]["Variables"]
    names = variables["POWERTOOLS_SERVICE_NAME"], variables["POWERTOOLS_METRICS_NAMESPACE"]
    ours = {metric for values in emitted(*names).metrics.values() for metric, _ in values}
    return ours | {
        Metric(namespace, metric, frozenset({(dimension, deployment.name(name))}))
        for (namespace, metric, dimension), kind in AWS.items()
        for name in deployment.of_type(kind)
    }


def widgets(deployment: Deployment) -> list[dict[str, Any]]:
    (dashboard,) = deployment.of_type("AWS::CloudWatch::Dashboard").values()
    body = json.loads(dashboard["DashboardBody"])
    assert body.keys() == {"widgets"}
    found: list[dict[str, Any]] = body["widgets"]
    for widget in found:
        assert widget["type"] == "metric"
    return found


def shown(widget: dict[str, Any], there: Iterable[Metric]) -> Iterator[tuple[str, set[Metric]]]:
    """Yield what a widget asks for, and which of the metrics that are there it gets."""
    for *path, last in widget["properties"]["metrics"]:
        if path or isinstance(last, str):
            *words, _ = [*path, last] if isinstance(last, dict) else [*path, last, {}]
            namespace, name, *pairs = words
            wanted = Metric(namespace, name, frozenset(zip(pairs[::2], pairs[1::2], strict=True)))
            yield str(words), {metric for metric in there if metric == wanted}
        else:
            yield last["expression"], set(found(last["expression"], there))


def found(expression: str, there: Iterable[Metric]) -> Iterator[Metric]:
    """Yield the metrics that a SEARCH finds.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
    """
    inner = re.fullmatch(r"SUM\((.*)\)", expression)
    search = SEARCH.fullmatch(inner[1] if inner else expression)
    assert search, expression
    (namespace, *dimensions), terms = search[1].split(","), search[2]
    tokens = re.findall(r'(NOT )?(\w+)="([^"]*)"', terms)
    assert " ".join(f'{negated}{name}="{value}"' for negated, name, value in tokens) == terms
    for metric in there:
        about = dict(metric.dimensions)
        if metric.namespace == namespace and about.keys() == set(dimensions):
            values = about | {"MetricName": metric.name}
            if all((values.get(name) == value) != bool(negated) for negated, name, value in tokens):
                yield metric


def test_every_line_finds_data_of_this_stack_and_of_no_other(translated: dict[str, Any]) -> None:
    ours, theirs = deploy(translated, "shop"), deploy(translated, "shop-2")
    mine, others = known(ours), known(theirs)
    for widget in widgets(ours):
        assert widget["properties"]["metrics"], widget["properties"]["title"]
        for asked, metrics in shown(widget, mine | others):
            assert metrics, asked
            assert metrics <= mine, asked


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("Funnel", {"LoginStarted", "LoginEnded"}),
        ("Why not", {"LoginEnded"}),
        ("Latency, milliseconds (p95)", {"Duration"}),
        ("Connections", {"Connections"}),
        ("Days to the nearest expiry", {"NearestExpiryDays"}),
        ("Checks by outcome", {"Checks"}),
        ("Requests and 5xx", {"Count", "5xx"}),
        ("Behind, seconds", {"OldestDueSeconds", "OldestUnpublishedSeconds"}),
        ("Forgotten", {"Deauthorized", "DataDeletion"}),
    ],
)
def test_widget_shows_the_metrics_of_its_title(deployment: Deployment, title: str, wanted: set[str]) -> None:
    (widget,) = (one for one in widgets(deployment) if one["properties"]["title"] == title)
    found = {metric.name for _, metrics in shown(widget, known(deployment)) for metric in metrics}
    assert found == wanted


def dimensions(deployment: Deployment, title: str, name: str) -> list[set[str]]:
    """Return the values of a dimension that each line of a widget shows."""
    (widget,) = (one for one in widgets(deployment) if one["properties"]["title"] == title)
    return [{dict(metric.dimensions)[name] for metric in metrics} for _, metrics in shown(widget, known(deployment))]


def test_lines_of_a_widget_have_different_labels(deployment: Deployment) -> None:
    started, returned, connected = dimensions(deployment, "Funnel", "reason")
    assert (started, connected) == ({"started"}, {"connected"})
    assert returned > {"connected", "declined", "state-foreign"}
    assert dimensions(deployment, "Why not", "reason") == [returned - {"connected"}]
    functions = dimensions(deployment, "Latency, milliseconds (p95)", "FunctionName")
    assert functions == [{"shop-AuthorizeFunction"}, {"shop-CallbackFunction"}]


def test_counts_are_added_up_and_levels_are_not(deployment: Deployment) -> None:
    counts = {"LoginStarted", "LoginEnded", "Checks", "Count", "5xx", "Deauthorized", "DataDeletion"}
    levels = {
        "Connections": "Maximum",
        "OldestDueSeconds": "Maximum",
        "OldestUnpublishedSeconds": "Maximum",
        "NearestExpiryDays": "Minimum",
        "Duration": "p95",
    }
    for widget in widgets(deployment):
        properties = widget["properties"]
        assert properties["region"] == "eu-west-1"
        assert properties["view"] == "timeSeries"
        assert properties["period"] in {300, 3600}
        for asked, metrics in shown(widget, known(deployment)):
            (name,) = {metric.name for metric in metrics}
            statistic = "Sum" if name in counts else levels[name]
            assert properties["stat"] == statistic, asked
            for search in SEARCH.finditer(asked):
                assert search[3] == statistic
                assert int(search[4]) == properties["period"]


def test_its_name_is_one_in_the_whole_account(translated: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html."""
    deployments = [
        deploy(translated, stack, region=region) for stack in ("shop", "stall") for region in ("eu-west-1", "us-east-1")
    ]
    names = {
        dashboard["DashboardName"]
        for deployment in deployments
        for dashboard in deployment.of_type("AWS::CloudWatch::Dashboard").values()
    }
    assert len(names) == len(deployments)
