"""The stream of ConnectionTable: make Parameter Store and EventBridge agree with the records.

A failure belongs to its connection, which is tried again later: it never fails the batch.
"""

import os
from time import monotonic, sleep
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect.check_queue import CheckQueue
from whatsapp_connect.connections import ConnectionStore, is_never_due
from whatsapp_connect.event_bus import EventBus
from whatsapp_connect.faults import describe
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.publish_connection import PublishFlow
from whatsapp_connect.settings import Settings
from whatsapp_connect.token_cipher import TokenCipher

settings = Settings.from_environ(os.environ)
logger = Logger()
_next_write_at = 0.0


def pace() -> None:
    """Wait until Parameter Store may be written again: it takes three writes a second for the account and Region."""
    global _next_write_at  # noqa: PLW0603  one pace for the process
    now = monotonic()
    sleep(max(0.0, _next_write_at - now))
    _next_write_at = max(now, _next_write_at) + 1 / settings.parameter_writes_per_second


def on_trouble(message: str, connection_id: str, exception: Exception) -> None:
    logger.warning(message, extra={"connection_id": connection_id, **describe(exception)})
    count("PublishFailed")


def check_others(record: ConnectionRecord) -> None:
    """Have the owner's other connections checked: a new choice at Facebook can take accounts away from them."""
    for connection_id in connections.of_user(record.user_id):
        if connection_id != record.connection_id:
            check_queue.send(connection_id)


_session = boto3.Session()
# Short, because one slow connection holds up the others of the stream.
_config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
connections = ConnectionStore(client=_session.client("dynamodb", config=_config), table=settings.connection_table)
check_queue = CheckQueue(client=_session.client("sqs", config=_config), url=settings.check_queue_url)
flow = PublishFlow(
    connections=connections,
    parameters=ParameterStore(
        client=_session.client("ssm", config=_config),
        prefix=settings.parameter_prefix,
        key_id=settings.token_key_id,
    ),
    cipher=TokenCipher(client=_session.client("kms", config=_config), key_id=settings.token_key_id),
    bus=EventBus(client=_session.client("events", config=_config)),
    stack=settings.stack_name,
    connect_url=settings.connect_url,
    metadata=settings.metadata,
    before_write=pace,
    on_trouble=on_trouble,
    after_login=check_others,
)


def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Publish each connection of a batch once."""
    if not settings.publishing:
        return
    changes = [change["dynamodb"] for change in event["Records"]]
    for connection_id, change in {change["Keys"]["connection_id"]["S"]: change for change in changes}.items():
        try:
            if "NewImage" in change and is_never_due(change["NewImage"]):
                connections.make_due(connection_id)
            is_done = flow.publish(connection_id)
        except Exception as exception:  # noqa: BLE001  the schedule brings it again
            on_trouble("not published", connection_id, exception)
        else:
            logger.info("published", extra={"connection_id": connection_id, "done": is_done})


def count(name: str) -> None:
    with single_metric(name=name, unit=MetricUnit.Count, value=1):
        pass
