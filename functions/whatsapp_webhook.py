"""GET and POST /whatsapp-webhook: Meta tells what happens to WhatsApp accounts, so check their connections.

It is used once the operator has stored a verify token and given this address to Meta. An app has one address for all its
accounts, so their messages arrive here too.
"""

import os
from time import monotonic
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from whatsapp_connect import aws, metrics, webhook
from whatsapp_connect.account_index import AccountIndex
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.check_queue import CheckQueue
from whatsapp_connect.errors import WebhookRefusedError
from whatsapp_connect.event_bus import MAX_DETAIL_BYTES, EventBus
from whatsapp_connect.faults import describe
from whatsapp_connect.request import Request, raw_body
from whatsapp_connect.responses import Response, json_answer, text_answer
from whatsapp_connect.settings import Settings
from whatsapp_connect.verify_token import VerifyTokenStore

SECRETS_AGAIN_S = 10.0
"""How often the app secrets are read again for a wrong signature. Anybody can send one, and Parameter Store has a quota."""

settings = Settings.from_environ(os.environ)
logger = Logger()
_aws = aws.Clients()
_ssm = _aws.make("ssm", aws.WEBHOOK)
app_secrets = AppSecretStore(client=_ssm, prefix=settings.parameter_prefix)
verify_tokens = VerifyTokenStore(client=_ssm, prefix=settings.parameter_prefix)
account_index = AccountIndex(client=_aws.make("dynamodb", aws.WEBHOOK), table=settings.account_table)
check_queue = CheckQueue(client=_aws.make("sqs", aws.WEBHOOK), url=settings.check_queue_url)
bus = EventBus(client=_aws.make("events", aws.WEBHOOK), name=settings.webhook_bus) if settings.webhook_bus else None
_secrets_read_at = float("-inf")


def handler(event: dict[str, Any], _context: LambdaContext) -> Response:
    """Answer 200 once everything is queued or forwarded. Meta repeats what was answered otherwise, for days."""
    request = Request.from_event(event)
    try:
        return verify_address(request) if request.method == "GET" else receive(request, raw_body(event))
    except WebhookRefusedError as error:
        logger.warning("webhook refused", extra={"reason": error.reason, "reference": request.id})
        metrics.count("WhatsAppWebhook", outcome=error.reason)
        return json_answer(403, {"error": error.reason})
    except Exception as exception:  # noqa: BLE001  the outermost line
        logger.error("webhook failed", extra={"reference": request.id, **describe(exception)})
        metrics.count("WhatsAppWebhook", outcome="failed")
        return json_answer(500, {"error": "unexpected"})


def verify_address(request: Request) -> Response:
    """Repeat Meta's challenge, if Meta knows the verify token. Raises WebhookRefusedError.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started
    """
    challenge = webhook.challenge(request.raw_query, verify_token=verify_tokens.read())
    logger.info("webhook address verified", extra={"reference": request.id})
    return text_answer(challenge)


def receive(request: Request, body: bytes) -> Response:
    """Queue a check of each connection that a webhook is about. Raises WebhookRefusedError."""
    require_signature(request, body)
    changes = webhook.changes(body)
    if changes is None:
        metrics.count("WhatsAppWebhook", outcome="not-understood")
        logger.warning("webhook not understood", extra={"reference": request.id})
        return json_answer(200, {})
    queue_checks([change for change in changes if change.is_account_update])
    forward([change for change in changes if not change.is_account_update])
    return json_answer(200, {})


def require_signature(request: Request, body: bytes) -> None:
    """Return if Meta has signed the body. Raises WebhookRefusedError."""
    global _secrets_read_at  # noqa: PLW0603  one for this execution environment
    signature = request.headers.get("x-hub-signature-256", "")
    try:
        webhook.verify(body, signature, app_secrets=app_secrets.read().values)
    except WebhookRefusedError as error:
        if error.reason != "signature-wrong" or monotonic() - _secrets_read_at < SECRETS_AGAIN_S:
            raise
    else:
        return
    # The operator may have rotated them.
    _secrets_read_at = monotonic()
    webhook.verify(body, signature, app_secrets=app_secrets.read(again=True).values)


def queue_checks(updates: list[webhook.Change]) -> None:
    """Have every connection of these accounts checked. Raises TimeoutError if SQS has not accepted all."""
    about = {update.waba_id: update for update in updates}
    for waba_id, update in sorted(about.items()):
        found = account_index.connections_of(waba_id)
        if check_queue.send_all(found) < len(found):
            raise TimeoutError
        metrics.count("WhatsAppWebhook", outcome="queued" if found else "unknown-account")
        # With the business, an operator can complete a sign-up whose code was lost.
        extra = {"waba_id": waba_id, "business_id": update.business_id or None, "event": update.event or None}
        logger.info("account update", extra={**extra, "connections": len(found)})


def forward(changes: list[webhook.Change]) -> None:
    """Put other changes on the stack's own bus, if there is one. They are customers' messages, among others."""
    if not changes:
        return
    if bus is None:
        metrics.count("WhatsAppWebhook", len(changes), outcome="dropped")
        return
    details = [
        detail for change in changes for detail in change.details(stack=settings.stack_name, max_bytes=MAX_DETAIL_BYTES)
    ]
    for outcome, number in bus.put_all(webhook.SOURCE, webhook.EVENT_TYPE, details).items():
        if number:
            metrics.count("WhatsAppWebhook", number, outcome=outcome)
