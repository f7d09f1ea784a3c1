"""Tokens under KMS: each bound to its connection, read under every key that may decrypt."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support import stack
from tests.support.outage import Outage
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.errors import TokenRefusedError, TokenUnreadableError


@pytest.fixture
def cipher(deployed: boto3.Session) -> Cipher:
    return Cipher(client=deployed.client("kms"), key_id=stack.KEY)


def test_token_comes_back_with_the_key_it_is_under(cipher: Cipher) -> None:
    encrypted = cipher.encrypt("shop", "EAAtoken")
    assert b"EAAtoken" not in encrypted
    assert cipher.decrypt("shop", encrypted) == ("EAAtoken", stack.KEY)


def test_ciphertext_of_another_connection_is_not_decrypted(cipher: Cipher) -> None:
    encrypted = cipher.encrypt("shop", "EAAtoken")
    with pytest.raises(TokenUnreadableError):
        cipher.decrypt("shop-2", encrypted)
    with pytest.raises(TokenUnreadableError):
        cipher.decrypt("shop", encrypted[:-3] + b"xyz")
    with pytest.raises(TokenUnreadableError):
        cipher.decrypt("shop", b"rubbish")


def test_pin_is_not_decrypted_as_a_token(cipher: Cipher, deployed: boto3.Session) -> None:
    pins = Cipher(client=deployed.client("kms"), key_id=stack.KEY, purpose="pin")
    assert pins.decrypt("shop", pins.encrypt("shop", "123456"))[0] == "123456"
    with pytest.raises(TokenUnreadableError):
        cipher.decrypt("shop", pins.encrypt("shop", "123456"))


def test_token_under_another_key_is_read(cipher: Cipher, deployed: boto3.Session) -> None:
    other = deployed.client("kms").create_key()["KeyMetadata"]["Arn"]
    encrypted = Cipher(client=deployed.client("kms"), key_id=other).encrypt("shop", "EAAtoken")
    assert cipher.decrypt("shop", encrypted) == ("EAAtoken", other)


@pytest.mark.parametrize(
    "code",
    [
        "AccessDeniedException",
        "DisabledException",
        "KMSInvalidStateException",
        "NotFoundException",
        "InvalidCiphertextException",
    ],
)
def test_unusable_key_and_temporary_fault_are_different_errors(
    cipher: Cipher, deployed: boto3.Session, code: str
) -> None:
    encrypted = cipher.encrypt("shop", "EAAtoken")
    Outage(deployed.client("kms"), "Decrypt", code, times=1)
    with pytest.raises(TokenUnreadableError, match=code):
        cipher.decrypt("shop", encrypted)
    Outage(deployed.client("kms"), "Decrypt", "ThrottlingException", skip=0, times=1)
    with pytest.raises(ClientError):
        cipher.decrypt("shop", encrypted)


def test_token_that_is_too_long_is_refused_before_kms_does(cipher: Cipher, clients: Callable[[str], list[Any]]) -> None:
    assert cipher.decrypt("shop", cipher.encrypt("shop", "x" * 4096))[0] == "x" * 4096
    for token in ("x" * 4097, "\u00e9" * 2049):
        with pytest.raises(TokenRefusedError) as refused:
            cipher.encrypt("shop", token)
        assert refused.value.reason == "token-too-long"
