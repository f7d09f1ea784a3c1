"""POST /deauthorize: the person removed the app; forget them."""

import os
from time import monotonic
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect import responses
from whatsapp_connect.config import Settings
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import SignedRequestError, describe
from whatsapp_connect.forget import forget_person
from whatsapp_connect.request import Request
from whatsapp_connect.responses import Response
from whatsapp_connect.signed_request import verify
from whatsapp_connect.vault import Vault

ANSWERING = 5.0
"""Seconds kept back, of the time the function has, for the answer."""

settings = Settings.from_environ(os.environ)
logger = Logger()

_session = boto3.Session()
_config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 4})
connections = ConnectionStore(
    client=_session.client("dynamodb", config=_config), table=settings.connection_table
)
vault = Vault(
    client=_session.client("ssm", config=_config),
    prefix=settings.parameter_prefix,
    key_id=settings.token_key_id,
)


def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    """Answer 200 once everything is forgotten, whether or not there was anything; 400 if it was not Meta who asked."""
    request = Request.from_event(event)
    deadline = monotonic() + context.get_remaining_time_in_millis() / 1000 - ANSWERING
    try:
        person = verify(request.form_field("signed_request"), app_secrets=vault.app_secrets().values)
        forgotten = forget_person(
            person, reason="app-removed", connections=connections, vault=vault, deadline=deadline
        )
    except SignedRequestError as error:
        logger.warning("deauthorize refused", extra={"reason": error.reason, "reference": request.id})
        count(error.reason)
        return responses.json_answer(400, {"error": error.reason})
    except Exception as exception:  # noqa: BLE001  the outermost line
        logger.error("deauthorize failed", extra={"reference": request.id, **describe(exception)})
        count("failed")
        return responses.json_answer(500, {"error": "unexpected"})
    logger.info("deauthorized", extra={"reference": request.id, "forgotten": forgotten})
    count("forgotten")
    return responses.json_answer(200, {})


def count(outcome: str) -> None:
    with single_metric(name="Deauthorized", unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(name="outcome", value=outcome)
