"""Stream, queues and schedule of the deployed stack, as they bring records to publish and check."""

import json
import time
from collections.abc import Iterator

import pytest

from facebook_simulator.world import Account, Business, Person, Phone
from local.stack import Stack
from tests.support.site import Site
from whatsapp_connect.cipher import Cipher

pytestmark = pytest.mark.emulator

WAITING = 200


def person_of(number: int) -> Person:
    phone = Phone(f"4000000000006{number:02d}", "+1 202-555-0160", "Okafor Tailors")
    account = Account(f"3000000000006{number:02d}", "Okafor Tailors", (phone,))
    business = Business(f"2000000000006{number:02d}", "Okafor Tailors", f"1221000000009{number:02d}0", (account,))
    return Person(f"checked-{number}", f"1221000000006{number:02d}", "Ada Okafor", (business,))


class CheckedSite(Site):
    """The stack with its queues."""

    def send(self, queue: str, connection_id: str) -> None:
        body = json.dumps({"connection_id": connection_id})
        self.client("sqs").send_message(QueueUrl=self.resources[queue], MessageBody=body)

    def waiting(self, queue: str) -> int:
        answer = self.client("sqs").get_queue_attributes(
            QueueUrl=self.resources[queue], AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def outcomes(self, connection_id: str) -> list[str]:
        checks = self.logged("CheckFunction", "checked")
        return [line["outcome"] for line in checks if line["connection_id"] == connection_id]


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [person_of(number) for number in range(4)]


@pytest.fixture(scope="module")
def checked(stack: Stack, people: list[Person]) -> Iterator[CheckedSite]:
    checked = CheckedSite(stack)
    assert stack.facebook
    before = stack.facebook.state.people
    stack.facebook.state.populate((*before, *people))
    for person in people:
        assert checked.connect(person.key).status_code == 200
        checked.wait_until_published(person.id)
    yield checked
    stack.facebook.state.populate(before)


def test_the_stream_brings_what_has_something_to_publish_and_nothing_else(
    checked: CheckedSite, people: list[Person]
) -> None:
    quiet, due = people[0].id, people[1].id
    published = [line["connection_id"] for line in checked.logged("PublishFunction", "published")]
    checked.set(quiet, queued_until=1)
    checked.set(due, publish_at=int(time.time()))
    checked.wait_until_published(due)
    after = [line["connection_id"] for line in checked.logged("PublishFunction", "published")]
    assert (after.count(quiet), after.count(due)) == (published.count(quiet), published.count(due) + 1)


def test_due_connection_is_queued_once_and_checked(checked: CheckedSite, people: list[Person]) -> None:
    connection_id = people[2].id
    before = checked.outcomes(connection_id)
    checked.set(connection_id, next_check_at=1)
    schedule = {"FunctionName": checked.resources["ScheduleFunction"], "Payload": b"{}"}
    for _ in range(2):
        ended = checked.client("lambda").invoke(**schedule)
        assert ended["Payload"].read() == b"null"
    checked.wait_for(lambda: checked.outcomes(connection_id) == [*before, "checked"])
    checked.wait_for(lambda: checked.waiting("DueQueue") == 0)
    record = checked.existing_record(connection_id)
    assert record.next_check_at > time.time()
    assert record.queued_until == 0
    assert checked.outcomes(connection_id) == [*before, "checked"]


@pytest.fixture
def many_waiting(checked: CheckedSite, people: list[Person]) -> Iterator[None]:
    """Have 200 connections wait in DueQueue, each of whose checks takes a second."""
    person, names = people[3], [f"waiting-{number}" for number in range(WAITING)]
    dynamodb, table = checked.client("dynamodb"), checked.resources["ConnectionTable"]
    item = dynamodb.get_item(TableName=table, Key={"connection_id": {"S": person.id}}, ConsistentRead=True)["Item"]
    cipher = Cipher(client=checked.client("kms"), key_id=checked.outputs["TokenKeyArn"])
    token, _ = cipher.decrypt(person.id, item["token"]["B"])
    slow = {"endpoint": "debug_token", "fault": "slow", "user_id": person.id, "times": None, "delay_ms": 1000}
    checked.facebook.control("faults", slow)
    for name in names:
        copy = {"connection_id": {"S": name}, "token": {"B": cipher.encrypt(name, token)}}
        dynamodb.put_item(TableName=table, Item=item | copy | {"next_check_at": {"N": "1"}})
        checked.send("DueQueue", name)
    yield
    checked.client("sqs").purge_queue(QueueUrl=checked.resources["DueQueue"])
    checked.facebook.control("faults", method="DELETE")
    for name in names:
        dynamodb.delete_item(TableName=table, Key={"connection_id": {"S": name}})


@pytest.mark.usefixtures("many_waiting")
def test_a_reported_token_is_found_dead_while_many_wait(checked: CheckedSite, people: list[Person]) -> None:
    connection_id = people[0].id
    checked.set(connection_id, checked_at=1)  # it was checked less than a minute ago
    checked.facebook.control("tokens/invalidate", {"person": people[0].key})
    checked.send("CheckQueue", connection_id)
    checked.wait_for(lambda: checked.existing_record(connection_id).status == "revoked")
    assert checked.waiting("DueQueue") > WAITING / 2
    checked.wait_until_published(connection_id)
