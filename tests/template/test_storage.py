"""Tables, queues, the key and the prefix: each setting by what would go wrong without it."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.support.account import CREDENTIALS
from tests.support.clock import START
from tests.template.emitted import Emitted, emitted
from tests.template.resolve import Deployment, deploy
from whatsapp_connect.connections import ConnectionStore

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


TABLES = ("StateTable", "LinkTable", "ConnectionTable", "DeletionTable", "BrakeTable", "AccountTable")
RETAINED = ("LinkTable", "ConnectionTable", "DeletionTable")
QUEUES = ("DueQueue", "CheckQueue", "CheckFailures", "AlertFailures")


def test_there_are_these_tables_and_queues(deployment: Deployment) -> None:
    assert deployment.of_type("AWS::DynamoDB::Table").keys() == set(TABLES)
    assert deployment.of_type("AWS::SQS::Queue").keys() == set(QUEUES)


@pytest.mark.parametrize("name", TABLES)
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
    types = {one["AttributeName"]: one["AttributeType"] for one in deployment.properties(name)["AttributeDefinitions"]}
    for row in rows:  # moto looks at the table's own key only
        for attribute in types.keys() & row.keys():
            assert row[attribute].keys() == {types[attribute]}


@pytest.fixture
def store(deployment: Deployment, written: Emitted, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectionStore]:
    """Give the rows that the code wrote, in a table as the template declares it, five years later."""
    for variable, value in CREDENTIALS.items():
        monkeypatch.setenv(variable, value)
    with mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(TableName="table", **creatable(deployment, "ConnectionTable"))
        for row in written.rows["ConnectionTable"]:
            client.put_item(TableName="table", Item=row)
        yield ConnectionStore(client=client, table="table", clock=lambda: START + FIVE_YEARS_S)


def test_the_code_finds_connections_by_the_indexes(store: ConnectionStore) -> None:
    records = {record.connection_id: record for record in store.all()}
    due = store.due(limit=100)
    assert set(due) == set(records)
    checks = [records[one].next_check_at for one in due]
    assert checks == sorted(checks)
    assert store.oldest_due_at() == checks[0]
    dates = {one: record.next_date_at for one, record in records.items() if record.next_date_at}
    dated = store.dated(limit=100)
    assert set(dated) == set(dates) != set()
    assert [dates[one] for one in dated] == sorted(dates.values())
    ends = [records[one].token_expires_at for one in dated if records[one].token_expires_at]
    assert store.nearest_expiry_at() == min(ends)
    unpublished = {one for one, record in records.items() if record.publish_at is not None}
    assert set(store.unpublished(limit=100)) == unpublished != set()
    for record in records.values():
        assert record.connection_id in store.of_user(record.user_id)


def test_queued_or_postponed_checks_raise_no_alarm(store: ConnectionStore) -> None:
    """The marks are in the indexes: a query filters by them."""
    now = START + FIVE_YEARS_S
    due, unpublished = store.due(limit=100), store.unpublished(limit=100)
    assert store.mark_queued(due[0], until=now + 1)
    assert store.due(limit=100) == due[1:]
    store.put_off_publishing(unpublished[0], until=now + 1)
    assert store.unpublished(limit=100) == unpublished[1:]


def test_an_index_holds_no_more_than_is_read_of_it(deployment: Deployment) -> None:
    indexes = deployment.properties("ConnectionTable")["GlobalSecondaryIndexes"]
    projections = {index["IndexName"]: index["Projection"] for index in indexes}
    assert projections == {
        "by-user": {"ProjectionType": "KEYS_ONLY"},
        "by-due": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["queued_until"]},
        "by-date": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["token_expires_at"]},
        "by-publishing": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["publish_not_before"]},
    }


@pytest.mark.parametrize("name", ["StateTable", "LinkTable", "DeletionTable"])
def test_rows_that_expire_say_so_where_the_table_looks(deployment: Deployment, written: Emitted, name: str) -> None:
    """DynamoDB deletes by one attribute: a number, in seconds, of the last five years."""
    about = deployment.properties(name)["TimeToLiveSpecification"]
    assert about.keys() == {"AttributeName", "Enabled"}
    assert about["Enabled"] is True
    for row in written.rows[name]:
        assert 1_700_000_000 < int(row[about["AttributeName"]]["N"]) < START + FIVE_YEARS_S


def test_connections_never_expire(deployment: Deployment) -> None:
    for name in ("ConnectionTable", "AccountTable"):
        assert "TimeToLiveSpecification" not in deployment.properties(name)


def test_counts_of_failed_logins_are_deleted(deployment: Deployment) -> None:
    """The brake itself has no such attribute and stays."""
    about = deployment.properties("BrakeTable")["TimeToLiveSpecification"]
    assert about == {"AttributeName": "expires_at", "Enabled": True}


def test_tables_are_paid_by_use_and_a_flood_of_states_has_a_fuse(deployment: Deployment) -> None:
    for name, table in deployment.of_type("AWS::DynamoDB::Table").items():
        assert table["BillingMode"] == "PAY_PER_REQUEST", name
    # Links and connections are written for people who have proven something; a limit would turn those away.
    limits = {
        name: table.get("OnDemandThroughput") for name, table in deployment.of_type("AWS::DynamoDB::Table").items()
    }
    # All routes at their throttle write less than a quarter of it.
    assert limits == dict.fromkeys(TABLES) | {"StateTable": {"MaxWriteRequestUnits": 500}}


def test_tables_that_cannot_be_rebuilt_have_recovery(deployment: Deployment) -> None:
    restorable = {
        name: table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled", False)
        for name, table in deployment.of_type("AWS::DynamoDB::Table").items()
    }
    # A used state must not come back from a backup; the brake counts from hour to hour; accounts come from the records.
    assert {name for name, is_restorable in restorable.items() if is_restorable} == set(RETAINED)


def test_tables_that_cannot_be_rebuilt_outlive_the_stack(deployment: Deployment) -> None:
    """RetainExceptOnCreate: a first deployment that fails leaves nothing in the way of the second."""
    kept = {
        name: (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for name, resource in deployment.resources.items()
        if resource.keys() & {"DeletionPolicy", "UpdateReplacePolicy"}
    }
    retained = ("RetainExceptOnCreate", "Retain")
    assert kept == dict.fromkeys((*RETAINED, "TokenEncryptionKey"), retained)


def test_the_stream_tells_what_there_is_to_publish(deployment: Deployment) -> None:
    """The mapping's filter looks at the new image; nobody looks at the old one."""
    for name in TABLES:
        stream = {"StreamViewType": "NEW_IMAGE"} if name == "ConnectionTable" else None
        assert deployment.properties(name).get("StreamSpecification") == stream


