"""The Meta app secret in Parameter Store."""

import logging
from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from whatsapp_connect.app_secret import AppSecrets, read_app_secrets
from whatsapp_connect.errors import SetupError

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

# At the level DEBUG botocore logs every answer, and the answers here hold the secret.
logging.getLogger("botocore").setLevel(logging.INFO)

LIFETIME_S = 300
"""How long the secret is used before it is read again."""


class AppSecretStore:
    """The parameter `{prefix}/app-secret`, in memory too. While it cannot be read again, the one in memory is used."""

    def __init__(self, *, client: "SSMClient", prefix: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._name = f"{prefix}/app-secret"
        self._clock = clock
        self._secrets: AppSecrets | None = None
        self._read_at = 0.0

    def read(self, *, again: bool = False) -> AppSecrets:
        """Return the app secrets, from memory unless `again`. Raises SetupError if there is none."""
        if self._secrets and not again and self._clock() - self._read_at <= LIFETIME_S:
            return self._secrets
        try:
            self._secrets = self._read()
        except (SetupError, ClientError, BotoCoreError):
            if self._secrets is None:
                raise
        self._read_at = self._clock()
        return self._secrets

    def _read(self) -> AppSecrets:
        try:
            text = self._client.get_parameter(Name=self._name, WithDecryption=True)["Parameter"]["Value"]
        except self._client.exceptions.ParameterNotFound:
            raise SetupError("app-secret-missing") from None
        secrets = read_app_secrets(text)
        if secrets.ignored and not secrets.values:
            raise SetupError("app-secret-malformed", ignored=list(secrets.ignored))
        if not secrets.values:
            raise SetupError("app-secret-missing")
        return secrets
