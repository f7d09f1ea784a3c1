"""The Meta app secret, in Parameter Store.

A function keeps the secret in memory. While Parameter Store cannot be read again, it goes on with that.
"""

import logging
from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from whatsapp_connect.app_secret import AppSecrets, read_app_secrets
from whatsapp_connect.errors import SetupError

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

# At the level of debugging botocore prints every answer, and those of this module hold the secret.
logging.getLogger("botocore").setLevel(logging.INFO)

LIFETIME_S = 300
"""How long the secret is kept in memory before it is read again."""


class AppSecretStore:
    """`{prefix}/app-secret`: one secret, or two while it is rotated."""

    def __init__(self, *, client: "SSMClient", prefix: str, clock: Callable[[], float] = time) -> None:
        self._client = client
        self._name = f"{prefix}/app-secret"
        self._clock = clock
        self._secrets: AppSecrets | None = None
        self._read_at = 0.0

    def read(self, *, again: bool = False) -> AppSecrets:
        """Return what the operator has stored, from memory unless `again`.

        Raises SetupError where there is no secret.
        """
        if self._secrets and not again and self._clock() - self._read_at <= LIFETIME_S:
            return self._secrets
        try:
            secrets = self._read()
        except (SetupError, ClientError, BotoCoreError):
            if self._secrets is None:
                raise
        else:
            self._secrets = secrets
        self._read_at = self._clock()
        return self._secrets

    def _read(self) -> AppSecrets:
        try:
            parameter = self._client.get_parameter(Name=self._name, WithDecryption=True)["Parameter"]
        except self._client.exceptions.ParameterNotFound:
            raise SetupError("app-secret-missing") from None
        secrets = read_app_secrets(parameter["Value"])
        if secrets.values:
            return secrets
        if secrets.ignored:
            raise SetupError("app-secret-malformed", ignored=list(secrets.ignored))
        raise SetupError("app-secret-missing")
