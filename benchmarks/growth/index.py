"""Answer queries of ConnectionTable's indexes instead of moto, which sorts the whole table for every page."""

import re
from collections.abc import Mapping
from typing import Any

from benchmarks.growth.size import item_size

PAGE_BYTES = 1024 * 1024
"""DynamoDB reads up to this size for one page of a query."""

_Item = Mapping[str, Mapping[str, Any]]


class Indexes:
    """The indexes, made from moto's table once for all pages of a query."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._pages: list[list[_Item]] = []

    def query(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Return DynamoDB's answer to a query."""
        number = int(sent["ExclusiveStartKey"]["connection_id"]["S"]) if "ExclusiveStartKey" in sent else 0
        if number == 0:
            self._pages = self._read(sent)
        page = self._pages[number]
        asked_for = [item for item in page if _passes(item, sent)]
        answer: dict[str, Any] = {
            "Items": asked_for,
            "Count": len(asked_for),
            "ScannedCount": len(page),
        }
        if number + 1 < len(self._pages):
            answer["LastEvaluatedKey"] = {"connection_id": {"S": str(number + 1)}}
        return answer

    def _read(self, sent: Mapping[str, Any]) -> list[list[_Item]]:
        (index,) = [one for one in self._table.global_indexes if one.name == sent["IndexName"]]
        keys = [key["AttributeName"] for key in index.schema]
        names = {"connection_id", *keys, *index.projection.get("NonKeyAttributes", [])}
        values = sent["ExpressionAttributeValues"]
        condition = sent["KeyConditionExpression"]
        hash_value = _compared(condition, "=", values)["S"]
        latest = _compared(condition, "<=", values)
        found = []
        for stored in self._table.all_items():
            attributes = stored.attrs
            if any(key not in attributes for key in keys) or attributes[keys[0]].value != hash_value:
                continue
            item = {name: attributes[name].to_json() for name in names if name in attributes}
            at = int(item[keys[1]]["N"]) if len(keys) > 1 else 0
            if latest is None or at <= int(latest["N"]):
                found.append((at, item))
        found.sort(key=lambda one: one[0])
        pages: list[list[_Item]] = [[]]
        size = 0
        for _, one in found:
            if size + item_size(one) > PAGE_BYTES or len(pages[-1]) == sent.get("Limit", len(found) + 1):
                pages.append([])
                size = 0
            pages[-1].append(one)
            size += item_size(one)
        return pages


def _passes(item: _Item, sent: Mapping[str, Any]) -> bool:
    """Return whether a due item passes the filter, which removes those that are queued."""
    if "queued_until" not in (condition := sent.get("FilterExpression", "")):
        return True
    latest = _compared(condition, "<=", sent["ExpressionAttributeValues"])
    return int(item.get("queued_until", {"N": "0"})["N"]) <= int(latest["N"])


def _compared(condition: str, operator: str, values: Mapping[str, Any]) -> Any:
    """Return the value that a condition compares with; None if it has no such comparison."""
    found = re.search(rf" {operator} (:\w+)", condition)
    return values[found[1]] if found else None
