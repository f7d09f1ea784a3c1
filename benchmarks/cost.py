"""Calculate the monthly cost, in us-east-1 on arm64 without any free tier.

It is calculated from list prices, from counts that are read from template.yaml and the functions, and from the seconds
that first_login measured.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil, exp
from typing import Any, NamedTuple, get_args

from benchmarks import counted, result
from benchmarks.counted import DAYS, HOURS, Template
from benchmarks.first_login import MEMORY_MB
from benchmarks.report import table
from whatsapp_connect.check_connection import Outcome
from whatsapp_connect.outcomes import OUTCOMES

CONNECTIONS = (100, 1_000, 10_000, 20_000, 100_000)
"""The numbers of connections to calculate a bill for."""


# Prices


class Price(NamedTuple):
    item: str
    dollars: float
    per: int
    read: str
    """When it was last read on a page that quotes AWS's prices; "" if it was not checked again."""

    def of(self, number: float) -> float:
        """Return the price of `number` units in dollars."""
        return number * self.dollars / self.per


ADVANCED = Price("Parameter Store, an advanced parameter, a month", 0.05, 1, "October 2025")
INTERACTION = Price("Parameter Store, a call about an advanced parameter", 0.05, 10_000, "")
KEY = Price("KMS, a key, a month", 1.00, 1, "June 2026")
KMS_REQUEST = Price("KMS, a request", 0.03, 10_000, "June 2026")
METRIC = Price("CloudWatch, a custom metric, a month", 0.30, 1, "February 2026")
ALARM = Price("CloudWatch, a metric that an alarm watches, a month", 0.10, 1, "")
DASHBOARD = Price("CloudWatch, a dashboard, a month", 3.00, 1, "June 2026")
LOG_GB = Price("CloudWatch Logs, a GB taken in", 0.50, 1, "June 2026")
LOG_GB_MONTH = Price("CloudWatch Logs, a GB stored, a month", 0.03, 1, "")
WRITE_UNIT = Price("DynamoDB, a write unit", 0.625, 1_000_000, "September 2026")
READ_UNIT = Price("DynamoDB, a read unit", 0.125, 1_000_000, "September 2026")
TABLE_GB_MONTH = Price("DynamoDB, a GB stored, a month", 0.25, 1, "")
BACKUP_GB_MONTH = Price("DynamoDB, a GB under point-in-time recovery, a month", 0.20, 1, "")
INVOCATION = Price("Lambda, a request", 0.20, 1_000_000, "September 2026")
GB_SECOND = Price("Lambda, a GB-second", 0.0000133334, 1, "September 2026")
HTTP_REQUEST = Price("API Gateway, a request to an HTTP API", 1.00, 1_000_000, "September 2026")
QUEUE_REQUEST = Price("SQS, a request", 0.40, 1_000_000, "")
EVENT = Price("EventBridge, an event", 1.00, 1_000_000, "June 2026")
SCHEDULED = Price("EventBridge Scheduler, an invocation", 1.00, 1_000_000, "March 2026")
NOTIFICATION = Price("SNS, a message", 0.50, 1_000_000, "June 2026")
MAIL = Price("SNS, a mail", 2.00, 100_000, "June 2026")
CACHE_GB_SECOND = Price("Lambda SnapStart, a GB-second", 0.0000015046, 1, "September 2026")
PROVISIONED_GB_SECOND = Price("Lambda, a provisioned GB-second", 0.0000033334, 1, "")

PRICES = tuple(value for value in list(globals().values()) if isinstance(value, Price))


# What happens how often. A month has 30 days.

CHECKS = DAYS
"""Checks of a connection in a month."""
RENEWALS = 1
"""Extensions of a connection's token in a month: a token of sixty days is extended thirty days before its end."""
LOGINS = 1
"""Logins for a connection in a month. Most connections need fewer."""
ALERTS = 0.05
"""Alert mails for a connection in a month."""
RARE = 0.005
"""Share of the logins and checks that have any one of the unusual outcomes."""


# What one of these does.


