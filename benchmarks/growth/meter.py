"""Calculate the capacity that DynamoDB would charge for. moto does not report it, so it is calculated from the items.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import thread_time
from typing import Any

from botocore.exceptions import ClientError
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from benchmarks.growth.size import item_size, units

_Item = Mapping[str, Mapping[str, Any]]


class Meter:
    """Count operations, items and capacity of the watched clients, and the CPU time of moto."""

    def __init__(self, *, account: str, region: str) -> None:
        self._account, self._region = account, region
        self.stand_ins: dict[str, Callable[[Any], object]] = {}
        """Functions that answer an operation instead of moto, given the request."""
        self.clear()

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Measure moto's CPU time separately."""
        answer = BotocoreStubber.process_request

        def timed(stubber: BotocoreStubber, request: Any) -> Any:
            with self.apart():
                operation = _operation_of(request)
                if operation not in self.stand_ins:
                    return answer(stubber, request)
                body = json.dumps(self.stand_ins[operation](json.loads(request.body)))
                return 200, {"Content-Type": "application/x-amz-json-1.0"}, body

        BotocoreStubber.process_request = timed  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            BotocoreStubber.process_request = answer  # type: ignore[method-assign]

    def clear(self) -> None:
        self.operations = Counter[str]()
        self.read_units = 0.0
        self.write_units = 0.0
        self.items_read = 0
        self.emulated = 0.0
        """CPU seconds of moto and the meter, which do not exist on AWS."""

    def watch(self, client: Any) -> None:
        call = client._make_api_call  # noqa: SLF001  all operations pass here
        service = client.meta.service_model.service_name

        def metered(operation: str, arguments: dict[str, Any]) -> Any:
            self.operations[f"{service}.{operation}"] += 1
            if service != "dynamodb":
                return call(operation, arguments)
            # A transaction writes each item twice.
            parts = [one["Update"] for one in arguments.get("TransactItems", [{"Update": arguments}])]
            with self.apart():
                before = [self._item(part) if "Key" in part else None for part in parts]
            try:
                answer = call(operation, arguments)
            except ClientError:
                self.write_units += len(parts)
                raise
            with self.apart():
                for part, item in zip(parts, before, strict=True):
                    self._charge(operation, part, item, answer)
            return answer

        client._make_api_call = metered  # noqa: SLF001

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Exclude the CPU time of work that AWS would do."""
        began = thread_time()
        try:
            yield
        finally:
            self.emulated += thread_time() - began

    def _charge(self, operation: str, arguments: Mapping[str, Any], before: _Item | None, answer: Any) -> None:
        match operation:
            case "DescribeTable" | "Scan":  # a scan may return only a part of each item, so their size is not known
                pass
            case "Query":
                self.items_read += answer["ScannedCount"]
                size = sum(map(item_size, answer["Items"]))
                self.read_units += max(1, math.ceil(size / 4096)) / 2
            case "GetItem":
                self.items_read += 1
                self.read_units += units(before or {}, 4096) / (1 if arguments.get("ConsistentRead") else 2)
            case "BatchWriteItem":  # rows of AccountTable, which are small
                self.write_units += sum(len(requests) for requests in arguments["RequestItems"].values())
            case _:
                after = arguments.get("Item") or (None if operation == "DeleteItem" else self._item(arguments))
                times = 2 if operation == "TransactWriteItems" else 1
                self.write_units += times * max(units(before or {}, 1024), units(after or {}, 1024))
                self.write_units += sum(
                    _index_units(_projected(before, index), _projected(after, index), index)
                    for index in self.table(arguments["TableName"]).global_indexes
                )

    def table(self, name: str) -> Any:
        """Return moto's table."""
        return dynamodb_backends[self._account][self._region].tables[name]

    def _item(self, arguments: Mapping[str, Any]) -> _Item | None:
        (key,) = arguments["Key"].values()
        item = self.table(arguments["TableName"]).get_item(DynamoType(key))
        return item.to_json()["Attributes"] if item else None


def _operation_of(request: Any) -> str:
    """Return the operation that a request of a JSON protocol names."""
    target = request.headers["X-Amz-Target"]
    return str(target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]


def _projected(item: _Item | None, index: Any) -> _Item | None:
    """Return the part of an item that an index contains; None if the item is not in it."""
    keys = [key["AttributeName"] for key in index.schema]
    if item is None or not all(key in item for key in keys):
        return None
    names = {"connection_id", *keys, *index.projection.get("NonKeyAttributes", [])}
    return {name: value for name, value in item.items() if name in names}


def _index_units(before: _Item | None, after: _Item | None, index: Any) -> int:
    """Return the write units of a change in an index. A changed key counts as one deleted and one new item."""
    if before == after:
        return 0
    if before is None or after is None:
        return units(before or after or {}, 1024)
    keys = [key["AttributeName"] for key in index.schema]
    if any(before[key] != after[key] for key in keys):
        return units(before, 1024) + units(after, 1024)
    return max(units(before, 1024), units(after, 1024))
