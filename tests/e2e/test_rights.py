"""What each role may do, asked of the emulator, which enforces IAM as AWS does.

A probe runs under the role of a deployed function and tells what became of one call.
"""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.stack import PREFIX, Stack

pytestmark = pytest.mark.emulator

PROBE = """
import boto3

def handler(event, _context):
    client = boto3.client(event["service"])
    try:
        getattr(client, event["operation"])(**event["parameters"])
    except client.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return "allowed"
"""
TOKEN = f"{PREFIX}/connections/probe/access-token"
METADATA = f"{PREFIX}/connections/probe/metadata"
SECRET = f"{PREFIX}/app-secret"

Attempt = Callable[..., str]


@pytest.fixture(scope="module")
def attempt(stack: Stack) -> Attempt:
    """Make one call with the rights of a function; return "allowed" or the error code."""
    functions = stack.session.client("lambda", endpoint_url=stack.endpoint_url)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("probe.py", PROBE)
    made: dict[str, str] = {}

    def attempt(function: str, service: str, operation: str, **parameters: Any) -> str:
        if function not in made:
            role = functions.get_function_configuration(FunctionName=stack.resources[function])["Role"]
            made[function] = functions.create_function(
                FunctionName=f"probe-{function}",
                Runtime="python3.13",
                Handler="probe.handler",
                Role=role,
                Code={"ZipFile": archive.getvalue()},
                Timeout=30,
            )["FunctionName"]
        event = {"service": service, "operation": operation, "parameters": parameters}
        answer = functions.invoke(FunctionName=made[function], Payload=json.dumps(event))
        told: str = json.load(answer["Payload"])
        return told

    return attempt


def is_denied(answer: str) -> bool:
    return answer in {"AccessDenied", "AccessDeniedException"}


def test_authorize_may_write_a_state_and_nothing_else(stack: Stack, attempt: Attempt) -> None:
    state = {"state_hash": {"S": "probe"}}
    states, connections = (stack.resources[table] for table in ("StateTable", "ConnectionTable"))

    def tries(service: str, operation: str, **parameters: Any) -> str:
        return attempt("AuthorizeFunction", service, operation, **parameters)

    assert tries("dynamodb", "put_item", TableName=states, Item=state) == "allowed"
    assert is_denied(tries("dynamodb", "get_item", TableName=states, Key=state))
    assert is_denied(tries("dynamodb", "scan", TableName=states))
    assert is_denied(
        tries("dynamodb", "put_item", TableName=connections, Item={"connection_id": {"S": "probe"}})
    )
    assert is_denied(tries("ssm", "get_parameter", Name=SECRET, WithDecryption=True))
    assert is_denied(tries("ssm", "put_parameter", Name=TOKEN, Value="probe", Type="SecureString"))


def test_callback_reads_the_app_secret_and_writes_tokens_which_it_cannot_read(attempt: Attempt) -> None:
    def tries(operation: str, **parameters: Any) -> str:
        return attempt("CallbackFunction", "ssm", operation, **parameters)

    assert tries("get_parameter", Name=SECRET, WithDecryption=True) == "allowed"
    assert tries("put_parameter", Name=TOKEN, Value="probe", Type="SecureString", Overwrite=True) == "allowed"
    assert is_denied(tries("get_parameter", Name=TOKEN, WithDecryption=True))
    assert is_denied(tries("put_parameter", Name=SECRET, Value="probe", Type="SecureString", Overwrite=True))
    assert is_denied(tries("put_parameter", Name=METADATA, Value="{}", Type="String"))
    assert is_denied(tries("delete_parameter", Name=TOKEN))


def test_announce_writes_metadata_and_knows_no_secret(attempt: Attempt) -> None:
    def tries(operation: str, **parameters: Any) -> str:
        return attempt("AnnounceFunction", "ssm", operation, **parameters)

    assert tries("put_parameter", Name=METADATA, Value="{}", Type="String", Overwrite=True) == "allowed"
    assert is_denied(tries("put_parameter", Name=TOKEN, Value="probe", Type="SecureString", Overwrite=True))
    assert is_denied(tries("get_parameter", Name=SECRET, WithDecryption=True))
    assert is_denied(tries("get_parameter", Name=TOKEN, WithDecryption=True))


def test_a_reader_reads_tokens_and_metadata_and_nothing_else(stack: Stack) -> None:
    """With the rights of the reader policy alone, as another service has them."""
    own = stack.session.client("ssm", endpoint_url=stack.endpoint_url)
    own.put_parameter(Name=TOKEN, Value="probe", Type="SecureString", Overwrite=True)
    own.put_parameter(Name=METADATA, Value="{}", Type="String", Overwrite=True)
    users = stack.session.client("iam", endpoint_url=stack.endpoint_url)
    users.create_user(UserName="reader")
    users.attach_user_policy(UserName="reader", PolicyArn=stack.outputs["TokenReaderPolicyArn"])
    key = users.create_access_key(UserName="reader")["AccessKey"]
    reader = boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=stack.session.region_name,
    ).client("ssm", endpoint_url=stack.endpoint_url)

    assert reader.get_parameter(Name=TOKEN, WithDecryption=True)["Parameter"]["Value"] == "probe"
    assert reader.get_parameter(Name=METADATA)["Parameter"]["Value"] == "{}"
    for refused in (
        lambda: reader.get_parameter(Name=SECRET, WithDecryption=True),
        lambda: reader.get_parameter_history(Name=TOKEN, WithDecryption=True),
        lambda: reader.get_parameters_by_path(Path=f"{PREFIX}/connections", Recursive=True),
        lambda: reader.put_parameter(Name=TOKEN, Value="other", Type="SecureString", Overwrite=True),
        lambda: reader.delete_parameter(Name=TOKEN),
    ):
        with pytest.raises(ClientError) as refusal:
            refused()
        assert is_denied(refusal.value.response["Error"]["Code"])
