"""Creates connect links, for services and for the command line. Invoked with IAM, never over HTTP."""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, metrics
from whatsapp_connect.errors import LinkRefusedError
from whatsapp_connect.events import iso
from whatsapp_connect.link_request import LinkRequest
from whatsapp_connect.links import LinkStore
from whatsapp_connect.settings import Settings

settings = Settings.from_environ(os.environ)
logger = Logger()
links = LinkStore(client=aws.Clients().make("dynamodb", aws.CREATE_LINK), table=settings.link_table)


def handler(event: object, _context: LambdaContext) -> dict[str, Any]:
    """Return a new link; or what is wrong with the input, because a caller's mistake is not a failure of the stack."""
    try:
        request = LinkRequest.from_input(event, settings=settings)
    except LinkRefusedError as error:
        logger.warning("link refused", extra={"field": error.field})
        metrics.count("LinksCreated", outcome="refused")
        return {"error": "invalid-input", "field": error.field, "message": error.message}
    link = links.create(request)
    logger.info("link created", extra={"connection_id": request.connection_id, "link_id": link.id})
    metrics.count("LinksCreated", outcome="created")
    return {
        "url": f"{settings.connect_url}/{link.value}",
        "link_id": link.id,
        "expires_at": iso(link.valid_until),
    }
