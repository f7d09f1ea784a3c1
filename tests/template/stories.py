"""The story of each alarm: the trouble it is for, and what is too little to ring for. Minute 0 is when trouble begins."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from tests.template.cloudwatch import Datum, Metric
from tests.template.emitted import Emitted
from tests.template.resolve import Deployment

HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60
SWEEP = 4 * HOUR
"""The minute of the day of the hourly run that looks for parameters without a record."""


class Story(NamedTuple):
    trouble: list[Datum]
    over: int
    """The minute in which the trouble ends."""
    quiet_within: int
    """Minutes from then on in which the alarm may still ring."""
    too_little: tuple[list[Datum], ...] = ()
    """Each of these leaves the alarm quiet."""
    as_bad: tuple[list[Datum], ...] = ()
    """Each of these makes it ring as well."""
    without_runs: range = range(0)
    """The minutes in which no run comes to its end."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """What functions and AWS emit, for one deployment."""

    deployment: Deployment
    emitted: Emitted

    def event(self, kind: str, minute: int) -> list[Datum]:
        """Return what one event of the code makes it emit."""
        return [Datum(minute, metric, value) for metric, value in self.emitted.metrics[kind]]

    def events(self, kind: str, minutes: Iterable[int]) -> list[Datum]:
        return [datum for minute in minutes for datum in self.event(kind, minute)]

    def of_function(self, name: str, function: str, values: dict[int, float]) -> list[Datum]:
        """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html."""
        return _series(
            "AWS/Lambda", name, "FunctionName", self.deployment.name(f"{function}Function"), values
        )

    def messages(self, queue: str, values: dict[int, float]) -> list[Datum]:
        """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html."""
        name = self.deployment.name(queue)
        return _series("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name, values)

    def requests(self, minutes: Iterable[int], *, each: int = 1, failed: int = 0) -> list[Datum]:
        """Return the metrics of so many requests in each minute.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
        """
        api = self.deployment.name("Api")
        moments = list(minutes)
        return [
            *_series("AWS/ApiGateway", "Count", "ApiId", api, dict.fromkeys(moments, each)),
            *_series("AWS/ApiGateway", "5xx", "ApiId", api, dict.fromkeys(moments, failed)),
        ]

    def logged(self, group: str, values: dict[int, float]) -> list[Datum]:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html."""
        return _series("AWS/Logs", "IncomingBytes", "LogGroupName", self.deployment.name(group), values)


