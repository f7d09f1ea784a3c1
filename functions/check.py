"""DueQueue and CheckQueue: ask Facebook about tokens, extend, warn, end what is dead.

A message is a hint and is never returned to its queue: the record says what there is to do.
"""

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.brake import BrakeStore
from whatsapp_connect.check_connection import SAME_QUESTION_S, CheckFlow, Request
from whatsapp_connect.check_queue import CheckQueue, connection_id_in
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.faults import describe
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.settings import Settings
from whatsapp_connect.token_cipher import TokenCipher

settings = Settings.from_environ(os.environ)
logger = Logger()


def on_trouble(message: str, connection_id: str, exception: Exception) -> None:
    logger.warning(message, extra={"connection_id": connection_id, **describe(exception)})


_session = boto3.Session()
_config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})
_dynamodb = _session.client("dynamodb", config=_config)
_ssm = _session.client("ssm", config=_config)
check_queue = CheckQueue(client=_session.client("sqs", config=_config), url=settings.check_queue_url)
flow = CheckFlow(
    connections=ConnectionStore(client=_dynamodb, table=settings.connection_table),
    parameters=ParameterStore(client=_ssm, prefix=settings.parameter_prefix, key_id=settings.token_key_id),
    cipher=TokenCipher(client=_session.client("kms", config=_config), key_id=settings.token_key_id),
    facebook=FacebookClient(
        url=settings.graph_url,
        version=settings.graph_version,
        app_id=settings.meta_app_id,
        app_secrets=AppSecretStore(client=_ssm, prefix=settings.parameter_prefix).read,
    ),
    brake=BrakeStore(client=_dynamodb, table=settings.brake_table),
    app_id=settings.meta_app_id,
    metadata=settings.metadata,
    on_trouble=on_trouble,
)


def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    for message in event["Records"]:
        connection_id = connection_id_in(message["body"])
        if connection_id is None:
            logger.warning("message not understood")
            count("failed")
            continue
        try:
            outcome = flow.check(
                Request(
                    connection_id,
                    sent_at=int(message["attributes"]["SentTimestamp"]) / 1000,
                    asked=message["eventSourceARN"] == settings.check_queue_arn,
                )
            )
            if outcome == "later":
                check_queue.send(connection_id, delay_s=SAME_QUESTION_S)
        except Exception as exception:  # noqa: BLE001  belongs to this connection; it stays due
            logger.error("check crashed", extra={"connection_id": connection_id, **describe(exception)})
            count("failed")
            continue
        logger.info("checked", extra={"connection_id": connection_id, "outcome": outcome})
        count(outcome)


def count(outcome: str) -> None:
    with single_metric(name="Checks", unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(name="outcome", value=outcome)
