"""Stream, queues and schedule of the deployed stack, as they bring records to publish and check."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests

from facebook_simulator.world import Account, Business, Person, Phone
from local.stack import Stack
from whatsapp_connect.token_cipher import TokenCipher

pytestmark = pytest.mark.emulator

WAITING = 200
LATE_S = 20
"""A report is answered within seconds; this leaves some for a machine that is busy."""


def person_of(number: int) -> Person:
    phone = Phone(f"4000000000006{number:02d}", "+1 202-555-0160", "Okafor Tailors")
    account = Account(f"3000000000006{number:02d}", "Okafor Tailors", (phone,))
    business = Business(f"2000000000006{number:02d}", "Okafor Tailors", f"1221000000009{number:02d}0", (account,))
    return Person(f"checked-{number}", f"1221000000006{number:02d}", "Ada Okafor", (business,))


class Checked:
    """A stack and people of the tests' own."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        assert stack.facebook
        self.state = stack.facebook.state
        self.dynamodb = self.client("dynamodb")
        self.sqs = self.client("sqs")
        self.table = stack.resources["ConnectionTable"]

    def client(self, service: str) -> Any:
        return self.stack.session.client(service, endpoint_url=self.stack.endpoint_url)  # type: ignore[call-overload]

    def control(self, path: str, body: Mapping[str, Any]) -> None:
        answer = requests.post(f"{self.stack.facebook_url}/_control/{path}", json=body, timeout=10)
        assert answer.ok, answer.text

    def connect(self, person: Person) -> None:
        with requests.Session() as browser:
            dialog = browser.get(f"{self.stack.base_url}/connect", allow_redirects=False).headers["Location"]
            told = requests.post(
                f"{self.stack.facebook_url}/_control/login",
                json={"url": dialog, "person": person.key},
                timeout=10,
            )
            assert browser.get(told.json()["location"]).status_code == 200
        self.wait_for(lambda: "publish_at" not in self.record(person.id))

    def record(self, connection_id: str) -> dict[str, Any]:
        answer = self.dynamodb.get_item(
            TableName=self.table, Key={"connection_id": {"S": connection_id}}, ConsistentRead=True
        )
        item: dict[str, Any] = answer.get("Item", {})
        return item

    def set(self, connection_id: str, **numbers: int) -> None:
        """Set attributes of a record."""
        self.dynamodb.update_item(
            TableName=self.table,
            Key={"connection_id": {"S": connection_id}},
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in numbers),
            ExpressionAttributeValues={f":{name}": {"N": str(value)} for name, value in numbers.items()},
        )

    def send(self, queue: str, connection_id: str) -> None:
        body = json.dumps({"connection_id": connection_id})
        self.sqs.send_message(QueueUrl=self.stack.resources[queue], MessageBody=body)

    def waiting(self, queue: str) -> int:
        answer = self.sqs.get_queue_attributes(
            QueueUrl=self.stack.resources[queue], AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def said(self, function: str, message: str) -> list[dict[str, Any]]:
        """Return the lines of a function's log with a message."""
        lines = [json.loads(line) for line in self.stack.logs(function) if line.startswith("{")]
        return [line for line in lines if line.get("message") == message]

    def outcomes(self, connection_id: str) -> list[str]:
        said = self.said("CheckFunction", "checked")
        return [line["outcome"] for line in said if line["connection_id"] == connection_id]

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 60) -> float:
        """Wait until a condition holds, and return for how many seconds that took."""
        began = time.monotonic()
        while not condition():
            assert time.monotonic() < began + seconds
            list(self.stack.announcements(seconds=1))
        return time.monotonic() - began


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [person_of(number) for number in range(4)]


@pytest.fixture(scope="module")
def checked(stack: Stack, people: list[Person]) -> Iterator[Checked]:
    checked = Checked(stack)
    before = checked.state.people
    checked.state.populate((*before, *people))
    for person in people:
        checked.connect(person)
    yield checked
    checked.state.populate(before)


def test_the_stream_brings_what_has_something_to_publish_and_nothing_else(
    checked: Checked, people: list[Person]
) -> None:
    quiet, due = people[0].id, people[1].id
    published = [line["connection_id"] for line in checked.said("PublishFunction", "published")]
    checked.set(quiet, queued_until=1)
    checked.set(due, publish_at=int(time.time()))
    checked.wait_for(lambda: "publish_at" not in checked.record(due))
    after = [line["connection_id"] for line in checked.said("PublishFunction", "published")]
    assert (after.count(quiet), after.count(due)) == (published.count(quiet), published.count(due) + 1)


def test_what_is_due_is_queued_once_by_the_schedule_and_checked(checked: Checked, people: list[Person]) -> None:
    connection_id = people[2].id
    checked.set(connection_id, next_check_at=1)
    schedule = {"FunctionName": checked.stack.resources["ScheduleFunction"], "Payload": b"{}"}
    for _ in range(2):
        ended = checked.client("lambda").invoke(**schedule)
        assert ended["Payload"].read() == b"null"
    checked.wait_for(lambda: checked.outcomes(connection_id) == ["checked"])
    checked.wait_for(lambda: checked.waiting("DueQueue") == 0)
    assert int(checked.record(connection_id)["next_check_at"]["N"]) > time.time()
    assert "queued_until" not in checked.record(connection_id)
    assert checked.outcomes(connection_id) == ["checked"]


@pytest.fixture
def many_waiting(checked: Checked, people: list[Person]) -> Iterator[None]:
    """Have 200 connections wait in DueQueue, each of whose checks takes a second."""
    person = people[3]
    item, names = checked.record(person.id), [f"waiting-{number}" for number in range(WAITING)]
    cipher = TokenCipher(client=checked.client("kms"), key_id=checked.stack.outputs["TokenKeyArn"])
    token, _ = cipher.decrypt(person.id, item["token"]["B"])
    slow = {"endpoint": "debug_token", "fault": "slow", "user_id": person.id, "times": None, "delay_ms": 1000}
    checked.control("faults", slow)
    for name in names:
        copy = {"connection_id": {"S": name}, "token": {"B": cipher.encrypt(name, token)}}
        checked.dynamodb.put_item(TableName=checked.table, Item=item | copy | {"next_check_at": {"N": "1"}})
        checked.send("DueQueue", name)
    yield
    checked.sqs.purge_queue(QueueUrl=checked.stack.resources["DueQueue"])
    requests.delete(f"{checked.stack.facebook_url}/_control/faults", timeout=10)
    for name in names:
        checked.dynamodb.delete_item(TableName=checked.table, Key={"connection_id": {"S": name}})


@pytest.mark.usefixtures("many_waiting")
def test_a_reported_token_is_found_dead_within_seconds_while_many_wait(checked: Checked, people: list[Person]) -> None:
    connection_id = people[0].id
    checked.set(connection_id, checked_at=1)  # the login itself was a check, less than a minute ago
    checked.control("tokens/invalidate", {"person": people[0].key})
    checked.send("CheckQueue", connection_id)
    seconds = checked.wait_for(lambda: checked.record(connection_id)["status"]["S"] == "revoked")
    assert checked.waiting("DueQueue") > WAITING / 2
    assert seconds < LATE_S
    checked.wait_for(lambda: "publish_at" not in checked.record(connection_id))
