"""The stream of ConnectionTable: make Parameter Store, AccountTable and EventBridge agree with the records.

A failure never fails the batch. It concerns one connection, which is tried again later.
"""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, metrics
from whatsapp_connect.account_index import AccountIndex
from whatsapp_connect.check_queue import CheckQueue
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore, is_never_due
from whatsapp_connect.deletions import DeletionStore
from whatsapp_connect.event_bus import EventBus
from whatsapp_connect.faults import describe
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.pins import PinStore
from whatsapp_connect.publish_connection import PublishFlow
from whatsapp_connect.settings import Settings
from whatsapp_connect.waiting import Pace

CONNECTION_MS = 40_000
"""What one connection can take while Parameter Store refuses every write."""

settings = Settings.from_environ(os.environ)
logger = Logger()


def on_trouble(message: str, connection_id: str, exception: Exception) -> None:
    logger.warning(message, extra={"connection_id": connection_id, **describe(exception)})
    metrics.count("PublishFailed")


def check_all(record: ConnectionRecord) -> None:
    """Have a connection set up after a login, and its owner's other connections checked.

    A new choice at Facebook can take accounts away from them.
    """
    check_queue.send_all(dict.fromkeys((record.connection_id, *connections.of_user(record.user_id))))


_aws = aws.Clients()
_dynamodb = _aws.make("dynamodb", aws.PUBLISH)
connections = ConnectionStore(client=_dynamodb, table=settings.connection_table)
check_queue = CheckQueue(client=_aws.make("sqs", aws.PUBLISH), url=settings.check_queue_url)
_ssm = _aws.make("ssm", aws.PARAMETERS)
_kms = _aws.make("kms", aws.PUBLISH)
flow = PublishFlow(
    connections=connections,
    parameters=ParameterStore(client=_ssm, prefix=settings.parameter_prefix, key_id=settings.token_key_id),
    cipher=Cipher(client=_kms, key_id=settings.token_key_id),
    pins=PinStore(client=_ssm, prefix=settings.parameter_prefix, key_id=settings.token_key_id),
    pin_cipher=Cipher(client=_kms, key_id=settings.token_key_id, purpose="pin"),
    accounts=AccountIndex(client=_dynamodb, table=settings.account_table),
    deletions=DeletionStore(client=_dynamodb, table=settings.deletion_table),
    bus=EventBus(client=_aws.make("events", aws.PUBLISH)),
    stack=settings.stack_name,
    reconnect_url=f"{settings.site_url}/reconnect" if settings.reconnect else "",
    service_name=settings.service_name,
    metadata=settings.metadata,
    before_write=Pace(settings.parameter_writes_per_second).wait,
    on_trouble=on_trouble,
    after_login=check_all,
)


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Publish each connection of a batch once. What there is no time for stays due, and the schedule brings it again."""
    if not settings.publishing:
        return
    changes = [change["dynamodb"] for change in event["Records"]]
    for connection_id, change in {change["Keys"]["connection_id"]["S"]: change for change in changes}.items():
        try:
            if "NewImage" in change and is_never_due(change["NewImage"]):
                connections.make_due(connection_id)
            if context.get_remaining_time_in_millis() < CONNECTION_MS:
                logger.warning("no time to publish", extra={"connection_id": connection_id})
                continue
            is_done = flow.publish(connection_id)
        except Exception as exception:  # noqa: BLE001  the schedule brings it again
            on_trouble("not published", connection_id, exception)
        else:
            logger.info("published", extra={"connection_id": connection_id, "done": is_done})
