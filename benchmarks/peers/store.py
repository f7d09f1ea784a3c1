"""The shared store: DynamoDB, Parameter Store and S3 of the AWS emulator, with everything the subjects want in it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.subjects.subject import APP_SECRET, PREFIX
from local.emulator import CREDENTIALS, REGION, Emulator
from local.port import claim
from tests.support.stack import TEMPLATE


@contextmanager
def shared_store() -> Iterator[dict[str, str]]:
    """Run the store, and give the environment to reach it with."""
    directory = Path(tempfile.mkdtemp(prefix="peers-"))
    try:
        with Emulator(port=claim(0, variable="EMULATOR_PORT"), directory=directory) as emulator:
            emulator.wait()
            yield CREDENTIALS | {
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ENDPOINT_URL": emulator.url,
                "TOKEN_KEY_ID": _fill(emulator),
            }
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _fill(emulator: Emulator) -> str:
    """Make tables, buckets, key and app secret; return the key."""

    def client(service: str) -> Any:
        return emulator.session.client(service, endpoint_url=emulator.url)  # type: ignore[call-overload]

    key: str = client("kms").create_key()["KeyMetadata"]["Arn"]
    client("ssm").put_parameter(Name=f"{PREFIX}/app-secret", Value=APP_SECRET, Type="SecureString", KeyId=key)
    dynamodb = client("dynamodb")
    for logical_id, name in (
        ("StateTable", "states"),
        ("ConnectionTable", "connections"),
        ("LinkTable", "links"),
    ):
        about = TEMPLATE["Resources"][logical_id]["Properties"]
        wanted = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        dynamodb.create_table(TableName=name, **{part: about[part] for part in wanted if part in about})
    dynamodb.create_table(
        TableName="peers",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
    )
    for bucket in ("slack-states", "slack-installations"):
        client("s3").create_bucket(Bucket=bucket)
    return key
