"""The app secret and the tokens in Parameter Store."""

from dataclasses import dataclass

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support import stack
from tests.support.stored import Kept
from tests.support.outage import Outage
from whatsapp_connect.errors import SetupError
from whatsapp_connect.model import AccessToken
from whatsapp_connect.vault import SECRET_LIFETIME, Vault

TOKEN = AccessToken(value="EAAtoken", expires_in=None)
ROTATED = "fedcba9876543210fedcba9876543210"


@dataclass(slots=True)
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault(deployed: boto3.Session, clock: Clock) -> Vault:
    return Vault(client=deployed.client("ssm"), prefix=stack.PREFIX, key_id=stack.KEY, clock=clock)


def test_the_app_secret_is_the_first_of_two(deployed: boto3.Session, vault: Vault) -> None:
    stack.put_app_secret(deployed, f"{ROTATED}\n{stack.APP_SECRET}\n")
    assert vault.app_secret() == ROTATED
    assert vault.app_secrets().values == (ROTATED, stack.APP_SECRET)


def test_text_without_an_app_secret_is_a_fault_of_the_setup_until_it_is_repaired(
    deployed: boto3.Session, vault: Vault
) -> None:
    stack.put_app_secret(deployed, f"App secret: {stack.APP_SECRET}")
    with pytest.raises(SetupError) as malformed:
        vault.app_secret()
    assert malformed.value.reason == "app-secret-malformed"
    assert stack.APP_SECRET not in str(malformed.value.fields)
    stack.put_app_secret(deployed, stack.APP_SECRET)
    assert vault.app_secret() == stack.APP_SECRET


def test_a_missing_app_secret_is_a_fault_of_the_setup(deployed: boto3.Session, vault: Vault) -> None:
    deployed.client("ssm").delete_parameter(Name=f"{stack.PREFIX}/app-secret")
    with pytest.raises(SetupError) as missing:
        vault.app_secret()
    assert missing.value.reason == "app-secret-missing"
    stack.put_app_secret(deployed, stack.APP_SECRET)
    assert vault.app_secret() == stack.APP_SECRET


def test_a_blank_app_secret_is_a_missing_one(deployed: boto3.Session, vault: Vault) -> None:
    stack.put_app_secret(deployed, " \n")
    with pytest.raises(SetupError) as missing:
        vault.app_secret()
    assert missing.value.reason == "app-secret-missing"


def test_the_app_secret_is_read_again_after_five_minutes(
    deployed: boto3.Session, vault: Vault, clock: Clock
) -> None:
    vault.app_secret()
    stack.put_app_secret(deployed, ROTATED)
    clock.now += SECRET_LIFETIME
    assert vault.app_secret() == stack.APP_SECRET
    clock.now += 1
    assert vault.app_secret() == ROTATED


def test_an_app_secret_that_was_refused_is_read_again_at_once(deployed: boto3.Session, vault: Vault) -> None:
    vault.app_secret()
    stack.put_app_secret(deployed, ROTATED)
    vault.forget_app_secret()
    assert vault.app_secret() == ROTATED


@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InvalidKeyId"])
def test_a_fault_of_parameter_stores_is_passed_on(deployed: boto3.Session, vault: Vault, code: str) -> None:
    for operation in ("GetParameter", "PutParameter"):
        Outage(deployed.client("ssm"), operation, code)
    with pytest.raises(ClientError) as fault:
        vault.app_secret()
    assert fault.value.response["Error"].get("Code") == code
    with pytest.raises(ClientError) as fault:
        vault.put_token("7", TOKEN)
    assert fault.value.response["Error"].get("Code") == code


def test_each_token_is_a_new_version_of_one_encrypted_parameter(
    deployed: boto3.Session, vault: Vault, kept: Kept
) -> None:
    assert vault.put_token("7", TOKEN) == 1
    assert vault.put_token("7", AccessToken(value="EAAnew", expires_in=None)) == 2
    assert kept.parameters() == {f"{stack.PREFIX}/connections/7/access-token": "EAAnew"}
    history = deployed.client("ssm").get_parameter_history(Name=vault.parameter_name("7"))["Parameters"]
    assert {(one.get("Type"), one.get("KeyId"), one.get("Tier")) for one in history} == {
        ("SecureString", stack.KEY, "Intelligent-Tiering")
    }


def test_two_writers_of_one_parameter_take_turns(
    deployed: boto3.Session, vault: Vault, pauses: list[float]
) -> None:
    Outage(deployed.client("ssm"), "PutParameter", "TooManyUpdates", times=3)
    assert vault.put_token("7", TOKEN) == 1
    assert len(pauses) == 3
    assert all(0 < pause < 1 for pause in pauses)


def test_a_writer_does_not_wait_for_ever(
    deployed: boto3.Session, vault: Vault, kept: Kept, pauses: list[float]
) -> None:
    outage = Outage(deployed.client("ssm"), "PutParameter", "TooManyUpdates")
    with pytest.raises(ClientError):
        vault.put_token("7", TOKEN)
    assert (outage.calls, len(pauses)) == (4, 3)
    assert kept.parameters() == {}
