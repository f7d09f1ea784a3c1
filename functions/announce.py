"""The stream of ConnectionTable: keep the metadata parameter and the outside world up to date.

The stream brings the changes of one connection in order and brings them again until they are handled, so neither
projection of the record can be lost between two writes. An event may arrive twice; its detail carries an event_id.
"""

import json
import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config

from whatsapp_connect import events
from whatsapp_connect.config import Settings
from whatsapp_connect.errors import describe
from whatsapp_connect.vault import Vault

settings = Settings.from_environ(os.environ)
logger = Logger()

_session = boto3.Session()
_config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 5})
vault = Vault(
    client=_session.client("ssm", config=_config),
    prefix=settings.parameter_prefix,
    key_id=settings.token_key_id,
)
_bus = _session.client("events", config=_config)
_deserialize = TypeDeserializer().deserialize


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Announce a batch of changes, as far as it goes; Lambda brings the rest again."""
    for change in event["Records"]:
        try:
            announce(change)
        except Exception as exception:  # noqa: BLE001  the outermost line
            logger.error("announcement failed", extra={"event_id": change["eventID"], **describe(exception)})
            return {"batchItemFailures": [{"itemIdentifier": change["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def announce(change: dict[str, Any]) -> None:
    old, new = (_record(change["dynamodb"].get(image)) for image in ("OldImage", "NewImage"))
    keep_metadata(old, new)
    for number, event in enumerate(events.lifecycle_events(old, new, connect_url=settings.connect_url)):
        put_event(event, event_id=f"{change['eventID']}-{number}")
        logger.info(
            "connection changed",
            extra={"lifecycle": event.type, "connection_id": event.detail["connection_id"]},
        )


def keep_metadata(old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
    """Bring the metadata parameter in line with the record, if the change is one that readers see.

    A changed `announced_at` asks for it in any case: somebody has found the parameter missing or altered.
    """
    metadata = events.metadata(new)
    if metadata is None:
        if events.metadata(old) is not None and old is not None:
            vault.delete_metadata(old["connection_id"])
    elif new is not None and (metadata, new.get("announced_at")) != (
        events.metadata(old),
        (old or {}).get("announced_at"),
    ):
        vault.put_metadata(new["connection_id"], events.parameter_text(metadata))


def put_event(event: events.Event, *, event_id: str) -> None:
    answer = _bus.put_events(
        Entries=[
            {
                "Source": events.SOURCE,
                "DetailType": event.type,
                "Detail": json.dumps(event.detail | {"event_id": event_id, "stack": settings.stack_name}),
            }
        ]
    )
    if answer["FailedEntryCount"]:
        raise RuntimeError(answer["Entries"][0].get("ErrorCode"))


def _record(image: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if image is None else {name: _deserialize(value) for name, value in image.items()}
