"""POST /deauthorize: a person removed the app at Facebook, so forget them."""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, metrics
from whatsapp_connect.account_index import AccountIndex
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.errors import SignedRequestError
from whatsapp_connect.faults import describe
from whatsapp_connect.forget import ForgetFlow
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.request import Request
from whatsapp_connect.responses import Response, json_answer
from whatsapp_connect.settings import Settings
from whatsapp_connect.signed_request import verify_sender
from whatsapp_connect.unsubscription import Unsubscriber
from whatsapp_connect.whatsapp import WhatsAppClient

settings = Settings.from_environ(os.environ)
logger = Logger()


def on_trouble(message: str, connection_id: str, exception: Exception) -> None:
    logger.warning(message, extra={"connection_id": connection_id, **describe(exception)})


_aws = aws.Clients()
_dynamodb = _aws.make("dynamodb", aws.WEBHOOK)
app_secrets = AppSecretStore(client=_aws.make("ssm", aws.WEBHOOK), prefix=settings.parameter_prefix)
connections = ConnectionStore(client=_dynamodb, table=settings.connection_table)
unsubscriber = Unsubscriber(
    connections=connections,
    account_index=AccountIndex(client=_dynamodb, table=settings.account_table),
    cipher=Cipher(client=_aws.make("kms", aws.WEBHOOK), key_id=settings.token_key_id),
    whatsapp=WhatsAppClient(GraphClient.from_settings(settings, app_secrets=app_secrets.read)),
    on_trouble=on_trouble,
)
flow = ForgetFlow(connections=connections, unsubscriber=unsubscriber if settings.subscribe_app else None)


def handler(event: dict[str, Any], _context: LambdaContext) -> Response:
    """Answer 200 once every connection of the person is forgotten, and 400 if Meta did not send the request."""
    request = Request.from_event(event)
    try:
        person = verify_sender(request.form_field("signed_request"), app_secrets=app_secrets.read)
        forgotten = flow.forget_person(person, reason="app-removed")
    except SignedRequestError as error:
        logger.warning("deauthorize refused", extra={"reason": error.reason, "reference": request.id})
        metrics.count("Deauthorized", outcome=error.reason)
        return json_answer(400, {"error": error.reason})
    except Exception as exception:  # noqa: BLE001  the outermost line
        logger.error("deauthorize failed", extra={"reference": request.id, **describe(exception)})
        metrics.count("Deauthorized", outcome="failed")
        return json_answer(500, {"error": "unexpected"})
    logger.info("deauthorized", extra={"reference": request.id, "forgotten": forgotten})
    metrics.count("Deauthorized", outcome="forgotten")
    return json_answer(200, {})
