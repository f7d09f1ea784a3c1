"""POST /data-deletion: delete a person's data. GET /data-deletion/{code}: show whether that is done."""

import hmac
import os
from time import monotonic, time
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from whatsapp_connect import responses
from whatsapp_connect.config import Settings
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.deletions import DeletionStore
from whatsapp_connect.errors import SignedRequestError, describe
from whatsapp_connect.forget import forget_person
from whatsapp_connect.request import Request
from whatsapp_connect.responses import Response
from whatsapp_connect.signed_request import SignedRequest, verify
from whatsapp_connect.vault import Vault

ANSWERING = 5.0
"""Seconds kept back, of the time the function has, for the answer."""

settings = Settings.from_environ(os.environ)
logger = Logger()

_session = boto3.Session()
_config = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 4})
_dynamodb = _session.client("dynamodb", config=_config)
connections = ConnectionStore(client=_dynamodb, table=settings.connection_table)
deletions = DeletionStore(client=_dynamodb, table=settings.state_table)
vault = Vault(
    client=_session.client("ssm", config=_config),
    prefix=settings.parameter_prefix,
    key_id=settings.token_key_id,
)


def handler(event: dict[str, Any], context: LambdaContext) -> Response:
    request = Request.from_event(event)
    try:
        if request.method == "POST":
            deadline = monotonic() + context.get_remaining_time_in_millis() / 1000 - ANSWERING
            return delete(request, deadline=deadline)
        return status(event["pathParameters"]["code"])
    except SignedRequestError as error:
        logger.warning("data deletion refused", extra={"reason": error.reason, "reference": request.id})
        count(error.reason)
        return responses.json_answer(400, {"error": error.reason})
    except Exception as exception:  # noqa: BLE001  the outermost line
        logger.error("data deletion failed", extra={"reference": request.id, **describe(exception)})
        count("failed")
        return responses.json_answer(500, {"error": "unexpected"})


def delete(request: Request, *, deadline: float) -> Response:
    """Delete a person's data and answer what Meta shows them: a status page and a code.

    https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
    """
    app_secrets = vault.app_secrets().values
    person = verify(request.form_field("signed_request"), app_secrets=app_secrets)
    forgotten = forget_person(
        person, reason="deletion-requested", connections=connections, vault=vault, deadline=deadline
    )
    code = confirmation_code(person, app_secrets[0])
    deletions.keep(code, deleted_at=int(time()))
    logger.info("data deleted", extra={"reference": request.id, "forgotten": forgotten})
    count("forgotten")
    base_url = settings.public_base_url or f"https://{request.host}"
    return responses.json_answer(200, {"url": f"{base_url}/data-deletion/{code}", "confirmation_code": code})


def confirmation_code(person: SignedRequest, app_secret: str) -> str:
    """Return a code that nobody can guess, and that is the same when Meta asks twice."""
    request = f"data-deletion {person.user_id} {person.issued_at}"
    return hmac.new(app_secret.encode(), request.encode(), "sha256").hexdigest()[:24]


def status(code: str) -> Response:
    """Show whether a request was carried out, in words that do not tell whether the person was known."""
    deleted_at = deletions.deleted_at(code)
    return responses.deletion_page(deleted_at) if deleted_at else responses.unknown_deletion_page()


def count(outcome: str) -> None:
    with single_metric(name="DataDeletion", unit=MetricUnit.Count, value=1) as metric:
        metric.add_dimension(name="outcome", value=outcome)
