"""The index by-due, answered in place of moto, which reads and sorts the whole table again for every page."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from benchmarks.growth.size import item_size

PAGE = 1024 * 1024
"""Bytes that a query reads at a time."""
PROJECTED = ("connection_id", "due", "next_check_at", "status", "token_expires_at")

_Item = Mapping[str, Mapping[str, Any]]


class DueIndex:
    """Made from moto's table, once for all pages of a query."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._pages: list[list[_Item]] = []

    def query(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a query of DynamoDB's."""
        number = int(sent["ExclusiveStartKey"]["connection_id"]["S"]) if "ExclusiveStartKey" in sent else 0
        if number == 0:
            self._pages = self._read(sent["ExpressionAttributeValues"])
        page = self._pages[number]
        answer: dict[str, Any] = {"Items": page, "Count": len(page), "ScannedCount": len(page)}
        if number + 1 < len(self._pages):
            answer["LastEvaluatedKey"] = {"connection_id": {"S": str(number + 1)}}
        return answer

    def _read(self, values: Mapping[str, Any]) -> list[list[_Item]]:
        latest = int(values[":now"]["N"]) if ":now" in values else None
        found: list[tuple[int, _Item]] = []
        for stored in self._table.all_items():
            item: _Item = {name: stored.attrs[name].to_json() for name in PROJECTED if name in stored.attrs}
            if item.get("due") != values[":due"]:
                continue
            next_check_at = int(item["next_check_at"]["N"])
            if latest is None or next_check_at <= latest:
                found.append((next_check_at, item))
        pages: list[list[_Item]] = [[]]
        size = 0
        for _, one in sorted(found, key=itemgetter(0)):
            if size + item_size(one) > PAGE:
                pages.append([])
                size = 0
            pages[-1].append(one)
            size += item_size(one)
        return pages
