"""DueQueue and CheckQueue: check connections.

A message never goes back to its queue: the record says what is to be done.
"""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, metrics
from whatsapp_connect.accounts import AccountFinder
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.brake import BrakeStore
from whatsapp_connect.business_app import BusinessApp
from whatsapp_connect.check_connection import SAME_QUESTION_S, CheckFlow, Request
from whatsapp_connect.check_queue import CheckQueue, connection_id_in
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.facebook import FacebookClient
from whatsapp_connect.faults import describe
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.pins import PinStore
from whatsapp_connect.registration import Registrar
from whatsapp_connect.set_up import SetUp
from whatsapp_connect.settings import Settings
from whatsapp_connect.whatsapp import WhatsAppClient

settings = Settings.from_environ(os.environ)
logger = Logger()


def on_trouble(message: str, connection_id: str, exception: Exception) -> None:
    logger.warning(message, extra={"connection_id": connection_id, **describe(exception)})


_aws = aws.Clients()
_dynamodb = _aws.make("dynamodb", aws.BACKGROUND)
_ssm = _aws.make("ssm", aws.BACKGROUND)
_kms = _aws.make("kms", aws.BACKGROUND)
app_secrets = AppSecretStore(client=_ssm, prefix=settings.parameter_prefix)
check_queue = CheckQueue(client=_aws.make("sqs", aws.BACKGROUND), url=settings.check_queue_url)
graph = GraphClient.from_settings(settings, app_secrets=app_secrets.read)
connections = ConnectionStore(client=_dynamodb, table=settings.connection_table)
whatsapp = WhatsAppClient(graph)
registrar = Registrar(
    connections=connections,
    cipher=Cipher(client=_kms, key_id=settings.token_key_id, purpose="pin"),
    pins=PinStore(client=_ssm, prefix=settings.parameter_prefix, key_id=settings.token_key_id),
    whatsapp=whatsapp,
)
business_app = BusinessApp(connections=connections, whatsapp=whatsapp)
flow = CheckFlow(
    connections=connections,
    parameters=ParameterStore(client=_ssm, prefix=settings.parameter_prefix, key_id=settings.token_key_id),
    cipher=Cipher(client=_kms, key_id=settings.token_key_id),
    facebook=FacebookClient(graph),
    finder=AccountFinder(whatsapp),
    set_up=SetUp(whatsapp, subscribes=settings.subscribe_app),
    registrar=registrar if settings.register_numbers else None,
    business_app=business_app if settings.sync_business_app else None,
    brake=BrakeStore(client=_dynamodb, table=settings.brake_table),
    app_id=settings.meta_app_id,
    required_scopes=settings.required_scopes,
    metadata=settings.metadata,
    on_trouble=on_trouble,
)


def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    for message in event["Records"]:
        metrics.count("Checks", outcome=check(message))


def check(message: dict[str, Any]) -> str:
    """Check the connection that a message names, and return how that ended."""
    connection_id = connection_id_in(message["body"])
    if connection_id is None:
        logger.warning("message not understood")
        return "failed"
    sent_at = int(message["attributes"]["SentTimestamp"]) / 1000
    asked = message["eventSourceARN"] == settings.check_queue_arn
    try:
        outcome = flow.check(Request(connection_id, sent_at=sent_at, asked=asked))
        if outcome == "later":
            check_queue.send(connection_id, delay_s=SAME_QUESTION_S)
    except Exception as exception:  # noqa: BLE001  concerns this connection only, which stays due
        logger.error("check crashed", extra={"connection_id": connection_id, **describe(exception)})
        return "failed"
    logger.info("checked", extra={"connection_id": connection_id, "outcome": outcome})
    return outcome
