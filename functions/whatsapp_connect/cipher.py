"""Encrypt tokens and PINs in the records with the stack's KMS key.

The context binds a ciphertext to its connection and its purpose, so it cannot be used for another. It does not name the
stack, because a table can move to another stack.
"""

import logging
from typing import TYPE_CHECKING, Literal

from whatsapp_connect.errors import TokenRefusedError, TokenUnreadableError

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

# At the level DEBUG botocore logs every request, and the requests here hold tokens.
logging.getLogger("botocore").setLevel(logging.INFO)

MAX_TOKEN_BYTES = 4_096
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html"""

_UNREADABLE = frozenset(
    {
        "AccessDeniedException",
        "DisabledException",
        "InvalidCiphertextException",
        "KMSInvalidStateException",
        "NotFoundException",
    }
)
"""https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html"""


class Cipher:
    """Encrypts access tokens, or PINs if that is the `purpose`.

    `key_id` is the ARN of the key that encrypts. A ciphertext itself names the key that decrypts it.
    """

    def __init__(
        self, *, client: "KMSClient", key_id: str, purpose: Literal["access-token", "pin"] = "access-token"
    ) -> None:
        self._client = client
        self._purpose = purpose
        self.key_id = key_id

    def encrypt(self, connection_id: str, text: str) -> bytes:
        """Return the encrypted token or PIN. Raises TokenRefusedError if it is too long."""
        if len(text.encode()) > MAX_TOKEN_BYTES:
            raise TokenRefusedError("token-too-long")
        return self._client.encrypt(
            KeyId=self.key_id, Plaintext=text.encode(), EncryptionContext=self._context(connection_id)
        )["CiphertextBlob"]

    def decrypt(self, connection_id: str, encrypted: bytes) -> tuple[str, str]:
        """Return the token or PIN, and the ARN of the key that encrypted it.

        Raises TokenUnreadableError if the ciphertext is wrong, or if the key is missing, disabled or not allowed.
        """
        try:
            answer = self._client.decrypt(CiphertextBlob=encrypted, EncryptionContext=self._context(connection_id))
        except self._client.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _UNREADABLE:
                raise
            raise TokenUnreadableError(code) from None
        return answer["Plaintext"].decode(), answer["KeyId"]

    def _context(self, connection_id: str) -> dict[str, str]:
        return {"connection_id": connection_id, "purpose": self._purpose}
