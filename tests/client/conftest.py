"""A reader of the tokens that the stack stores, on moto."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from tests.client.store import PREFIX, Clock, Store
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
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield Store(ssm)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reader(store: Store, clock: Clock) -> TokenReader:
    return TokenReader(PREFIX, client=store, clock=clock, pause=clock.pause)  # type: ignore[arg-type]