def normal(metrics: Metrics, begin: int, end: int, *, without_runs: range = range(0)) -> Iterator[Datum]:
    """Yield what happens when nothing is wrong: hourly runs, some logins, now and then one that does not end well."""
    for hour in range(begin, end, HOUR):
        ended = hour + 1 + (hour // HOUR) % 13  # runs take longer and shorter
        if ended not in without_runs:
            yield from metrics.event("run_with_sweep" if hour % DAY == SWEEP else "run", ended)
        yield from metrics.of_function("Errors", "Renew", {hour: 0})
        for queue in ("RenewFailures", "AnnounceFailures", "AlertFailures"):
            yield from metrics.messages(queue, {hour: 0})
    for day in range(begin, end, DAY):
        logins = [day + 9 * HOUR, day + 9 * HOUR + 7, day + 15 * HOUR]
        yield from metrics.events("connected", logins)
        yield from metrics.event("declined", day + 11 * HOUR)
        yield from metrics.requests([*logins, day + 11 * HOUR], each=2)
        yield from metrics.of_function("Throttles", "Callback", dict.fromkeys(logins, 0))
        yield from metrics.of_function("IteratorAge", "Announce", dict.fromkeys(logins, 300))
        for group in metrics.deployment.of_type("AWS::Logs::LogGroup"):
            yield from metrics.logged(group, dict.fromkeys(logins, 4_000))
    for week in range(begin, end, WEEK):
        odd = ("code_rejected", "state_foreign", "cookie_missing", "facebook_unavailable", "forgotten")
        for number, kind in enumerate(odd):
            yield from metrics.event(kind, week + number * DAY + 10 * HOUR)
        yield from metrics.requests([week + 2 * DAY + 10 * HOUR], failed=1)


def _series(namespace: str, name: str, dimension: str, value: str, values: dict[int, float]) -> list[Datum]:
    metric = Metric(namespace, name, frozenset({(dimension, value)}))
    return [Datum(minute, metric, float(one)) for minute, one in values.items()]


def _once(kind: str, *, quiet_within: int) -> Callable[[Metrics], Story]:
    """One event is enough."""
    return lambda metrics: Story(metrics.event(kind, 0), over=1, quiet_within=quiet_within)


def _in_a_quarter_of_an_hour(kind: str, number: int) -> Callable[[Metrics], Story]:
    """So many events within 15 minutes are enough; one less, or so many in 16, are not."""

    def story(metrics: Metrics) -> Story:
        spread = [minute * 14 // (number - 1) for minute in range(number)]
        return Story(
            metrics.events(kind, spread),
            over=15,
            quiet_within=45,
            too_little=(
                metrics.events(kind, spread[:-1]),
                metrics.events(kind, [*spread[:-2], 14, 15]),
            ),
        )

    return story


def _waiting(queue: str) -> Callable[[Metrics], Story]:
    """Have a message wait in a queue until somebody deletes it. A queue that was empty for long tells of it late."""

    def story(metrics: Metrics) -> Story:
        values = {minute: float(minute < 300) for minute in range(14, 400)}
        return Story(metrics.messages(queue, values), over=300, quiet_within=6)

    return story


def _heartbeat(metrics: Metrics) -> Story:
    """Let the last run end in minute 0, and the next after five hours; or after three."""
    return Story(
        metrics.events("run", [0, 301]),
        over=301,
        quiet_within=2,
        too_little=(metrics.events("run", [0, 180, 340]),),
        without_runs=range(-59, 361),
    )


def _renewal_errors(metrics: Metrics) -> Story:
    return Story(metrics.of_function("Errors", "Renew", {0: 1}), over=1, quiet_within=61)


def _announce_behind(metrics: Metrics) -> Story:
    def behind(minutes: int) -> list[Datum]:
        """Batches fail for so long, and the oldest change grows old."""
        ages = {minute: minute * 60_000.0 for minute in range(minutes + 1)}
        return metrics.of_function("IteratorAge", "Announce", ages | {minutes + 1: 300})

    almost = metrics.of_function("IteratorAge", "Announce", {0: 3_599_999})
    an_hour = metrics.of_function("IteratorAge", "Announce", {0: 3_600_000})
    return Story(behind(90), over=91, quiet_within=16, too_little=(behind(59), almost), as_bad=(an_hour,))


def _server_errors(metrics: Metrics) -> Story:
    def failing(failed: int) -> list[Datum]:
        return metrics.requests(range(60), each=100, failed=failed)

    calm = metrics.requests(range(60, 120), each=100)
    one_of_few = [*metrics.requests([0, 1], each=5), *metrics.requests([2], failed=1)]
    return Story([*failing(6), *calm], over=60, quiet_within=11, too_little=(failing(5), one_of_few))


def _throttles(metrics: Metrics) -> Story:
    return Story(metrics.of_function("Throttles", "Callback", {0: 1}), over=1, quiet_within=16)


def _webhooks_refused(metrics: Metrics) -> Story:
    one, *others = (
        metrics.event(kind, 0)
        for kind in (
            "deauthorize_signature_wrong",
            "deauthorize_failed",
            "deletion_signature_wrong",
            "deletion_failed",
        )
    )
    return Story(
        one, over=1, quiet_within=46, too_little=(metrics.event("forgotten", 0),), as_bad=tuple(others)
    )


def _log_volume(metrics: Metrics) -> Story:
    groups = list(metrics.deployment.of_type("AWS::Logs::LogGroup"))

    def flood(share: int) -> list[Datum]:
        """Every log group grows by so many bytes within an hour."""
        return [datum for group in groups for datum in metrics.logged(group, {0: share - 1, 59: 1})]

    limit = 200_000_000 // len(groups)
    return Story(flood(limit + 1), over=60, quiet_within=3 * HOUR, too_little=(flood(limit),))


def _facebook_outage(metrics: Metrics) -> Story:
    def runs(number: int) -> list[Datum]:
        return metrics.events("run_without_facebook", [hour * HOUR for hour in range(number)])

    fewer = [replace(datum, value=4) if _is_unavailable(datum) else datum for datum in runs(4)]
    return Story(runs(4), over=181, quiet_within=5 * HOUR, too_little=(runs(2), fewer))


def _is_unavailable(datum: Datum) -> bool:
    return ("outcome", "unavailable") in datum.metric.dimensions


def _orphans(metrics: Metrics) -> Story:
    """Lose a record just after the daily look, and get it back before the one after the next."""
    return Story(metrics.event("run_with_orphan", DAY - 1), over=2 * DAY, quiet_within=SWEEP + HOUR)


def _graph_version_end(metrics: Metrics) -> Story:
    before = metrics.events("run_with_91_days_left", range(-2 * DAY, 0, HOUR))
    after = metrics.events("run_with_90_days_left", range(HOUR - 1, 3 * DAY, HOUR))
    return Story([*before, *after], over=3 * DAY, quiet_within=4 * HOUR, too_little=(before,))


def _graph_version_mismatch(metrics: Metrics) -> Story:
    daily = metrics.events("run_with_unserved_graph_version", [DAY - 1, 2 * DAY - 1])
    return Story(daily, over=2 * DAY, quiet_within=3 * DAY)


STORIES: dict[str, Callable[[Metrics], Story]] = {
    "RenewalHeartbeatAlarm": _heartbeat,
    "RenewalErrorsAlarm": _renewal_errors,
    "RenewFailuresAlarm": _waiting("RenewFailures"),
    "AnnounceFailuresAlarm": _waiting("AnnounceFailures"),
    "AnnounceBehindAlarm": _announce_behind,
    "AlertsLostAlarm": _waiting("AlertFailures"),
    "ServerErrorsAlarm": _server_errors,
    "UnexpectedErrorsAlarm": _once("unexpected", quiet_within=16),
    "ThrottlesAlarm": _throttles,
    "TokensNotKeptAlarm": _once("token_not_kept", quiet_within=16),
    "ForeignStatesAlarm": _in_a_quarter_of_an_hour("state_foreign", 20),
    "CookiesMissingAlarm": _in_a_quarter_of_an_hour("cookie_missing", 20),
    "FacebookErrorsAlarm": _in_a_quarter_of_an_hour("facebook_unavailable", 5),
    "FacebookThrottledAlarm": _once("facebook_throttled", quiet_within=46),
    "CodesRejectedAlarm": _in_a_quarter_of_an_hour("code_rejected", 5),
    "WebhooksRefusedAlarm": _webhooks_refused,
    "LogVolumeAlarm": _log_volume,
    "FacebookOutageAlarm": _facebook_outage,
    "OrphanParametersAlarm": _orphans,
    "GraphVersionEndAlarm": _graph_version_end,
    "GraphVersionMismatchAlarm": _graph_version_mismatch,
}
