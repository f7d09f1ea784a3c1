"""Post each event of WhatsApp Connect to a webhook, signed as in the Standard Webhooks specification.

SQS invokes the handler with one event of EventBridge at a time. https://www.standardwebhooks.com
"""

import base64
import hashlib
import hmac
import json
import os
import re
import ssl
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from http.client import HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

TIMEOUT_S = 15
"""The specification recommends 15 to 30 seconds."""
DELAYS_S = (30, 5 * 60, 15 * 60, 3600, 3 * 3600, 8 * 3600, 11 * 3600)
"""How long a message waits after each failed attempt: 23 hours and 20 minutes in all. SQS allows at most 12 hours each.
The queue's maxReceiveCount is one more than there are delays."""

QUEUE_URL = os.environ["QUEUE_URL"]
SECRET_PARAMETER = os.environ["SECRET_PARAMETER"]
WEBHOOK = urlsplit(os.environ["WEBHOOK_URL"])

sqs = boto3.client("sqs")
ssm = boto3.client("ssm")
tls = ssl.create_default_context()


class SecretError(Exception):
    """The parameter does not contain secrets of the specification."""


def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    (record,) = event["Records"]
    attempt = int(record["attributes"]["ApproximateReceiveCount"])
    # Set first, so that the message also waits if this function is cut off. Delivered messages are deleted.
    wait(record, delay := delay_after(attempt))
    message = json.loads(record["body"])
    status, retry_after_s, problem = 0, 0, ""
    try:
        status, retry_after_s = deliver(message)
    except ClientError as error:
        problem = error.response["Error"]["Code"]
    except (SecretError, BotoCoreError, OSError, HTTPException) as error:
        # The kind only: a text can quote what was sent, or the URL.
        problem = type(error).__name__
    outcome = "delivered" if 200 <= status < 300 else "gone" if status == 410 else "failed"
    log = {"message": "webhook", "outcome": outcome, "status": status, "problem": problem, "attempt": attempt}
    print(json.dumps(log | {"event_id": message["detail"]["event_id"], "type": message["detail-type"]}))
    if outcome != "failed":
        return {"batchItemFailures": []}
    if retry_after_s > delay and attempt <= len(DELAYS_S):
        wait(record, min(retry_after_s, DELAYS_S[-1]))
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}


def delay_after(attempt: int) -> int:
    # After the last attempt SQS moves the message to the dead-letter queue when it becomes visible again.
    return DELAYS_S[attempt - 1] if attempt <= len(DELAYS_S) else DELAYS_S[0]


def wait(record: dict[str, Any], seconds: int) -> None:
    sqs.change_message_visibility(QueueUrl=QUEUE_URL, ReceiptHandle=record["receiptHandle"], VisibilityTimeout=seconds)


def deliver(message: dict[str, Any]) -> tuple[int, int]:
    """Post an event; return the HTTP status, and the seconds that the receiver asks to wait.

    The body of the answer is not read, and a redirect is not followed.
    """
    content = {"type": message["detail-type"], "timestamp": message["time"], "data": message["detail"]}
    body = json.dumps(content, separators=(",", ":")).encode()
    now = int(time.time())
    headers = {"Content-Type": "application/json", "User-Agent": "whatsapp-connect-webhook"}
    headers |= signature_headers(message["detail"]["event_id"], now, body)
    connection = HTTPSConnection(WEBHOOK.hostname or "", WEBHOOK.port, timeout=TIMEOUT_S, context=tls)
    try:
        target = (WEBHOOK.path or "/") + (f"?{WEBHOOK.query}" if WEBHOOK.query else "")
        connection.request("POST", target, body, headers)
        response = connection.getresponse()
        return response.status, seconds_of(response.headers.get("Retry-After", ""), now)
    finally:
        connection.close()


def signature_headers(event_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Sign with every secret, so that a receiver may have any of them."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
        for secret in secrets(minute=timestamp // 60)
    ]
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


@lru_cache(maxsize=1)
def secrets(*, minute: int) -> tuple[bytes, ...]:  # noqa: ARG001 - it ends the life of what is cached
    """Return the secrets, read at most once a minute: the account's readers of tokens share Parameter Store's quota."""
    value = ssm.get_parameter(Name=SECRET_PARAMETER, WithDecryption=True)["Parameter"]["Value"]
    found = tuple(secret_bytes(text) for text in value.split())
    if not found:
        raise SecretError
    return found


def secret_bytes(text: str) -> bytes:
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        raise SecretError from None
    if not text.startswith("whsec_") or not 24 <= len(secret) <= 64:
        raise SecretError
    return secret


def seconds_of(retry_after: str, now: int) -> int:
    """Return the seconds of a Retry-After header, which has a number or a date; 0 if it has neither."""
    if re.fullmatch("[0-9]{1,9}", retry_after):
        return int(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
        return int(date.replace(tzinfo=date.tzinfo or UTC).timestamp()) - now
    except (ValueError, OverflowError):
        return 0
