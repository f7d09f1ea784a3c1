"""What a service can do that has the reader policy. What it cannot is in tests/attacks/test_rights.py."""

import json
import re
from collections.abc import Iterator

import boto3
import pytest
import requests

from local.stack import Stack
from tests.support.people import MARIA
from tests.support.site import Site

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def reader(stack: Stack) -> Iterator[boto3.Session]:
    """Yield a service's session: an IAM user whose only right is the stack's reader policy."""
    iam = stack.session.client("iam", endpoint_url=stack.endpoint_url)
    iam.create_user(UserName="reader")
    iam.attach_user_policy(UserName="reader", PolicyArn=stack.outputs["TokenReaderPolicyArn"])
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    yield boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=stack.session.region_name,
    )
    iam.delete_access_key(UserName="reader", AccessKeyId=key["AccessKeyId"])
    iam.detach_user_policy(UserName="reader", PolicyArn=stack.outputs["TokenReaderPolicyArn"])
    iam.delete_user(UserName="reader")


@pytest.fixture(scope="module", autouse=True)
def _connected(site: Site) -> None:
    """Connect Maria, and wait until the stack has published it."""
    assert site.connect("maria").status_code == 200
    site.wait_until_published(MARIA)


def name(stack: Stack, leaf: str) -> str:
    return f"{stack.outputs['ParameterPrefix']}/connections/{MARIA}/{leaf}"


def test_a_reader_reads_the_token_and_the_metadata_that_goes_with_it(stack: Stack, reader: boto3.Session) -> None:
    ssm = reader.client("ssm", endpoint_url=stack.endpoint_url)
    metadata = json.loads(ssm.get_parameter(Name=name(stack, "metadata"))["Parameter"]["Value"])
    token = ssm.get_parameter(Name=f"{name(stack, 'access-token')}:{metadata['token_version']}", WithDecryption=True)[
        "Parameter"
    ]
    assert token["Type"] == "SecureString"
    assert re.fullmatch("EAA[A-Za-z0-9]+", token["Value"])
    assert metadata["user_id"] == MARIA
    assert metadata["status"] == "active"
    answer = requests.get(
        f"{stack.facebook_url}/v26.0/{metadata['waba_ids'][0]}/phone_numbers",
        headers={"Authorization": f"Bearer {token['Value']}"},
        timeout=10,
    )
    assert answer.status_code == 200
