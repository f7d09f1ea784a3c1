"""Encrypts the tokens in the records, under the stack's key.

The context binds a ciphertext to its connection, so that one connection's cannot be read as another's. It does not name
the stack: a table may move to another one.
"""

import logging
from typing import TYPE_CHECKING

from whatsapp_connect.errors import TokenRefusedError, TokenUnreadableError

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

# At the level of debugging botocore prints every request, and those of this module hold tokens.
logging.getLogger("botocore").setLevel(logging.INFO)

MAX_TOKEN_BYTES = 4_096
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html"""


class TokenCipher:
    """`key_id` is the ARN of the key that encrypts. Decryption names no key: the ciphertext does."""

    def __init__(self, *, client: "KMSClient", key_id: str) -> None:
        self._client = client
        self.key_id = key_id

    def encrypt(self, connection_id: str, token: str) -> bytes:
        """Return the encrypted token. Raises TokenRefusedError for one that is too long."""
        if len(token.encode()) > MAX_TOKEN_BYTES:
            raise TokenRefusedError("token-too-long")
        return self._client.encrypt(
            KeyId=self.key_id, Plaintext=token.encode(), EncryptionContext=_context(connection_id)
        )["CiphertextBlob"]

    def decrypt(self, connection_id: str, encrypted: bytes) -> tuple[str, str]:
        """Return the token, and the ARN of the key that had encrypted it.

        Raises TokenUnreadableError where the ciphertext or the key is wrong, the key is disabled or may not be used.
        """
        try:
            answer = self._client.decrypt(CiphertextBlob=encrypted, EncryptionContext=_context(connection_id))
        except (
            self._client.exceptions.InvalidCiphertextException,
            self._client.exceptions.DisabledException,
            self._client.exceptions.KMSInvalidStateException,
            self._client.exceptions.NotFoundException,
        ) as error:
            raise TokenUnreadableError(error.response["Error"]["Code"]) from None
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
            raise TokenUnreadableError("AccessDeniedException") from None
        return answer["Plaintext"].decode(), answer["KeyId"]


def _context(connection_id: str) -> dict[str, str]:
    return {"connection_id": connection_id, "purpose": "access-token"}
