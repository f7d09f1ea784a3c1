"""Every five minutes: queue the checks that are due, repeat what is not published, watch the app."""

import os
from time import time
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, token_rules
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.brake import BrakeStore
from whatsapp_connect.check_queue import CheckQueue
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.faults import describe
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.metrics import count
from whatsapp_connect.schedule_checks import ScheduleFlow
from whatsapp_connect.settings import Settings

settings = Settings.from_environ(os.environ)
logger = Logger()
_aws = aws.Clients()
_dynamodb = _aws.make("dynamodb", aws.BACKGROUND)
connections = ConnectionStore(client=_dynamodb, table=settings.connection_table)
app_secrets = AppSecretStore(client=_aws.make("ssm", aws.BACKGROUND), prefix=settings.parameter_prefix)
flow = ScheduleFlow(
    connections=connections,
    due_queue=CheckQueue(client=_aws.make("sqs", aws.BACKGROUND), url=settings.due_queue_url),
    facebook=FacebookClient(GraphClient.from_settings(settings, app_secrets=app_secrets.read)),
    brake=BrakeStore(client=_dynamodb, table=settings.brake_table),
    publish=connections.ask_for_publishing,
    checking=settings.checking,
    publishing=settings.publishing,
)


def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    report = flow.run()
    count("AppTrouble", 1 if report.app_trouble else 0)
    count("OldestDueSeconds", report.oldest_due_s)
    count("OldestUnpublishedSeconds", report.oldest_unpublished_s)
    count("Connections", report.living)
    if report.nearest_expiry_s is not None:
        count("NearestExpiryDays", report.nearest_expiry_s / token_rules.DAY_S)
    ends_at = token_rules.graph_version_ends_at(settings.graph_version)
    if ends_at is not None:
        count("GraphVersionDaysLeft", (ends_at - time()) / token_rules.DAY_S)
    if report.app_trouble:
        logger.error("app in trouble", extra=describe(report.app_trouble))
    else:
        count("GraphVersionMismatch", 1 if report.graph_version != settings.graph_version else 0)
        if ignored := app_secrets.read().ignored:
            # It is not used, and the operator may not know.
            logger.warning("text beside the app secret is ignored", extra={"ignored": list(ignored)})
    count("ScheduleRun")
    logger.info("run ended", extra={"queued": report.queued})
