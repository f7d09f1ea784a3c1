"""Tables, queues, the key and the prefix: each setting by what would go wrong without it."""

import time
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.template.emitted import CREDENTIALS, Emitted, emitted
from tests.template.resolve import Deployment, deploy
from whatsapp_connect.connections import DUE, ConnectionStore

KEY = "arn:aws:kms:eu-west-1:111122223333:key/mine"
FIVE_YEARS_S = 5 * 365 * 86400
TWO_WEEKS_S = 14 * 86400


@pytest.fixture(scope="session")
def written() -> Emitted:
    return emitted("shop", "WhatsAppConnect")


def creatable(deployment: Deployment, name: str) -> dict[str, Any]:
    """Return what CreateTable takes of a table's properties."""
    table = dict(deployment.properties(name))
    for setting in ("TimeToLiveSpecification", "PointInTimeRecoverySpecification", "StreamSpecification"):
        table.pop(setting, None)
    return table


def test_there_are_three_tables_and_three_queues(deployment: Deployment) -> None:
    assert deployment.of_type("AWS::DynamoDB::Table").keys() == {"StateTable", "LinkTable", "ConnectionTable"}
    assert deployment.of_type("AWS::SQS::Queue").keys() == {
        "RenewFailures",
        "AnnounceFailures",
        "AlertFailures",
    }


