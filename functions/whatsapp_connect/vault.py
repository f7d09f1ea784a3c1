"""The app secret and the tokens, in Parameter Store: the only module that sees either at rest."""

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING

from whatsapp_connect.app_secret import AppSecrets, read_app_secrets
from whatsapp_connect.errors import SetupError
from whatsapp_connect.model import AccessToken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ssm.client import SSMClient

# At the level of debugging botocore prints every request, and those of this module hold tokens.
logging.getLogger("botocore").setLevel(logging.INFO)

SECRET_LIFETIME = 300
"""Seconds for which the app secret is kept in memory."""

_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class _Secrets:
    parsed: AppSecrets
    read_at: float


@dataclass(frozen=True, slots=True)
class StoredToken:
    token: AccessToken
    version: int


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
        self._secrets: _Secrets | None = None

    def app_secret(self) -> str:
        """Return the Meta app secret that is in force.

        Raises SetupError if the operator has not stored one.
        """
        return self.app_secrets().values[0]

    def app_secrets(self) -> AppSecrets:
        """Return the app secret, followed by the one it replaces if two are stored while rotating.

        Raises SetupError if the operator has not stored one.
        """
        now = self._clock()
        if self._secrets is None or now - self._secrets.read_at > SECRET_LIFETIME:
            try:
                parameter = self._client.get_parameter(Name=f"{self._prefix}/app-secret", WithDecryption=True)
            except self._client.exceptions.ParameterNotFound:
                raise SetupError("app-secret-missing") from None
            parsed = read_app_secrets(parameter["Parameter"]["Value"])
            if not parsed.values:
                # Not kept in memory: the next login sees what the operator repairs.
                if parsed.ignored:
                    raise SetupError("app-secret-malformed", ignored=list(parsed.ignored))
                raise SetupError("app-secret-missing")
            self._secrets = _Secrets(parsed, now)
        return self._secrets.parsed

    def forget_app_secret(self) -> None:
        """Read the secret afresh next time, because Facebook refused this one."""
        self._secrets = None

    def parameter_name(self, connection_id: str) -> str:
        return f"{self._prefix}/connections/{connection_id}/access-token"

    def put_token(self, connection_id: str, token: AccessToken) -> int:
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

    def token(self, connection_id: str, version: int | None = None) -> StoredToken | None:
        """Return the token that readers get, or an earlier version of it, or None where there is none.

        Parameter Store keeps the last hundred versions.
        """
        name = self.parameter_name(connection_id) + (f":{version}" if version else "")
        try:
            parameter = self._client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        except (self._client.exceptions.ParameterNotFound, self._client.exceptions.ParameterVersionNotFound):
            return None
        return StoredToken(AccessToken(value=parameter["Value"], expires_in=None), parameter["Version"])

    def metadata(self, connection_id: str) -> str | None:
        """Return the text of the metadata that readers get, or None where there is none."""
        try:
            answer = self._client.get_parameter(Name=self._metadata_name(connection_id))
        except self._client.exceptions.ParameterNotFound:
            return None
        return answer["Parameter"]["Value"]

    def delete_token(self, connection_id: str) -> None:
        """Take a token away from its readers, with every version it had."""
        try:
            self._client.delete_parameter(Name=self.parameter_name(connection_id))
        except self._client.exceptions.ParameterNotFound:
            return

    def put_metadata(self, connection_id: str, text: str) -> None:
        self._client.put_parameter(
            Name=self._metadata_name(connection_id),
            Value=text,
            Type="String",
            Tier="Intelligent-Tiering",
            Overwrite=True,
        )

    def delete_metadata(self, connection_id: str) -> None:
        try:
            self._client.delete_parameter(Name=self._metadata_name(connection_id))
        except self._client.exceptions.ParameterNotFound:
            return

    def connection_ids(self) -> "Iterator[str]":
        """Return the id of every connection that has a parameter."""
        seen = ""
        pages = self._client.get_paginator("get_parameters_by_path")
        for page in pages.paginate(Path=f"{self._prefix}/connections", Recursive=True):
            for parameter in page["Parameters"]:
                connection_id = (
                    parameter["Name"].removeprefix(f"{self._prefix}/connections/").partition("/")[0]
                )
                if connection_id != seen:
                    yield connection_id
                seen = connection_id

    def _metadata_name(self, connection_id: str) -> str:
        return f"{self._prefix}/connections/{connection_id}/metadata"
