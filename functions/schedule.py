"""Every five minutes: queue the checks that are due, bring back what is not published, watch the app."""

import os
from datetime import UTC, datetime
from time import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect import token_rules
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.brake import BrakeStore
from whatsapp_connect.check_queue import CheckQueue
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.faults import describe
from whatsapp_connect.schedule_checks import ScheduleFlow
from whatsapp_connect.settings import Settings

settings = Settings.from_environ(os.environ)
logger = Logger()


def now() -> float:
    return time()


_session = boto3.Session()
_config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})
_dynamodb = _session.client("dynamodb", config=_config)
connections = ConnectionStore(client=_dynamodb, table=settings.connection_table)
app_secrets = AppSecretStore(client=_session.client("ssm", config=_config), prefix=settings.parameter_prefix)
flow = ScheduleFlow(
    connections=connections,
    due_queue=CheckQueue(client=_session.client("sqs", config=_config), url=settings.due_queue_url),
    facebook=FacebookClient(
        url=settings.graph_url,
        version=settings.graph_version,
        app_id=settings.meta_app_id,
        app_secrets=app_secrets.read,
    ),
    brake=BrakeStore(client=_dynamodb, table=settings.brake_table),
    publish=connections.ask_for_publishing,
    checking=settings.checking,
    publishing=settings.publishing,
)


def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    report = flow.run()
    if report.app_trouble:
        logger.error("app in trouble", extra=describe(report.app_trouble))
    count("AppTrouble", 1 if report.app_trouble else 0)
    count("OldestDueSeconds", report.oldest_due_s)
    count("OldestUnpublishedSeconds", report.oldest_unpublished_s)
    count("Connections", report.living)
    if report.nearest_expiry_s is not None:
        count("NearestExpiryDays", report.nearest_expiry_s / token_rules.DAY_S)
    if end := token_rules.GRAPH_VERSION_ENDS.get(settings.graph_version):
        left_s = datetime.fromisoformat(end).replace(tzinfo=UTC).timestamp() - now()
        count("GraphVersionDaysLeft", left_s / token_rules.DAY_S)
    if not report.app_trouble:
        count("GraphVersionMismatch", 1 if report.graph_version != settings.graph_version else 0)
    if not report.app_trouble and (ignored := app_secrets.read().ignored):
        # It is not used, and the operator may not know.
        logger.warning("text beside the app secret is ignored", extra={"ignored": list(ignored)})
    count("ScheduleRun", 1)
    logger.info("run ended", extra={"queued": report.queued})


def count(name: str, value: float) -> None:
    with single_metric(name=name, unit=MetricUnit.Count, value=value):
        pass
