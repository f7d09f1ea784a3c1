"""What a login rests on: a transaction with the same token is carried out once. Only the emulator shows it, as moto ignores tokens."""

from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from local.stack import Stack
from whatsapp_connect.errors import TransactionCancelledError
from whatsapp_connect.transactions import TransactionRunner

pytestmark = pytest.mark.emulator


class Counter:
    """A number in a table, one more with each write."""

    def __init__(self, dynamodb: Any, table: str) -> None:
        self.table = table
        self._dynamodb = dynamodb
        self._key = {"name": {"S": f"counter-{token_hex(4)}"}}

    def write(self, step: int = 1) -> Any:
        return {
            "Update": {
                "TableName": self.table,
                "Key": self._key,
                "UpdateExpression": "ADD counted :step",
                "ExpressionAttributeValues": {":step": {"N": str(step)}},
            }
        }

    @property
    def value(self) -> int:
        item = self._dynamodb.get_item(TableName=self.table, Key=self._key, ConsistentRead=True).get("Item")
        return int(item["counted"]["N"]) if item else 0

    def delete(self) -> None:
        self._dynamodb.delete_item(TableName=self.table, Key=self._key)


@pytest.fixture
def dynamodb(stack: Stack) -> Any:
    return stack.session.client("dynamodb", endpoint_url=stack.endpoint_url)


@pytest.fixture
def counter(stack: Stack, dynamodb: Any) -> Iterator[Counter]:
    counter = Counter(dynamodb, stack.resources["BrakeTable"])
    yield counter
    counter.delete()


def test_the_same_request_with_the_same_token_writes_once(dynamodb: Any, counter: Counter) -> None:
    token = token_hex(16)
    for _ in range(3):
        dynamodb.transact_write_items(TransactItems=[counter.write()], ClientRequestToken=token)
    assert counter.value == 1
    dynamodb.transact_write_items(TransactItems=[counter.write()], ClientRequestToken=token_hex(16))
    assert counter.value == 2


def test_another_request_with_the_same_token_is_refused(dynamodb: Any, counter: Counter) -> None:
    token = token_hex(16)
    dynamodb.transact_write_items(TransactItems=[counter.write()], ClientRequestToken=token)
    with pytest.raises(dynamodb.exceptions.IdempotentParameterMismatchException):
        dynamodb.transact_write_items(TransactItems=[counter.write(2)], ClientRequestToken=token)
    assert counter.value == 1


def test_a_transaction_whose_answers_are_lost_is_repeated_and_writes_once(dynamodb: Any, counter: Counter) -> None:
    lost: list[int] = []
    session = URLLib3Session()

    def lose(request: Any, **_: object) -> None:
        if len(lost) < 5:
            lost.append(session.send(request).status_code)
            raise ReadTimeoutError(endpoint_url=request.url)

    dynamodb.meta.events.register("before-send.dynamodb.TransactWriteItems", lose)
    TransactionRunner(client=dynamodb).commit([counter.write()])
    session.close()
    assert lost == [200] * 5
    assert counter.value == 1


def test_transaction_with_a_failed_condition_writes_nothing(dynamodb: Any, counter: Counter) -> None:
    refused = counter.write()
    refused["Update"]["Key"] = {"name": {"S": "nobody"}}
    refused["Update"]["ConditionExpression"] = "attribute_exists(counted)"
    with pytest.raises(TransactionCancelledError) as cancelled:
        TransactionRunner(client=dynamodb).commit([counter.write(), refused])
    assert cancelled.value.reasons == ("None", "ConditionalCheckFailed")
    assert counter.value == 0