@pytest.mark.parametrize("name", ["StateTable", "LinkTable", "ConnectionTable"])
def test_the_code_can_keep_its_rows_in_the_table(
    deployment: Deployment, written: Emitted, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in CREDENTIALS.items():
        monkeypatch.setenv(variable, value)
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(TableName="table", **creatable(deployment, name))
        rows = written.rows[name]
        assert rows
        for row in rows:
            client.put_item(TableName="table", Item=row)
        assert len(client.scan(TableName="table")["Items"]) == len(rows)
    for attribute in deployment.properties(name)[
        "AttributeDefinitions"
    ]:  # moto looks at the table's own key only
        assert all(row[attribute["AttributeName"]].keys() == {attribute["AttributeType"]} for row in rows)


def test_the_code_finds_connections_by_the_indexes(
    deployment: Deployment, written: Emitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in CREDENTIALS.items():
        monkeypatch.setenv(variable, value)
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(TableName="table", **creatable(deployment, "ConnectionTable"))
        for row in written.rows["ConnectionTable"]:
            client.put_item(TableName="table", Item=row)
        store = ConnectionStore(client=client, table="table", clock=lambda: time.time() + FIVE_YEARS_S)
        ids = [row["connection_id"]["S"] for row in written.rows["ConnectionTable"]]
        assert sorted(store.due()) == sorted(ids)
        waited = {
            row["connection_id"]["S"]: row["next_check_at"]["N"] for row in written.rows["ConnectionTable"]
        }
        assert [waited[one] for one in store.due()] == sorted(waited.values())
        for row in written.rows["ConnectionTable"]:
            assert row["connection_id"]["S"] in store.of_user(row["user_id"]["S"])
            assert row["due"]["S"] == DUE
        for one in store.census():
            assert one.keys() == {"connection_id", "due", "next_check_at", "status", "token_expires_at"}


def test_an_index_holds_no_more_than_is_read_of_it(deployment: Deployment) -> None:
    indexes = deployment.properties("ConnectionTable")["GlobalSecondaryIndexes"]
    projections = {index["IndexName"]: index["Projection"] for index in indexes}
    assert projections == {
        "by-user": {"ProjectionType": "KEYS_ONLY"},
        "by-due": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["status", "token_expires_at"]},
    }


@pytest.mark.parametrize("name", ["StateTable", "LinkTable"])
def test_rows_that_expire_say_so_where_the_table_looks(
    deployment: Deployment, written: Emitted, name: str
) -> None:
    """DynamoDB deletes by one attribute: a number, in seconds, of the last five years."""
    about = deployment.properties(name)["TimeToLiveSpecification"]
    assert about.keys() == {"AttributeName", "Enabled"}
    assert about["Enabled"] is True
    for row in written.rows[name]:
        assert 1_700_000_000 < int(row[about["AttributeName"]]["N"]) < time.time() + FIVE_YEARS_S


def test_connections_never_expire(deployment: Deployment) -> None:
    assert "TimeToLiveSpecification" not in deployment.properties("ConnectionTable")


def test_tables_are_paid_by_use_and_a_flood_of_states_has_a_fuse(deployment: Deployment) -> None:
    for name, table in deployment.of_type("AWS::DynamoDB::Table").items():
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
    # Links and connections are written for people who have proven something; a limit would turn those away.
    limits = {
        name: table.get("OnDemandThroughput")
        for name, table in deployment.of_type("AWS::DynamoDB::Table").items()
    }
    # All routes at their throttle write less than a quarter of it.
    fuse = {"MaxWriteRequestUnits": 500}
    assert limits == {"StateTable": fuse, "LinkTable": None, "ConnectionTable": None}


def test_what_cannot_be_made_again_can_be_restored(deployment: Deployment) -> None:
    restorable = {
        name: table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled", False)
        for name, table in deployment.of_type("AWS::DynamoDB::Table").items()
    }
    # A used state must not come back from a backup.
    assert restorable == {"StateTable": False, "LinkTable": True, "ConnectionTable": True}


def test_what_cannot_be_made_again_outlives_the_stack(deployment: Deployment) -> None:
    """RetainExceptOnCreate: a first deployment that fails leaves nothing in the way of the second."""
    kept = {
        name: (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for name, resource in deployment.resources.items()
        if resource.keys() & {"DeletionPolicy", "UpdateReplacePolicy"}
    }
    retained = ("RetainExceptOnCreate", "Retain")
    assert kept == dict.fromkeys(("LinkTable", "ConnectionTable", "TokenEncryptionKey"), retained)


def test_the_stream_tells_what_was_before(deployment: Deployment) -> None:
    """The announcement compares the images."""
    assert deployment.properties("ConnectionTable")["StreamSpecification"] == {
        "StreamViewType": "NEW_AND_OLD_IMAGES"
    }
    for name in ("StateTable", "LinkTable"):
        assert "StreamSpecification" not in deployment.properties(name)


def test_tables_and_queues_have_no_names_that_could_be_taken(deployment: Deployment) -> None:
    for kind in ("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::IAM::Role", "AWS::Lambda::Function"):
        for properties in deployment.of_type(kind).values():
            assert not properties.keys() & {"TableName", "QueueName", "RoleName", "FunctionName"}


def test_failures_wait_for_a_person_as_long_as_sqs_can(deployment: Deployment) -> None:
    for name, queue in deployment.of_type("AWS::SQS::Queue").items():
        assert queue == {"MessageRetentionPeriod": TWO_WEEKS_S, "SqsManagedSseEnabled": True}, name


def test_the_stacks_key_rotates_and_is_made_only_where_none_is_given(translated: dict[str, Any]) -> None:
    key = deploy(translated).properties("TokenEncryptionKey")
    assert key.keys() == {"Description", "EnableKeyRotation", "KeyPolicy"}
    assert key["EnableKeyRotation"] is True
    given = deploy(translated, TokenKey=KEY)
    assert not given.of_type("AWS::KMS::Key")
    assert given.outputs["TokenKeyArn"] == KEY


@pytest.mark.parametrize(("parameter", "prefix"), [("", "/shop"), ("/of/ours", "/of/ours")])
def test_a_second_stack_cannot_take_the_prefix(
    translated: dict[str, Any], parameter: str, prefix: str
) -> None:
    """The stack makes a parameter of that name, so a second one fails to."""
    about = deploy(translated, ParameterPrefix=parameter).properties("Prefix")
    assert about.keys() == {"Name", "Description", "Type", "Value"}
    assert (about["Name"], about["Type"], about["Value"]) == (f"{prefix}/prefix", "String", prefix)
