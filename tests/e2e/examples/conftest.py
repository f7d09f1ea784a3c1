"""Rosa's connection, and a service that may read it."""

from collections.abc import Callable, Iterator

import boto3
import pytest
import requests

from local.stack import Stack
from tests.e2e.examples.service import EXAMPLES, ROSA, Service, connect, control, fill_in


@pytest.fixture(scope="package")
def replace_token(stack: Stack) -> Iterator[Callable[[], None]]:
    """Connect Rosa when called: her earlier tokens die, and the stack has a new one."""
    people = requests.get(f"{stack.facebook_url}/_control/people", timeout=10).json()["people"]
    control(stack, "people", {"people": [*people, ROSA]})

    def replace() -> None:
        control(stack, "tokens/invalidate", {"person": "rosa", "reason": "password_changed"})
        connect(stack)

    yield replace
    control(stack, "people", {"people": people})


@pytest.fixture(scope="package")
def service(stack: Stack, replace_token: Callable[[], None]) -> Iterator[Service]:
    """Connect Rosa, and be a service whose only right is the policy of the docs."""
    connect(stack)
    policy = fill_in(stack, (EXAMPLES / "one-connection-policy.json").read_text())
    iam = stack.session.client("iam", endpoint_url=stack.endpoint_url)
    iam.create_user(UserName="service")
    iam.put_user_policy(UserName="service", PolicyName="one-connection", PolicyDocument=policy)
    key = iam.create_access_key(UserName="service")["AccessKey"]
    session = boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=stack.session.region_name,
    )
    yield Service(stack, session, policy)
    iam.delete_access_key(UserName="service", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="service", PolicyName="one-connection")
    iam.delete_user(UserName="service")
