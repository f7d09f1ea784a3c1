"""The app secret and the tokens, in Parameter Store: the only module that sees either at rest."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING

from whatsapp_connect.errors import SetupError

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

    from whatsapp_connect.model import AccessToken

SECRET_LIFETIME = 300
"""Seconds for which the app secret is kept in memory."""

_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class _Secret:
    value: str
    read_at: float


class Vault:
    """Parameter Store below `prefix`. `key_id` is a KMS key's ARN or an alias."""

    def __init__(
        self,
        *,
        client: "SSMClient",
        prefix: str,
        key_id: str,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._key_id = key_id
        self._clock = clock
        self._secret: _Secret | None = None

    def app_secret(self) -> str:
        """Return the Meta app secret: the first line, where two are kept while rotating.

        Raises SetupError where the operator has not stored one.
        """
        now = self._clock()
        if self._secret is None or now - self._secret.read_at > SECRET_LIFETIME:
            try:
                parameter = self._client.get_parameter(Name=f"{self._prefix}/app-secret", WithDecryption=True)
            except self._client.exceptions.ParameterNotFound:
                raise SetupError("app-secret-missing") from None
            lines = parameter["Parameter"]["Value"].split()
            if not lines:
                raise SetupError("app-secret-missing")
            self._secret = _Secret(lines[0], now)
        return self._secret.value

    def forget_app_secret(self) -> None:
        """Read the secret afresh next time, because Facebook refused this one."""
        self._secret = None

    def parameter_name(self, connection_id: str) -> str:
        return f"{self._prefix}/connections/{connection_id}/access-token"

    def put_token(self, connection_id: str, token: "AccessToken") -> int:
        """Publish a token to its readers and return the parameter's version.

        Parameter Store takes about three writes a second for a whole account and Region; the SDK waits out its
        throttling, but not TooManyUpdates, which two writers of one parameter get.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._client.put_parameter(
                    Name=self.parameter_name(connection_id),
                    Value=token.value,
                    Type="SecureString",
                    KeyId=self._key_id,
                    Tier="Intelligent-Tiering",
                    Overwrite=True,
                )["Version"]
            except self._client.exceptions.TooManyUpdates:
                if attempt == _ATTEMPTS:
                    raise
                sleep(random.uniform(0.1, 0.3) * attempt)  # noqa: S311  jitter, not a secret
        raise AssertionError
