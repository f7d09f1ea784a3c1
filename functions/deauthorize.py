"""POST /deauthorize: the person removed the app; forget them."""

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect import pages
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import SignedRequestError
from whatsapp_connect.faults import describe
from whatsapp_connect.forget import ForgetFlow
from whatsapp_connect.pages import Response
from whatsapp_connect.request import Request
from whatsapp_connect.settings import Settings
from whatsapp_connect.signed_request import verify_sender

settings = Settings.from_environ(os.environ)
logger = Logger()

_session = boto3.Session()
_config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 4})
app_secrets = AppSecretStore(client=_session.client("ssm", config=_config), prefix=settings.parameter_prefix)
flow = ForgetFlow(
    connections=ConnectionStore(client=_session.client("dynamodb", config=_config), table=settings.connection_table)
)


def handler(event: dict[str, Any], _context: LambdaContext) -> Response:
    """Answer 200 once everything is marked, whether or not there was anything; 400 if it was not Meta who asked."""
    request = Request.from_event(event)
    try:
        person = verify_sender(request.form_field("signed_request"), app_secrets=app_secrets.read)
        forgotten = flow.forget_person(person, reason="app-removed")
    except SignedRequestError as error:
        logger.warning("deauthorize refused", extra={"reason": error.reason, "reference": request.id})
        count(error.reason)
        return pages.json_answer(400, {"error": error.reason})
    except Exception as exception:  # noqa: BLE001  the outermost line
        logger.error("deauthorize failed", extra={"reference": request.id, **describe(exception)})
        count("failed")
        return pages.json_answer(500, {"error": "unexpected"})
    logger.info("deauthorized", extra={"reference": request.id, "forgotten": forgotten})
    count("forgotten")
    return pages.json_answer(200, {})


def count(outcome: str) -> None:
    with single_metric(name="Deauthorized", unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(name="outcome", value=outcome)
