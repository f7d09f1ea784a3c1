"""POST /data-deletion: delete a person's data. GET /data-deletion/{code}: show whether that is done."""

import hmac
import os
from time import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect import pages
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.deletions import DeletionStore
from whatsapp_connect.errors import SignedRequestError
from whatsapp_connect.faults import describe
from whatsapp_connect.forget import ForgetFlow
from whatsapp_connect.pages import Response
from whatsapp_connect.request import Request
from whatsapp_connect.settings import Settings
from whatsapp_connect.signed_request import SignedRequest, verify_sender

settings = Settings.from_environ(os.environ)
logger = Logger()

_session = boto3.Session()
_config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 4})
_dynamodb = _session.client("dynamodb", config=_config)
app_secrets = AppSecretStore(client=_session.client("ssm", config=_config), prefix=settings.parameter_prefix)
deletions = DeletionStore(client=_dynamodb, table=settings.deletion_table)
flow = ForgetFlow(connections=ConnectionStore(client=_dynamodb, table=settings.connection_table))


def handler(event: dict[str, Any], _context: LambdaContext) -> Response:
    request = Request.from_event(event)
    try:
        if request.method == "POST":
            return delete(request)
        return status(event["pathParameters"]["code"])
    except SignedRequestError as error:
        logger.warning("data deletion refused", extra={"reason": error.reason, "reference": request.id})
        count(error.reason)
        return pages.json_answer(400, {"error": error.reason})
    except Exception as exception:  # noqa: BLE001  the outermost line
        logger.error("data deletion failed", extra={"reference": request.id, **describe(exception)})
        count("failed")
        return pages.json_answer(500, {"error": "unexpected"})


def delete(request: Request) -> Response:
    """Delete a person's data and answer what Meta shows them: a status page and a code.

    https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
    """
    person = verify_sender(request.form_field("signed_request"), app_secrets=app_secrets.read)
    forgotten = flow.forget_person(person, reason="deletion-requested")
    code = confirmation_code(person, app_secrets.read().values[0])
    deletions.store(code, deleted_at=int(time()))
    logger.info("data deleted", extra={"reference": request.id, "forgotten": forgotten})
    count("forgotten")
    base_url = settings.public_base_url or f"https://{request.host}"
    return pages.json_answer(200, {"url": f"{base_url}/data-deletion/{code}", "confirmation_code": code})


def confirmation_code(person: SignedRequest, app_secret: str) -> str:
    """Return a code that nobody can guess, and that is the same when Meta asks twice."""
    request = f"data-deletion {person.user_id} {person.issued_at}"
    return hmac.new(app_secret.encode(), request.encode(), "sha256").hexdigest()[:24]


def status(code: str) -> Response:
    """Show whether a request was carried out, in words that do not tell whether the person was known."""
    deleted_at = deletions.deleted_at(code)
    return pages.deletion_page(deleted_at) if deleted_at else pages.unknown_deletion_page()


def count(outcome: str) -> None:
    with single_metric(name="DataDeletion", unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(name="outcome", value=outcome)
