"""PINs of registered phone numbers in Parameter Store. No reader's policy allows to read them."""

from typing import TYPE_CHECKING

from whatsapp_connect.app_secret import without_mark

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient


class PinStore:
    """The parameters `{prefix}/pins/{phone number ID}`. `key_id` is the ARN of the KMS key that encrypts them."""

    def __init__(self, *, client: "SSMClient", prefix: str, key_id: str) -> None:
        self._client = client
        self._prefix = prefix
        self._key_id = key_id

    def name(self, phone_number_id: str) -> str:
        return f"{self._prefix}/pins/{phone_number_id}"

    def read(self, phone_number_id: str) -> str | None:
        """Return a PIN, or None. An operator's text editor may have put a byte-order mark or a line end to it."""
        try:
            parameter = self._client.get_parameter(Name=self.name(phone_number_id), WithDecryption=True)["Parameter"]
        except self._client.exceptions.ParameterNotFound:
            return None
        return without_mark(parameter["Value"]).strip()

    def put(self, phone_number_id: str, pin: str, *, replace: bool) -> None:
        """Store a PIN. Unless `replace`, one that is there stays: an operator may have stored it."""
        try:
            self._client.put_parameter(
                Name=self.name(phone_number_id), Value=pin, Type="SecureString", KeyId=self._key_id, Overwrite=replace
            )
        except self._client.exceptions.ParameterAlreadyExists:
            return

    def delete(self, phone_number_id: str) -> None:
        try:
            self._client.delete_parameter(Name=self.name(phone_number_id))
        except self._client.exceptions.ParameterNotFound:
            return
