"""What a change of a connection's record makes known."""

import copy
import json
from types import ModuleType
from typing import Any

import boto3
import pytest

from tests.support import stack
from tests.support.browser import Browser, Console, Context
from tests.support.stored import Kept
from tests.support.outage import WORDS, Outage, watch
from tests.support.schema import validate

NAME = "/whatsapp-connect/test/connections/10158000000000001/metadata"
METADATA = {
    "user_id": "10158000000000001",
    "token_type": "USER",
    "token_version": 1,
    "issued_at": "2026-11-25T11:59:50Z",
    "expires_at": "2027-01-24T11:59:50Z",
    "data_access_expires_at": "2027-02-23T11:59:50Z",
    "scopes": ["whatsapp_business_management", "whatsapp_business_messaging"],
    "waba_ids": ["102290129340398"],
    "phone_numbers": [
        {
            "id": "106540352242922",
            "display_phone_number": "+1 555-0100",
            "verified_name": "Example Bakery",
        }
    ],
    "status": "active",
    "status_reason": None,
    "graph_version": "v26.0",
}
Change = dict[str, Any]


@pytest.fixture
def change() -> Change:
    """Return the stream's record of a first login."""
    batch = json.loads((stack.ROOT / "events" / "announce-connected.json").read_text())
    change: Change = batch["Records"][0]
    return change


@pytest.fixture
def published(announce: ModuleType) -> list[Any]:
    """List what is put on the bus."""
    entries: list[Any] = []

    def take(params: dict[str, Any], **_: object) -> None:
        for entry in json.loads(params["body"])["Entries"]:
            validate(entry["DetailType"], json.loads(entry["Detail"]))
            entries.append(entry)

    watch(announce._bus, "PutEvents", take)
    return entries


class Announcer:
    def __init__(self, announce: ModuleType, context: Context, console: Console) -> None:
        self._announce = announce
        self._context = context
        self._console = console
        self.printed: list[dict[str, Any]] = []

    def __call__(self, *changes: Change) -> list[str]:
        """Bring a batch; return the sequence numbers that failed."""
        answer = self._announce.handler({"Records": list(changes)}, self._context)
        self.printed = self._console.read()
        assert answer.keys() == {"batchItemFailures"}
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def bring(announce: ModuleType, context: Context, console: Console) -> Announcer:
    return Announcer(announce, context, console)


def again(change: Change, **news: dict[str, Any]) -> Change:
    """Return a later change of the record as `change` left it."""
    later = copy.deepcopy(change)
    later["eventID"] += "0"
    later["dynamodb"]["SequenceNumber"] += "0"
    later["dynamodb"]["OldImage"] = later["dynamodb"]["NewImage"]
    later["dynamodb"]["NewImage"] = later["dynamodb"]["OldImage"] | news
    return later


def test_a_first_login_writes_the_metadata_and_says_connected(
    bring: Announcer, change: Change, published: list[Any], kept: Kept, deployed: boto3.Session
) -> None:
    assert bring(change) == []
    assert {name: json.loads(value) for name, value in kept.parameters().items()} == {NAME: METADATA}
    assert deployed.client("ssm").get_parameter(Name=NAME)["Parameter"]["Type"] == "String"
    (entry,) = published
    assert (entry["Source"], entry["DetailType"]) == ("whatsapp-connect", "Connected")
    assert json.loads(entry["Detail"]) == METADATA | {
        "connection_id": "10158000000000001",
        "access_token_parameter": "/whatsapp-connect/connections/10158000000000001/access-token",
        "schema_version": 1,
        "stack": stack.STACK_NAME,
        "message": "WhatsApp connection 10158000000000001 was connected. Its token ends: 2027-01-24T11:59:50Z.",
        "event_id": f"{change['eventID']}-0",
    }
    (line,) = bring.printed
    assert (line["message"], line["lifecycle"]) == ("connection changed", "Connected")


def test_business_with_double_brackets_in_its_name_is_published(
    change: Change, bring: Announcer, kept: Kept, published: list[Any]
) -> None:
    number = change["dynamodb"]["NewImage"]["phone_numbers"]["L"][0]["M"]
    number["verified_name"]["S"] = "{{summer}} sale"
    assert bring(change) == []
    assert [entry["DetailType"] for entry in published] == ["Connected"]
    (number,) = json.loads(kept.parameters()[NAME])["phone_numbers"]
    assert number["verified_name"] == "{{summer}} sale"


def test_a_login_in_progress_is_not_announced(
    bring: Announcer, change: Change, published: list[Any], kept: Kept
) -> None:
    change["eventName"] = "INSERT"
    change["dynamodb"]["NewImage"] = change["dynamodb"].pop("OldImage")
    assert bring(change) == []
    assert (published, kept.parameters(), bring.printed) == ([], {}, [])


