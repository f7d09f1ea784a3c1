"""Records of connections in DynamoDB."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support import stack
from tests.support.stored import Kept
from tests.support.outage import Outage, lose_first_answer, watch
from whatsapp_connect import lifecycle
from whatsapp_connect.connections import ConnectionStore, Lease, described
from whatsapp_connect.errors import ConnectionTakenError, NotKeptError
from whatsapp_connect.model import Inspection

NOW = 1_795_608_000
LOGIN_LEASE = 30
CHECK_LEASE = 60
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


@pytest.mark.parametrize("user", ["6", "8"])
@pytest.mark.parametrize("leased", [True, False])
def test_another_user_does_not_get_the_connection_and_does_not_wait_for_it(
    store: ConnectionStore, kept: Kept, pauses: list[float], user: str, *, leased: bool
) -> None:
    lease = begin(store)
    if not leased:
        activate(store, lease)
    before = kept.records()
    with pytest.raises(ConnectionTakenError):
        begin(store, user=user, deadline=float("inf"))
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


def check(store: ConnectionStore, clock: Clock) -> Lease:
    """Take the lease of a check on the connection, once it is due."""
    clock.now = int(store.load("7")["next_check_at"])  # type: ignore[index]
    lease = store.begin_check("7")
    assert lease
    return lease


@pytest.mark.parametrize(("early", "due"), [(1, False), (0, True), (-1, True)])
def test_a_check_begins_when_it_is_due_and_holds_a_minute(
    store: ConnectionStore, clock: Clock, kept: Kept, early: int, *, due: bool
) -> None:
    activate(store, begin(store))
    next_check_at = int(kept.records()[0]["next_check_at"])
    clock.now = next_check_at - early
    assert list(store.due()) == (["7"] if due else [])
    lease = store.begin_check("7")
    assert (lease is not None) == due
    if lease:
        (record,) = kept.records()
        assert lease == Lease("7", generation=2, until=clock.now + CHECK_LEASE, record=record)
        assert (record["lease_until"], record["generation"]) == (clock.now + CHECK_LEASE, 2)


def test_a_check_does_not_wait_for_another_writer(
    store: ConnectionStore, clock: Clock, pauses: list[float]
) -> None:
    activate(store, begin(store))
    check(store, clock)
    assert store.begin_check("7") is None
    clock.now += CHECK_LEASE
    assert store.begin_check("7") is None
    clock.now += 1
    assert store.begin_check("7")
    assert pauses == []


def test_the_dead_and_the_unknown_are_not_checked(store: ConnectionStore, clock: Clock, kept: Kept) -> None:
    activate(store, begin(store))
    store.finish(check(store, clock), {"due": "dead"})
    before = kept.records()
    assert store.begin_check("7") is None
    assert store.begin_check("8") is None
    assert list(store.due()) == []
    assert kept.records() == before


@pytest.mark.parametrize(("left", "may"), [(16, True), (15, False), (0, False), (-1, False)])
def test_a_token_is_not_written_in_the_last_seconds_of_a_lease(
    deployed: boto3.Session, left: int, *, may: bool
) -> None:
    store = ConnectionStore(
        client=deployed.client("dynamodb"), table=stack.CONNECTIONS, clock=lambda: float(NOW)
    )
    assert store.may_write(Lease("7", 1, NOW + left, {})) is may


def test_a_record_is_read_as_it_was_written_last(deployed: boto3.Session, store: ConnectionStore) -> None:
    """DynamoDB must be asked for that; moto does so anyway."""
    asked: list[dict[str, Any]] = []
    watch(
        deployed.client("dynamodb"), "GetItem", lambda params, **_: asked.append(json.loads(params["body"]))
    )
    store.load("7")
    store.exists("7")
    assert [one["ConsistentRead"] for one in asked] == [True, True]


def test_those_that_waited_longest_are_checked_first(store: ConnectionStore, clock: Clock) -> None:
    for number in (3, 1, 2):
        clock.now = NOW + number
        store.begin_login(str(number), user_id="7", parameter_name=NAME, deadline=0)
    clock.now = NOW + 303
    assert list(store.due()) == ["1", "2", "3"]
    assert sorted(store.of_user("7")) == ["1", "2", "3"]
    assert store.of_user("8") == []


def forget(store: ConnectionStore, *, before: int, user: str = "7", deadline: float = 0) -> Lease | None:
    return store.begin_forgetting(
        "7", user_id=user, reason="app-removed", connected_before=before, deadline=deadline
    )


@pytest.mark.parametrize(("before", "known"), [(NOW - 1, False), (NOW, True), (NOW + 1, True)])
def test_what_was_connected_before_is_marked_to_be_forgotten(
    store: ConnectionStore, kept: Kept, before: int, *, known: bool
) -> None:
    activate(store, begin(store))
    (unmarked,) = kept.records()
    lease = forget(store, before=before)
    (record,) = kept.records()
    if not known:
        assert lease is None
        assert record == unmarked
        return
    assert lease == Lease("7", generation=2, until=NOW + CHECK_LEASE, record=record)
    assert {name: record[name] for name in record if record[name] != unmarked.get(name)} == {
        "status": "revoked",
        "reason": "app-removed",
        "next_check_at": NOW + 300,
        "lease_until": NOW + CHECK_LEASE,
        "lease_owner": record["lease_owner"],
        "generation": 2,
    }


def test_a_token_issued_since_is_not_forgotten(store: ConnectionStore, kept: Kept) -> None:
    activate(store, begin(store))
    store.finish(begin(store), {"issued_at": NOW + 1})
    before = kept.records()
    assert forget(store, before=NOW) is None
    assert kept.records() == before
    assert forget(store, before=NOW + 1)


def test_the_dead_are_due_again_to_be_forgotten(store: ConnectionStore, clock: Clock, kept: Kept) -> None:
    activate(store, begin(store))
    store.finish(check(store, clock), {"due": "dead"})
    assert forget(store, before=NOW)
    assert kept.records()[0]["due"] == "due"


def test_a_login_that_never_finished_is_forgotten_whenever_it_began(store: ConnectionStore) -> None:
    store.abandon(begin(store))
    assert forget(store, before=0)


def test_only_the_users_own_connection_is_forgotten(
    store: ConnectionStore, kept: Kept, pauses: list[float]
) -> None:
    begin(store)
    before = kept.records()
    assert forget(store, before=NOW, user="8", deadline=float("inf")) is None
    assert pauses == []
    assert kept.records() == before


def test_there_is_nothing_to_forget_of_a_stranger(store: ConnectionStore, kept: Kept) -> None:
    assert forget(store, before=NOW) is None
    assert kept.records() == []


@pytest.mark.parametrize("again", [False, True])
def test_forgetting_waits_for_another_writer_and_gives_up_at_the_deadline(
    store: ConnectionStore, kept: Kept, *, again: bool
) -> None:
    lease = begin(store)
    if again:
        activate(store, lease)
        begin(store)
    before = kept.records()
    with pytest.raises(NotKeptError) as refusal:
        forget(store, before=NOW)
    assert refusal.value.reason == "connection-busy"
    assert kept.records() == before


@pytest.mark.parametrize("act", [begin, lambda store, deadline: forget(store, before=NOW, deadline=deadline)])
def test_another_writer_is_waited_for_a_little_at_a_time(
    store: ConnectionStore, monkeypatch: pytest.MonkeyPatch, act: Any
) -> None:
    """Until the deadline, and not beyond."""
    passed = [100.0]

    def sleep(seconds: float) -> None:
        assert 0.1 <= seconds <= 0.3
        passed.append(passed[-1] + seconds)

    monkeypatch.setattr("whatsapp_connect.connections.sleep", sleep)
    monkeypatch.setattr("whatsapp_connect.connections.monotonic", lambda: passed[-1])
    begin(store)
    with pytest.raises(NotKeptError):
        act(store, deadline=102.0)
    assert 101.7 <= passed[-1] <= 102.0


def test_a_lease_can_be_kept_while_writing_and_attributes_taken_away(
    store: ConnectionStore, kept: Kept
) -> None:
    activate(store, begin(store))
    lease = begin(store)
    store.finish(lease, {"status": "expired", "scopes": None}, keep_lease=True)
    (record,) = kept.records()
    assert (record["status"], "scopes" in record, record["lease_until"]) == (
        "expired",
        False,
        NOW + LOGIN_LEASE,
    )
    store.finish(lease, {"failures": None}, keep_lease=True)
    store.finish(lease, {})
    (record,) = kept.records()
    assert not {"failures", "lease_until", "lease_owner"} & record.keys()


@pytest.mark.parametrize(
    ("next_check_at", "due", "found"),
    [(NOW + 5, "due", NOW), (NOW, "due", NOW), (NOW - 5, "due", NOW - 5), (NOW + 5, "dead", NOW + 5)],
)
def test_looking_again_makes_due_at_once_and_never_later(
    store: ConnectionStore, kept: Kept, next_check_at: int, due: str, found: int
) -> None:
    lease = begin(store)
    store.finish(lease, {"next_check_at": next_check_at, "due": due}, keep_lease=True)
    store.look_again("7")
    store.look_again("8")
    (record,) = kept.records()
    assert record["next_check_at"] == found


def test_an_operator_has_one_checked_first_if_it_is_checked_at_all(
    store: ConnectionStore, kept: Kept
) -> None:
    lease = begin(store)
    assert store.make_due("7") is True
    assert kept.records()[0]["next_check_at"] == 0
    store.finish(lease, {"due": "dead", "next_check_at": NOW})
    assert store.make_due("7") is False
    assert store.make_due("8") is False
    (record,) = kept.records()
    assert record["next_check_at"] == NOW


def test_a_writer_that_was_overtaken_does_not_delete(
    store: ConnectionStore, clock: Clock, kept: Kept
) -> None:
    late = begin(store)
    clock.now += LOGIN_LEASE + 1
    current = begin(store)
    with pytest.raises(NotKeptError) as refusal:
        store.delete(late)
    assert refusal.value.reason == "connection-busy"
    assert store.exists("7")
    store.delete(current)
    assert not store.exists("7")
    assert store.load("7") is None
    store.delete(current)
    assert kept.records() == []


def test_the_living_and_the_dead_are_counted(store: ConnectionStore) -> None:
    for number, due in (("7", "due"), ("8", "dead")):
        lease = store.begin_login(number, user_id="7", parameter_name=NAME, deadline=0)
        store.finish(lease, {"status": "active", "token_expires_at": NOW, "due": due, "next_check_at": NOW})
    expected = [{"connection_id": number, "status": "active", "token_expires_at": NOW} for number in "78"]
    counted = [{name: one[name] for name in expected[0]} for one in store.census()]
    assert counted == expected
    assert sorted(one["connection_id"] for one in store.list()) == ["7", "8"]


def test_a_link_may_give_a_connection_to_another_user_who_finishes(
    store: ConnectionStore, kept: Kept
) -> None:
    activate(store, begin(store))
    lease = store.begin_login("7", user_id="8", parameter_name=NAME, deadline=0, new_user=True)
    assert kept.records()[0]["user_id"] == "7"
    with pytest.raises(NotKeptError):
        store.begin_login("7", user_id="8", parameter_name=NAME, deadline=0, new_user=True)
    store.finish(lease, {"user_id": "8"})
    assert kept.records()[0]["user_id"] == "8"