@dataclass(frozen=True, slots=True)
class Work:
    http_requests: int = 0
    invocations: int = 0
    write_units: int = 0
    queue_requests: int = 0
    kms_requests: int = 0
    parameter_calls: int = 0
    """Calls about a connection's parameters, for each parameter that the call is about."""
    events: int = 0
    log_bytes: int = 0


LOGIN = Work(
    http_requests=2,
    invocations=4,  # authorize, callback, publish for each of two changes of the record
    write_units=17,  # 13 of the login, of which the transaction's count twice; 4 of publish, with the row of an account
    kms_requests=5,  # the token in the record and in its parameter, when stored and when published; the app secret
    parameter_calls=4,  # publish reads both; the token and the metadata are put
    events=1,
    log_bytes=4_000,
)
SET_UP = Work(
    invocations=2,  # check, publish
    write_units=8,  # 5 of the check, 3 of publish
    queue_requests=3,
    kms_requests=1,
    parameter_calls=3,  # publish reads both, and puts the metadata
    events=1,
    log_bytes=1_500,
)
"""The check after a login, with its publishing. It is not one of the daily checks."""
CHECK = Work(
    invocations=1,
    write_units=7,  # 4 of the check, 3 of the mark that it is queued
    queue_requests=4,  # sent in batches of ten, received, deleted; an empty receive now and then
    kms_requests=1,
    parameter_calls=2,  # the version of the token, and the metadata
    log_bytes=1_000,
)
RENEWAL = Work(invocations=1, write_units=6, kms_requests=3, parameter_calls=4, events=1)
"""The additional work of a check that extends the token, with its publishing."""

POLLS = 2 * 5 * DAYS * 86_400 // 20
"""Requests in a month with which Lambda polls the queues: five pollers for each queue, each for 20 seconds."""
RUN_READ_UNITS = 2.5
"""Read units of a run of the schedule, for any number of connections."""
RECORD_BYTES = 3_000
"""The size of a record with its indexes."""
CHECK_SECONDS = 1.2
"""How long a check takes: four calls to Facebook of 200 ms, which is a high estimate, and five calls to AWS."""
RUN_SECONDS = 1.0
"""How long a scheduled run takes."""
PUBLISH_SECONDS = 0.1
SMALL_GB = 0.5
"""Memory of the functions other than authorize and callback."""
FACEBOOK_MS = 200
"""The assumed time of each call to Facebook in a login, which is a high estimate."""
AWS_MS = 8 * 10
"""The assumed time of all calls to AWS in a login together."""


# What fits into one stack.

PARAMETERS_PER_CONNECTION = 2
"""The token and the metadata."""
MAX_STANDARD, MAX_ADVANCED = 10_000, 100_000
"""Parameters of an account in a Region: https://docs.aws.amazon.com/general/latest/gr/ssm.html"""
CHECKING_SECONDS_A_DAY = 5 * 86_400
"""How long the five workers of DueQueue can check each day."""


# Custom metrics, each with the dimension `service` besides.


@dataclass(frozen=True, slots=True)
class Metric:
    """Custom metrics that differ only in the value of one dimension, and how often each is emitted in a month."""

    name: str
    dimension: str = ""
    values: frozenset[str] = frozenset({""})
    scheduled: int = 0
    """Times, in as many hours."""
    per_connection: float = 0
    """Times for each connection, at any time."""

    def hours(self, connections: int) -> float:
        """Return the hours of a month in which one of them is emitted. AWS charges for these hours."""
        return self.scheduled or HOURS * (1 - exp(-self.per_connection * connections / HOURS))


