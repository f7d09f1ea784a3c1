"""The verify token in Parameter Store, with which Meta asks whether the webhook's address is ours."""

import logging
from typing import TYPE_CHECKING

from whatsapp_connect.app_secret import without_mark
from whatsapp_connect.errors import WebhookRefusedError

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

# At the level DEBUG botocore logs every answer.
logging.getLogger("botocore").setLevel(logging.INFO)


class VerifyTokenStore:
    """The parameter `{prefix}/webhook-verify-token`. The operator makes it."""

    def __init__(self, *, client: "SSMClient", prefix: str) -> None:
        self._client = client
        self._name = f"{prefix}/webhook-verify-token"

    def read(self) -> str:
        """Return the verify token. Raises WebhookRefusedError if there is none."""
        try:
            text = self._client.get_parameter(Name=self._name, WithDecryption=True)["Parameter"]["Value"]
        except self._client.exceptions.ParameterNotFound:
            raise WebhookRefusedError("verify-token-missing") from None
        # A text editor may have put a byte-order mark in front of it and a line end after it.
        token = without_mark(text).strip()
        if not token:  # a request without a token would have the same
            raise WebhookRefusedError("verify-token-missing")
        return token