def test_tables_and_queues_have_no_names_that_could_be_taken(deployment: Deployment) -> None:
    for kind in ("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::IAM::Role", "AWS::Lambda::Function"):
        for properties in deployment.of_type(kind).values():
            assert not properties.keys() & {"TableName", "QueueName", "RoleName", "FunctionName"}


def test_failures_wait_for_a_person_as_long_as_sqs_can(deployment: Deployment) -> None:
    for name in ("CheckFailures", "AlertFailures"):
        queue = deployment.properties(name)
        assert queue == {"MessageRetentionPeriod": TWO_WEEKS_S, "SqsManagedSseEnabled": True}, name


@pytest.mark.parametrize(
    ("name", "kept_s"),
    [
        ("DueQueue", 3600),  # the record stays due, and is queued again
        ("CheckQueue", TWO_WEEKS_S),  # nobody asks twice
    ],
)
def test_message_that_stops_the_function_three_times_is_a_dead_letter(
    deployment: Deployment, name: str, kept_s: int
) -> None:
    assert deployment.properties(name) == {
        "VisibilityTimeout": 720,
        "MessageRetentionPeriod": kept_s,
        "SqsManagedSseEnabled": True,
        "RedrivePolicy": {"deadLetterTargetArn": deployment.arn("CheckFailures"), "maxReceiveCount": 3},
    }


def test_the_stacks_key_rotates_and_is_made_only_where_none_is_given(translated: dict[str, Any]) -> None:
    key = deploy(translated).properties("TokenEncryptionKey")
    assert key.keys() == {"Description", "EnableKeyRotation", "KeyPolicy"}
    assert key["EnableKeyRotation"] is True
    given = deploy(translated, TokenKey=KEY)
    assert not given.of_type("AWS::KMS::Key")
    assert given.outputs["TokenKeyArn"] == KEY


@pytest.mark.parametrize(("parameter", "prefix"), [("", "/shop"), ("/of/ours", "/of/ours")])
def test_a_second_stack_cannot_take_the_prefix(translated: dict[str, Any], parameter: str, prefix: str) -> None:
    """The stack makes a parameter of that name, so a second one fails to."""
    about = deploy(translated, ParameterPrefix=parameter).properties("Prefix")
    assert about.keys() == {"Name", "Description", "Type", "Value"}
    assert (about["Name"], about["Type"], about["Value"]) == (f"{prefix}/prefix", "String", prefix)
