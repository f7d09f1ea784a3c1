"""The story of each alarm: the trouble it is for, and what is too little to ring for. Minute 0 is when trouble begins."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.template.cloudwatch import Datum, Metric
from tests.template.emitted import Emitted
from tests.template.resolve import Deployment

HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60
RATE = 5
"""Minutes from one start of the schedule to the next."""


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
        return _series("AWS/Lambda", name, "FunctionName", self.deployment.name(f"{function}Function"), values)

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
    """Yield what happens when nothing is wrong: runs of the schedule, checks, some logins, now and then one that does not end well."""
    for start in range(begin, end, RATE):
        ended = start + (start // RATE) % 4  # runs take longer and shorter
        if ended not in without_runs:
            yield from metrics.event("run", ended)
        yield from metrics.of_function("Errors", "Schedule", {start: 0})
    for hour in range(begin, end, HOUR):
        yield from metrics.event("checked", hour)
        for queue in ("CheckFailures", "AlertFailures"):
            yield from metrics.messages(queue, {hour: 0})
    for day in range(begin, end, DAY):
        logins = [day + 9 * HOUR, day + 9 * HOUR + 7, day + 15 * HOUR]
        yield from metrics.events("connected", logins)
        yield from metrics.event("declined", day + 11 * HOUR)
        yield from metrics.requests([*logins, day + 11 * HOUR], each=2)
        yield from metrics.of_function("Throttles", "Callback", dict.fromkeys(logins, 0))
        yield from metrics.of_function("Errors", "Publish", dict.fromkeys(logins, 0))
        for group in metrics.deployment.of_type("AWS::Logs::LogGroup"):
            yield from metrics.logged(group, dict.fromkeys(logins, 4_000))
    for week in range(begin, end, WEEK):
        odd = ("code_rejected", "state_foreign", "cookie_missing", "facebook_unavailable", "forgotten")
        for number, kind in enumerate(odd):
            yield from metrics.event(kind, week + number * DAY + 10 * HOUR)
        yield from metrics.event("run_without_facebook", week + DAY + 10 * HOUR)
        yield from metrics.requests([week + 2 * DAY + 10 * HOUR], failed=1)


def _series(namespace: str, name: str, dimension: str, value: str, values: dict[int, float]) -> list[Datum]:
    metric = Metric(namespace, name, frozenset({(dimension, value)}))
    return [Datum(minute, metric, float(one)) for minute, one in values.items()]


def _once(kind: str, *others: str, quiet_within: int) -> Callable[[Metrics], Story]:
    """One event is enough, or one of the others."""

    def story(metrics: Metrics) -> Story:
        as_bad = tuple(metrics.event(other, 0) for other in others)
        return Story(metrics.event(kind, 0), over=1, quiet_within=quiet_within, as_bad=as_bad)

    return story


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
    """Let the last run end in minute 0, and the next after an hour; or after less than half an hour each."""
    return Story(
        metrics.events("run", [0, 60]),
        over=60,
        quiet_within=2,
        too_little=(metrics.events("run", [0, 29, 58]),),
        without_runs=range(1, 61),
    )


def _error(function: str, *, quiet_within: int) -> Callable[[Metrics], Story]:
    """Have one invocation of a function fail."""
    return lambda metrics: Story(metrics.of_function("Errors", function, {0: 1}), over=1, quiet_within=quiet_within)


def _checks_overdue(metrics: Metrics) -> Story:
    """Have a check be due from minute 0 on."""
    return Story(
        metrics.events("run_with_check_due_for_two_hours", range(2 * HOUR + 4, 4 * HOUR, RATE)),
        over=4 * HOUR,
        quiet_within=16,
        too_little=(metrics.events("run_with_check_due_for_almost_two_hours", range(2 * HOUR - 1, 4 * HOUR, RATE)),),
        without_runs=range(2 * HOUR - 4, 4 * HOUR),
    )


def _unpublished(metrics: Metrics) -> Story:
    """Have publishing be due from minute 0 on. Worst is a run just before the quarter of an hour is over."""
    late = "run_with_nothing_published_for_a_quarter_of_an_hour"
    almost = "run_with_nothing_published_for_almost_a_quarter_of_an_hour"
    return Story(
        metrics.events(late, range(19, 2 * HOUR, RATE)),
        over=2 * HOUR,
        quiet_within=11,
        # Two runs can end within five minutes.
        too_little=(metrics.events(almost, [12, 14, *range(19, 2 * HOUR, RATE)]),),
        without_runs=range(11, 2 * HOUR),
    )


def _app_trouble(metrics: Metrics) -> Story:
    """Have trouble begin just after a run. Two runs in trouble are none yet, nor are runs of which every third works."""

    def troubled(minutes: range) -> list[Datum]:
        return metrics.events("run_without_facebook", minutes)

    always = range(4, 2 * HOUR, RATE)
    works = set(always[::3])
    now_and_then = [*metrics.events("run", works)]
    for minute in set(always) - works:
        now_and_then += metrics.event("run_without_facebook", minute)
    return Story(
        troubled(always),
        over=2 * HOUR,
        quiet_within=11,
        too_little=(
            [*troubled(range(4, 10, RATE)), *metrics.events("run", range(14, 120, RATE))],
            now_and_then,
        ),
        without_runs=range(2 * HOUR),
    )


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
            "webhook_signature_wrong",
            "webhook_failed",
        )
    )
    return Story(one, over=1, quiet_within=46, too_little=(metrics.event("forgotten", 0),), as_bad=tuple(others))


def _log_volume(metrics: Metrics) -> Story:
    groups = list(metrics.deployment.of_type("AWS::Logs::LogGroup").keys() - {"CreateLinkLogGroup"})

    def flood(share: int) -> list[Datum]:
        """Every log group grows by so many bytes within an hour."""
        return [datum for group in groups for datum in metrics.logged(group, {0: share - 1, 59: 1})]

    limit = 200_000_000 // len(groups)
    return Story(flood(limit + 1), over=60, quiet_within=3 * HOUR, too_little=(flood(limit),))


def _graph_version_end(metrics: Metrics) -> Story:
    before = metrics.events("run_with_90_days_left", range(-5 * HOUR, 4, RATE))
    after = metrics.events("run_with_less_than_90_days_left", range(4, 3 * HOUR, RATE))
    return Story([*before, *after], over=3 * HOUR, quiet_within=3 * HOUR, too_little=(before,))


def _graph_version_mismatch(metrics: Metrics) -> Story:
    always = metrics.events("run_with_unserved_graph_version", range(4, 2 * HOUR, RATE))
    return Story(always, over=2 * HOUR, quiet_within=16, without_runs=range(2 * HOUR))


STORIES: dict[str, Callable[[Metrics], Story]] = {
    "ScheduleHeartbeatAlarm": _heartbeat,
    "ScheduleErrorsAlarm": _error("Schedule", quiet_within=16),
    "PublishErrorsAlarm": _error("Publish", quiet_within=46),
    "ChecksCrashedAlarm": _once("check_crashed", "message_not_understood", quiet_within=46),
    "CheckFailuresAlarm": _waiting("CheckFailures"),
    "ChecksOverdueAlarm": _checks_overdue,
    "UnpublishedAlarm": _unpublished,
    "DoubtAlarm": _once("braked", quiet_within=3 * HOUR + 1),
    "AppTroubleAlarm": _app_trouble,
    "AlertsLostAlarm": _waiting("AlertFailures"),
    "ServerErrorsAlarm": _server_errors,
    "UnexpectedErrorsAlarm": _once("unexpected", quiet_within=16),
    "ThrottlesAlarm": _throttles,
    "TokensNotStoredAlarm": _once("token_not_stored", quiet_within=16),
    "ForeignStatesAlarm": _in_a_quarter_of_an_hour("state_foreign", 20),
    "CookiesMissingAlarm": _in_a_quarter_of_an_hour("cookie_missing", 20),
    "FacebookErrorsAlarm": _in_a_quarter_of_an_hour("facebook_unavailable", 5),
    "FacebookThrottledAlarm": _once("facebook_throttled", quiet_within=46),
    "CodesRejectedAlarm": _in_a_quarter_of_an_hour("code_rejected", 5),
    "WebhooksRefusedAlarm": _webhooks_refused,
    "LogVolumeAlarm": _log_volume,
    "GraphVersionEndAlarm": _graph_version_end,
    "GraphVersionMismatchAlarm": _graph_version_mismatch,
}
