"""The parameters of connections in Parameter Store: what other services read."""

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient

# At the level DEBUG botocore logs every request, and the requests here hold tokens.
logging.getLogger("botocore").setLevel(logging.INFO)


class ParameterStore:
    """Parameter Store below `prefix`. `key_id` is the ARN of the KMS key that encrypts the tokens."""

    def __init__(self, *, client: "SSMClient", prefix: str, key_id: str) -> None:
        self._client = client
        self.prefix = prefix
        self.key_id = key_id

    def token_name(self, connection_id: str) -> str:
        return f"{self.prefix}/connections/{connection_id}/access-token"

    def metadata_name(self, connection_id: str) -> str:
        return f"{self.prefix}/connections/{connection_id}/metadata"

    def put_token(self, connection_id: str, token: str) -> int:
        """Store a token, and return the parameter's version."""
        return self._client.put_parameter(
            Name=self.token_name(connection_id),
            Value=token,
            Type="SecureString",
            KeyId=self.key_id,
            Tier="Intelligent-Tiering",
            Overwrite=True,
        )["Version"]

    def token_version(self, connection_id: str) -> int:
        """Return the version of the token parameter, or 0 if it is missing. Nothing is decrypted."""
        parameter = self._get(self.token_name(connection_id))
        return int(parameter["Version"]) if parameter else 0

    def metadata(self, connection_id: str) -> str | None:
        """Return the text of the metadata parameter, or None if it is missing."""
        parameter = self._get(self.metadata_name(connection_id))
        return str(parameter["Value"]) if parameter else None

    def put_metadata(self, connection_id: str, text: str) -> None:
        self._client.put_parameter(
            Name=self.metadata_name(connection_id),
            Value=text,
            Type="String",
            Tier="Intelligent-Tiering",
            Overwrite=True,
        )

    def delete_token(self, connection_id: str) -> None:
        """Delete the token parameter with all its versions."""
        self._delete(self.token_name(connection_id))

    def delete_metadata(self, connection_id: str) -> None:
        self._delete(self.metadata_name(connection_id))

    def names(self, *, before_page: Callable[[], None]) -> Iterator[tuple[str, str]]:
        """Return connection ID and last part of the name of every parameter of a connection.

        `before_page` is called before each read, which returns ten parameters.
        """
        root = f"{self.prefix}/connections/"
        token: dict[str, Any] = {}
        while True:
            before_page()
            page = self._client.get_parameters_by_path(Path=root.rstrip("/"), Recursive=True, **token)
            for parameter in page["Parameters"]:
                connection_id, _, leaf = parameter["Name"].removeprefix(root).partition("/")
                yield connection_id, leaf
            if "NextToken" not in page:
                return
            token = {"NextToken": page["NextToken"]}

    def _get(self, name: str) -> Any:
        try:
            return self._client.get_parameter(Name=name)["Parameter"]
        except self._client.exceptions.ParameterNotFound:
            return None

    def _delete(self, name: str) -> None:
        try:
            self._client.delete_parameter(Name=name)
        except self._client.exceptions.ParameterNotFound:
            return