METRICS = (
    *(
        Metric(name, scheduled=HOURS)
        for name in (
            "AppTrouble",
            "Connections",
            "GraphVersionDaysLeft",
            "GraphVersionMismatch",
            "NearestExpiryDays",
            "OldestDueSeconds",
            "OldestUnpublishedSeconds",
            "ScheduleRun",
        )
    ),
    Metric("PublishFailed", per_connection=LOGINS * RARE),
    Metric("Checks", "outcome", frozenset({"checked"}), per_connection=CHECKS),
    Metric("Checks", "outcome", frozenset({"renewed"}), per_connection=RENEWALS),
    Metric(
        "Checks",
        "outcome",
        frozenset({*get_args(Outcome), "failed"}) - {"checked", "renewed"},
        per_connection=CHECKS * RARE,
    ),
    Metric("LinksCreated", "outcome", frozenset({"created"}), per_connection=LOGINS),
    Metric("LinksCreated", "outcome", frozenset({"refused"}), per_connection=LOGINS * RARE),
    Metric("LoginStarted", "reason", frozenset({"started"}), per_connection=LOGINS),
    Metric("LoginStarted", "reason", frozenset({"offered"}), per_connection=LOGINS * RARE),
    Metric(
        "LoginNotStarted",
        "reason",
        frozenset(
            {
                "aws-busy",
                "link-expired",
                "link-required",
                "link-revoked",
                "link-unknown",
                "link-used",
                "request-malformed",
                "unexpected",
            }
        ),
        per_connection=LOGINS * RARE,
    ),
    Metric("LoginEnded", "reason", frozenset({"connected"}), per_connection=LOGINS),
    Metric("LoginEnded", "reason", frozenset(OUTCOMES), per_connection=LOGINS * RARE),
    Metric(
        "CookieMissing",
        "sec_fetch_site",
        frozenset({"cross-site", "same-site", "same-origin", "none", "unknown"}),
        per_connection=LOGINS * RARE,
    ),
    Metric("Deauthorized", "outcome", counted.webhook_ends(), per_connection=RARE),
    Metric("DataDeletion", "outcome", counted.webhook_ends(), per_connection=RARE),
    # Those of a stack whose address Meta does not have are never emitted.
    Metric("WhatsAppWebhook", "outcome", counted.account_webhook_ends(), per_connection=RARE),
)


def max_connections(template: Template) -> int:
    """Return how many connections one stack can store and check each day."""
    parameters = (MAX_STANDARD + MAX_ADVANCED - template.own_parameters) // PARAMETERS_PER_CONNECTION
    return min(parameters, int(CHECKING_SECONDS_A_DAY / CHECK_SECONDS))


def parameters(connections: int, template: Template) -> int:
    """Return how many parameters a stack has."""
    return template.own_parameters + PARAMETERS_PER_CONNECTION * connections


def advanced(connections: int, template: Template) -> int:
    """Return how many of them are advanced, if the account has no others in this Region."""
    return max(0, parameters(connections, template) - MAX_STANDARD)


def bill(connections: int, template: Template, login_gb_seconds: float) -> dict[str, float]:
    """Return the dollars that one stack costs a month, by item."""
    logins = LOGINS * connections
    times = {LOGIN: logins, SET_UP: logins, CHECK: CHECKS * connections, RENEWAL: RENEWALS * connections}

    def total(what: str) -> float:
        return float(sum(number * getattr(work, what) for work, number in times.items()))

    share = advanced(connections, template) / parameters(connections, template)
    log_gb = total("log_bytes") / 1e9
    table_gb = connections * RECORD_BYTES / 1e9
    published = (LOGIN.invocations - LOGIN.http_requests) * logins + times[SET_UP] + times[RENEWAL]
    checks = times[CHECK] + times[SET_UP]
    small_seconds = CHECK_SECONDS * checks + RUN_SECONDS * template.scheduled_runs + PUBLISH_SECONDS * published
    return {
        "Parameter Store, advanced parameters": ADVANCED.of(advanced(connections, template)),
        "Parameter Store, calls about these": INTERACTION.of(share * total("parameter_calls")),
        "KMS, key": KEY.of(template.keys),
        "KMS, requests": KMS_REQUEST.of(total("kms_requests")),
        "CloudWatch, custom metrics": METRIC.of(
            sum(len(metric.values) * metric.hours(connections) / HOURS for metric in METRICS)
        ),
        "CloudWatch, alarms": ALARM.of(template.alarm_metrics),
        "CloudWatch, dashboard": DASHBOARD.of(template.dashboards),
        "CloudWatch Logs": LOG_GB.of(log_gb) + LOG_GB_MONTH.of(log_gb * template.log_retention_days / DAYS),
        "DynamoDB": WRITE_UNIT.of(total("write_units"))
        + READ_UNIT.of(RUN_READ_UNITS * template.scheduled_runs + CHECKS * connections)
        + TABLE_GB_MONTH.of(table_gb)
        + BACKUP_GB_MONTH.of(table_gb),
        "Lambda": INVOCATION.of(total("invocations") + template.scheduled_runs)
        + GB_SECOND.of(login_gb_seconds * logins + SMALL_GB * small_seconds),
        "SQS": QUEUE_REQUEST.of(total("queue_requests") + POLLS),
        "API Gateway": HTTP_REQUEST.of(total("http_requests")),
        "EventBridge, Scheduler, SNS": EVENT.of(total("events"))
        + SCHEDULED.of(template.scheduled_runs)
        + NOTIFICATION.of(ALERTS * connections)
        + MAIL.of(ALERTS * connections),
    }


