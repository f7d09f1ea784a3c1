"""Records of connections in DynamoDB."""

from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.integration import stack
from tests.integration.kept import Kept
from tests.integration.outage import Outage, lose_first_answer
from whatsapp_connect import lifecycle
from whatsapp_connect.connections import LOGIN_LEASE, ConnectionStore, Lease, described
from whatsapp_connect.errors import ConnectionTakenError, NotKeptError
from whatsapp_connect.model import Inspection

NOW = 1_795_608_000
NAME = f"{stack.PREFIX}/connections/7/access-token"
INSPECTION = Inspection(
    app_id=stack.APP_ID,
    token_type="USER",
    is_valid=True,
    subcode=None,
    user_id="7",
    scopes=("whatsapp_business_management",),
    waba_ids=("9",),
    issued_at=NOW - 5,
    expires_at=NOW + 5_183_944,
    data_access_expires_at=0,
    graph_version="v26.0",
)


@dataclass(slots=True)
class Clock:
    now: int = NOW

    def __call__(self) -> float:
        return self.now + 0.9


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(deployed: boto3.Session, clock: Clock) -> ConnectionStore:
    return ConnectionStore(client=deployed.client("dynamodb"), table=stack.CONNECTIONS, clock=clock)


def begin(store: ConnectionStore, *, user: str = "7", deadline: float = 0) -> Lease:
    return store.begin_login("7", user_id=user, parameter_name=NAME, deadline=deadline)


def activate(store: ConnectionStore, lease: Lease, *, version: int = 1) -> None:
    store.finish(
        lease,
        {
            "connected_at": NOW,
            **described(INSPECTION, token_version=version, phone_numbers=[]),
            **lifecycle.standing(INSPECTION, now=NOW),
        },
    )


def test_a_new_connection_is_pending_leased_and_due_soon(store: ConnectionStore, kept: Kept) -> None:
    lease = begin(store)
    (record,) = kept.records()
    assert lease == Lease("7", generation=1, until=NOW + LOGIN_LEASE, record=record)
    assert record.pop("lease_owner")
    assert record == {
        "connection_id": "7",
        "user_id": "7",
        "parameter_name": NAME,
        "status": "pending",
        "due": "due",
        "next_check_at": NOW + 300,
        "lease_until": NOW + LOGIN_LEASE,
        "generation": 1,
    }


def test_what_is_due_and_whose_it_is_can_be_looked_up(
    deployed: boto3.Session, store: ConnectionStore
) -> None:
    begin(store)
    client = deployed.client("dynamodb")
    for index, condition, values in (
        ("by-user", "user_id = :user", {":user": {"S": "7"}}),
        (
            "by-due",
            "due = :due AND next_check_at <= :now",
            {":due": {"S": "due"}, ":now": {"N": f"{NOW + 300}"}},
        ),
    ):
        found = client.query(
            TableName=stack.CONNECTIONS,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
        )
        assert [item["connection_id"] for item in found["Items"]] == [{"S": "7"}]


def test_a_second_writer_waits_and_gives_up_at_the_deadline(store: ConnectionStore, kept: Kept) -> None:
    begin(store)
    before = kept.records()
    with pytest.raises(NotKeptError) as refusal:
        begin(store)
    assert refusal.value.reason == "connection-busy"
    assert kept.records() == before


@pytest.mark.parametrize(("age", "free"), [(LOGIN_LEASE, False), (LOGIN_LEASE + 1, True)])
def test_a_lease_runs_out(store: ConnectionStore, clock: Clock, age: int, *, free: bool) -> None:
    begin(store)
    clock.now += age
    if free:
        assert begin(store).generation == 2
        return
    with pytest.raises(NotKeptError):
        begin(store)


def test_a_lease_given_back_is_free_at_once(store: ConnectionStore, kept: Kept) -> None:
    store.abandon(begin(store))
    assert begin(store).generation == 2
    assert kept.records()[0]["status"] == "pending"


@pytest.mark.parametrize("leased", [True, False])
def test_another_user_does_not_get_the_connection_and_does_not_wait_for_it(
    store: ConnectionStore, kept: Kept, pauses: list[float], *, leased: bool
) -> None:
    lease = begin(store)
    if not leased:
        activate(store, lease)
    before = kept.records()
    with pytest.raises(ConnectionTakenError):
        begin(store, user="8", deadline=float("inf"))
    assert pauses == []
    assert kept.records() == before


def test_the_token_is_recorded_and_the_lease_given_back(store: ConnectionStore, kept: Kept) -> None:
    activate(store, begin(store), version=3)
    (record,) = kept.records()
    assert NOW + 0.9 * 86400 <= record.pop("next_check_at") <= NOW + 86400
    assert record == {
        "connection_id": "7",
        "user_id": "7",
        "parameter_name": NAME,
        "status": "active",
        "due": "due",
        "generation": 1,
        "failures": 0,
        "connected_at": NOW,
        "checked_at": NOW,
        "graph_version": "v26.0",
        "token_type": "USER",
        "token_version": 3,
        "issued_at": NOW - 5,
        "token_expires_at": NOW + 5_183_944,
        "data_access_expires_at": 0,
        "scopes": ["whatsapp_business_management"],
        "waba_ids": ["9"],
        "phone_numbers": [],
    }


def test_a_new_lease_leaves_what_is_known_of_the_earlier_token(store: ConnectionStore, kept: Kept) -> None:
    activate(store, begin(store))
    (before,) = kept.records()
    begin(store)
    (record,) = kept.records()
    changed = {name for name in record if record[name] != before.get(name)}
    assert changed == {"lease_until", "lease_owner", "generation", "next_check_at"}
    assert record["status"] == "active"


def test_a_writer_that_was_overtaken_neither_records_nor_frees(
    store: ConnectionStore, clock: Clock, kept: Kept
) -> None:
    late = begin(store)
    clock.now += LOGIN_LEASE + 1
    begin(store)
    before = kept.records()
    with pytest.raises(NotKeptError) as refusal:
        activate(store, late)
    assert refusal.value.reason == "connection-busy"
    store.abandon(late)
    assert kept.records() == before


@pytest.mark.usefixtures("pauses")
def test_a_lease_whose_answer_was_lost_is_held_all_the_same(
    deployed: boto3.Session, store: ConnectionStore
) -> None:
    lose_first_answer(deployed.client("dynamodb"), "UpdateItem")
    lease = begin(store)
    activate(store, lease)


@pytest.mark.usefixtures("pauses")
def test_a_record_whose_answer_was_lost_is_recorded_all_the_same(
    deployed: boto3.Session, store: ConnectionStore, kept: Kept
) -> None:
    lease = begin(store)
    lose_first_answer(deployed.client("dynamodb"), "UpdateItem")
    activate(store, lease)
    assert kept.records()[0]["status"] == "active"


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
@pytest.mark.parametrize("act", [begin, lambda store: store.abandon(Lease("7", 1, NOW, {}))])
def test_a_fault_of_dynamodbs_is_passed_on(
    deployed: boto3.Session, store: ConnectionStore, code: str, act: Any
) -> None:
    Outage(deployed.client("dynamodb"), "UpdateItem", code)
    with pytest.raises(ClientError) as fault:
        act(store)
    assert fault.value.response["Error"].get("Code") == code
