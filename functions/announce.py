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

settings = Settings.from_environ(os.environ)
logger = Logger()

_session = boto3.Session()
_config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 5})
_parameters = _session.client("ssm", config=_config)
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
    if new is None:
        return
    metadata = events.metadata(new)
    if metadata is not None and metadata != events.metadata(old):
        _parameters.put_parameter(
            Name=f"{settings.parameter_prefix}/connections/{new['connection_id']}/metadata",
            Value=json.dumps(metadata),
            Type="String",
            Tier="Intelligent-Tiering",
            Overwrite=True,
        )
    if event_type := events.event_type(old, new):
        _put_event(event_type, events.detail(new) | {"event_id": change["eventID"]})
        logger.info(
            "connection changed", extra={"lifecycle": event_type, "connection_id": new["connection_id"]}
        )


def _put_event(event_type: str, detail: dict[str, Any]) -> None:
    answer = _bus.put_events(
        Entries=[{"Source": events.SOURCE, "DetailType": event_type, "Detail": json.dumps(detail)}]
    )
    if answer["FailedEntryCount"]:
        raise RuntimeError(answer["Entries"][0].get("ErrorCode"))


def _record(image: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if image is None else {name: _deserialize(value) for name, value in image.items()}