def whole_bill(connections: int, template: Template, login_gb_seconds: float) -> dict[str, Any]:
    """Return the bill of all stacks that are needed, each in an account or Region without other parameters."""
    stacks = ceil(connections / max_connections(template))
    each = [connections // stacks + (number < connections % stacks) for number in range(stacks)]
    bills = [bill(number, template, login_gb_seconds) for number in each]
    lines = {item: sum(lines[item] for lines in bills) for item in bills[0]}
    return {
        "stacks": stacks,
        "parameters": sum(parameters(number, template) for number in each),
        "advanced": sum(advanced(number, template) for number in each),
        "lines": lines,
        "total": sum(lines.values()),
    }


def run() -> dict[str, Any]:
    kept = result.load("first_login")
    if kept is None:
        raise RuntimeError("Run the benchmark first_login before this one.")
    steps = kept["figures"]["steps"]
    slow = next(step["wall"] for step in steps if step["delay"] == FACEBOOK_MS)
    fast = {step["memory"]: step["wall"] for step in steps if step["delay"] == 0}
    chosen = max(fast)

    def seconds(memory: int, kind: str) -> float:
        """Return the billed seconds of a login: waiting as measured with a whole CPU, CPU as measured with this memory."""
        names = [f"authorize, {kind}", f"callback, {kind}"]
        waiting = sum(slow[name] - fast[chosen][name] for name in names)
        own = sum(fast[memory][name] for name in names)
        starting = sum(fast[memory][f"{entry} INIT"] for entry in ("authorize", "callback"))
        return float(waiting + AWS_MS + own + (starting if kind == "first" else 0)) / 1000

    template = counted.template(counted.parse())
    million = 1_000_000
    return {
        "counts": asdict(template) | {"metrics": sum(len(metric.values) for metric in METRICS)},
        "prices": [price._asdict() for price in PRICES],
        "bills": {
            str(connections): whole_bill(connections, template, seconds(chosen, "first") * chosen / 1024)
            for connections in CONNECTIONS
        },
        "fixed": {
            f"API Gateway, {LOGIN.http_requests} requests": HTTP_REQUEST.of(LOGIN.http_requests * million),
            f"Lambda, {LOGIN.invocations} requests (with publish)": INVOCATION.of(LOGIN.invocations * million),
            f"DynamoDB, {LOGIN.write_units} writes": WRITE_UNIT.of(LOGIN.write_units * million),
            f"KMS, {LOGIN.kms_requests} calls": KMS_REQUEST.of(LOGIN.kms_requests * million),
            f"CloudWatch Logs, {LOGIN.log_bytes / 1000:.0f} KB": LOG_GB.of(LOGIN.log_bytes * million / 1e9),
        },
        "login": {
            str(memory): {
                kind: {
                    "seconds": seconds(memory, kind),
                    "dollars": GB_SECOND.of(seconds(memory, kind) * memory / 1024 * million),
                }
                for kind in ("first", "warm")
            }
            for memory in MEMORY_MB
        },
        "standing by": {
            "SnapStart, two functions, one version each": CACHE_GB_SECOND.of(2 * chosen / 1024 * HOURS * 3600),
            "one provisioned environment for each of two functions": PROVISIONED_GB_SECOND.of(
                2 * chosen / 1024 * HOURS * 3600
            ),
        },
    }


def tables(figures: Mapping[str, Any]) -> Mapping[str, str]:
    fixed = sum(figures["fixed"].values())
    bills = figures["bills"]
    items = sorted(
        next(iter(bills.values()))["lines"],
        key=lambda item: -sum(each["lines"][item] for each in bills.values()),
    )
    heads = [f"{int(connections):,}" for connections in bills]
    return {
        "cost total": table(
            ["connections", "$ a month", "largest item", "parameters", "of them advanced", "stacks"],
            [
                [
                    f"{int(connections):,}",
                    f"**{each['total']:,.2f}**",
                    "{}: {:,.2f}".format(*max(each["lines"].items(), key=lambda line: line[1])),
                    f"{each['parameters']:,}",
                    f"{each['advanced']:,}",
                    each["stacks"],
                ]
                for connections, each in bills.items()
            ],
        ),
        "cost bill": table(
            ["$ a month for so many connections", *heads],
            [
                *([item, *(f"{each['lines'][item]:,.2f}" for each in bills.values())] for item in items),
                ["**together**", *(f"**{each['total']:,.2f}**" for each in bills.values())],
            ],
        ),
        "cost counts": table(
            ["counted in template.yaml and the functions", "", "$ a month"],
            [
                [
                    "metrics that alarms watch",
                    figures["counts"]["alarm_metrics"],
                    f"{ALARM.of(figures['counts']['alarm_metrics']):.2f}",
                ],
                [
                    "custom metrics, if each were emitted in every hour",
                    figures["counts"]["metrics"],
                    f"{METRIC.of(figures['counts']['metrics']):.2f}",
                ],
                [
                    "dashboards",
                    figures["counts"]["dashboards"],
                    f"{DASHBOARD.of(figures['counts']['dashboards']):.2f}",
                ],
                ["keys", figures["counts"]["keys"], f"{KEY.of(figures['counts']['keys']):.2f}"],
                ["days that logs are kept", figures["counts"]["log_retention_days"], ""],
                ["parameters that belong to no connection", figures["counts"]["own_parameters"], ""],
            ],
        ),
        "cost prices": table(
            ["price", "$", "for", "last read"],
            [
                [
                    price["item"],
                    _exact(price["dollars"]),
                    f"{price['per']:,}",
                    price["read"] or "not checked again",
                ]
                for price in figures["prices"]
            ],
        ),
        "cost connects": table(
            ["per million connects", "$"],
            [
                *([name, f"{dollars:.2f}"] for name, dollars in figures["fixed"].items()),
                ["all of these", f"**{fixed:.2f}**"],
            ],
        ),
        "cost memory": table(
            [
                "MB",
                "s billed, warm",
                "$ per million, warm",
                "s billed, both cold",
                "$ per million, both cold",
                "total, warm to cold",
            ],
            [
                [
                    memory,
                    f"{login['warm']['seconds']:.2f}",
                    f"{login['warm']['dollars']:.2f}",
                    f"{login['first']['seconds']:.2f}",
                    f"{login['first']['dollars']:.2f}",
                    f"{fixed + login['warm']['dollars']:.0f} to {fixed + login['first']['dollars']:.0f}",
                ]
                for memory, login in figures["login"].items()
            ],
        ),
        "cost standing": table(
            ["per month, used or not", "$"],
            [[name, f"{value:.2f}"] for name, value in figures["standing by"].items()],
        ),
    }


def _exact(dollars: float) -> str:
    """Return a price with two decimals, or with more if it has more."""
    cents = f"{dollars:.2f}"
    return cents if float(cents) == dollars else f"{dollars:.10f}".rstrip("0")