def test_a_lease_alone_changes_nothing(
    bring: Announcer, change: Change, published: list[Any], kept: Kept
) -> None:
    taken = again(change, lease_until={"N": "1795608900"}, lease_owner={"S": "x"}, generation={"N": "2"})
    assert bring(taken, again(taken, next_check_at={"N": "1"}, failures={"N": "2"})) == []
    assert (published, kept.parameters(), bring.printed) == ([], {}, [])


@pytest.mark.parametrize(
    "news",
    [
        {"token_version": {"N": "2"}, "connected_at": {"N": "1795609000"}},
        {"connected_at": {"N": "1795609000"}},
    ],
)
def test_a_later_login_says_reconnected(
    bring: Announcer, change: Change, published: list[Any], news: dict[str, Any]
) -> None:
    assert bring(again(change, **news)) == []
    assert [entry["DetailType"] for entry in published] == ["Reconnected"]


def test_another_token_without_a_login_says_renewed(
    bring: Announcer, change: Change, published: list[Any], kept: Kept
) -> None:
    assert bring(again(change, token_version={"N": "2"})) == []
    assert [entry["DetailType"] for entry in published] == ["Renewed"]
    assert json.loads(kept.parameters()[NAME]) == METADATA | {"token_version": 2}


def test_metadata_follows_the_record_without_a_login(
    bring: Announcer, change: Change, published: list[Any], kept: Kept
) -> None:
    assert bring(again(change, waba_ids={"L": [{"S": "9"}]}, token_expires_at={"N": "0"})) == []
    assert json.loads(kept.parameters()[NAME]) == METADATA | {"waba_ids": ["9"], "expires_at": None}
    assert published == []


def removed(change: Change) -> Change:
    """Return the record's deletion."""
    last = again(change)
    last["eventName"] = "REMOVE"
    del last["dynamodb"]["NewImage"]
    return last


def test_a_removed_record_takes_the_metadata_along_and_says_deleted(
    bring: Announcer, change: Change, published: list[Any], kept: Kept
) -> None:
    assert bring(change, removed(change)) == []
    assert kept.parameters() == {}
    assert [entry["DetailType"] for entry in published] == ["Connected", "Deleted"]
    assert bring(removed(change)) == []  # brought twice


def test_a_login_that_was_given_up_is_not_announced(
    bring: Announcer, change: Change, published: list[Any], kept: Kept
) -> None:
    change["dynamodb"]["NewImage"] = change["dynamodb"]["OldImage"]
    assert bring(change, removed(change)) == []
    assert (published, kept.parameters(), bring.printed) == ([], {}, [])


def test_a_change_brought_twice_is_told_by_its_event_id(
    bring: Announcer, change: Change, published: list[Any], kept: Kept
) -> None:
    bring(change)
    before = kept.parameters()
    bring(change)
    assert kept.parameters() == before
    assert len({json.loads(entry["Detail"])["event_id"] for entry in published}) == 1


@pytest.mark.parametrize("operation", ["PutParameter", "PutEvents"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "TooManyUpdates"])
def test_a_batch_goes_as_far_as_aws_lets_it(
    announce: ModuleType, bring: Announcer, change: Change, operation: str, code: str
) -> None:
    second = again(change, token_version={"N": "2"})
    third = again(second, token_version={"N": "3"})
    client = announce._bus if operation == "PutEvents" else announce.vault._client
    outage = Outage(client, operation, code, skip=1, times=1)
    assert bring(change, second, third) == [second["dynamodb"]["SequenceNumber"]]
    assert outage.calls == 2
    (line,) = [line for line in bring.printed if line["message"] == "announcement failed"]
    assert (line["level"], line["aws_error"], line["event_id"]) == ("ERROR", code, second["eventID"])
    assert WORDS not in str(bring.printed)
    assert bring(second, third) == []


def test_an_event_that_the_bus_did_not_take_is_brought_again(
    announce: ModuleType, bring: Announcer, change: Change
) -> None:
    refusal = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure", "ErrorMessage": WORDS}]}
    Outage(announce._bus, "PutEvents", "", times=1, answer=refusal)
    assert bring(change) == [change["dynamodb"]["SequenceNumber"]]
    assert WORDS not in str(bring.printed)
    assert bring(change) == []


def test_metadata_of_a_real_login_pairs_with_its_token(
    bring: Announcer, browser: Browser, kept: Kept, deployed: boto3.Session, change: Change
) -> None:
    browser.finish()
    (row,) = deployed.client("dynamodb").scan(TableName=stack.CONNECTIONS)["Items"]
    change["dynamodb"] = {"NewImage": row, "SequenceNumber": "1"}
    assert bring(change) == []
    base = f"{stack.PREFIX}/connections/{row['connection_id']['S']}"
    metadata = json.loads(kept.parameters()[f"{base}/metadata"])
    assert metadata.keys() == METADATA.keys()
    version = metadata["token_version"]
    paired = deployed.client("ssm").get_parameter(Name=f"{base}/access-token:{version}", WithDecryption=True)
    assert paired["Parameter"]["Value"] == kept.parameters()[f"{base}/access-token"]
