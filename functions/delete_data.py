"""POST /data-deletion: delete a person's data. GET /data-deletion/{code}: show whether it is deleted."""

import os
from time import time
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, metrics
from whatsapp_connect.account_index import AccountIndex
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.brand import Brand
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.deletions import DeletionStore
from whatsapp_connect.errors import SignedRequestError
from whatsapp_connect.faults import describe
from whatsapp_connect.forget import ForgetFlow
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.pages import Pages
from whatsapp_connect.request import Request
from whatsapp_connect.responses import Response, json_answer
from whatsapp_connect.settings import Settings
from whatsapp_connect.signed_request import confirmation_code, verify_sender
from whatsapp_connect.unsubscription import Unsubscriber
from whatsapp_connect.whatsapp import WhatsAppClient

settings = Settings.from_environ(os.environ)
logger = Logger()


def on_trouble(message: str, connection_id: str, exception: Exception) -> None:
    logger.warning(message, extra={"connection_id": connection_id, **describe(exception)})


_aws = aws.Clients()
_dynamodb = _aws.make("dynamodb", aws.WEBHOOK)
app_secrets = AppSecretStore(client=_aws.make("ssm", aws.WEBHOOK), prefix=settings.parameter_prefix)
deletions = DeletionStore(client=_dynamodb, table=settings.deletion_table)
connections = ConnectionStore(client=_dynamodb, table=settings.connection_table)
unsubscriber = Unsubscriber(
    connections=connections,
    account_index=AccountIndex(client=_dynamodb, table=settings.account_table),
    cipher=Cipher(client=_aws.make("kms", aws.WEBHOOK), key_id=settings.token_key_id),
    whatsapp=WhatsAppClient(GraphClient.from_settings(settings, app_secrets=app_secrets.read)),
    on_trouble=on_trouble,
)
pages = Pages(Brand.from_settings(settings))
flow = ForgetFlow(connections=connections, unsubscriber=unsubscriber if settings.subscribe_app else None)


def handler(event: dict[str, Any], _context: LambdaContext) -> Response:
    request = Request.from_event(event)
    try:
        return delete(request) if request.method == "POST" else status(request, event["pathParameters"]["code"])
    except SignedRequestError as error:
        logger.warning("data deletion refused", extra={"reason": error.reason, "reference": request.id})
        metrics.count("DataDeletion", outcome=error.reason)
        return json_answer(400, {"error": error.reason})
    except Exception as exception:  # noqa: BLE001  the outermost line
        logger.error("data deletion failed", extra={"reference": request.id, **describe(exception)})
        metrics.count("DataDeletion", outcome="failed")
        return json_answer(500, {"error": "unexpected"})


def delete(request: Request) -> Response:
    """Delete a person's data. Answer what Meta shows them: the URL of a status page, and a code.

    https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
    """
    person = verify_sender(request.form_field("signed_request"), app_secrets=app_secrets.read)
    forgotten = flow.forget_person(person, reason="deletion-requested")
    code = confirmation_code(person, app_secrets.read().values[0])
    deletions.store(code, deleted_at=int(time()))
    logger.info("data deleted", extra={"reference": request.id, "forgotten": forgotten})
    metrics.count("DataDeletion", outcome="forgotten")
    url = f"{settings.base_url(request.host)}/data-deletion/{code}"
    return json_answer(200, {"url": url, "confirmation_code": code})


def status(request: Request, code: str) -> Response:
    """Show whether a request was carried out. The page does not say whether the person was known."""
    deleted_at = deletions.deleted_at(code)
    language = request.language()
    return pages.deletion(language, deleted_at) if deleted_at else pages.unknown_deletion(language)
