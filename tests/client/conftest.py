"""A reader of the tokens that the stack stores, on moto."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tests.client.functions import Function, serve
from tests.client.store import PREFIX, Clock, Store
from tests.support.account import forget_the_developer
from whatsapp_connect_reader import TokenReader

if TYPE_CHECKING:
    from mypy_boto3_ssm.client import SSMClient


@pytest.fixture(scope="session")
def ssm() -> "SSMClient":
    return boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1").client(
        "ssm"
    )


@pytest.fixture
def store(ssm: "SSMClient", monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    forget_the_developer(monkeypatch)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield Store(ssm)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reader(store: Store, clock: Clock) -> TokenReader:
    return TokenReader(PREFIX, client=store, clock=clock, pause=clock.pause)  # type: ignore[arg-type]


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    forget_the_developer(monkeypatch)
    with serve() as function:
        for name, value in (
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL_LAMBDA", function.url),
        ):
            monkeypatch.setenv(name, value)
        yield function
