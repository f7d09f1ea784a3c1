"""What is left in the end, beside what ought to be."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from tests.life.life import Life
from whatsapp_connect import events
from whatsapp_connect.connections import DUE
from whatsapp_connect.forget import SKEW

_deserialize = TypeDeserializer().deserialize
_LIVING = frozenset({"active", "expiring"})


@dataclass(slots=True)
class Audit:
    statuses: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def audit(life: Life) -> Audit:
    """Compare records and parameters with each other, and with what Facebook knows."""
    records, tokens, metadata = (
        _records(life),
        _parameters(life, "access-token"),
        _parameters(life, "metadata"),
    )
    found = Audit()
    for connection_id in {*life.characters, *records, *tokens, *metadata}:
        record, token = records.get(connection_id), tokens.get(connection_id)
        status = record["status"] if record else "gone"
        found.statuses[status] += 1
        if token is not None and (record is None or record["due"] != DUE):
            found.problems.append(f"{connection_id}: a token that nothing watches")
        if status in _LIVING and (token is None or not life.facebook.is_valid(token)):
            found.problems.append(f"{connection_id}: {status} without a living token")
        if token is not None and status not in _LIVING:
            found.problems.append(f"{connection_id}: {status} with a token")
        kept = metadata.get(connection_id)
        if (json.loads(kept) if kept else None) != events.metadata(record):
            found.problems.append(f"{connection_id}: metadata that say something else than the record")
        if status != (expected := _expected(life, connection_id)):
            found.problems.append(f"{connection_id}: {status}, and ought to be {expected}")
    return found


def _expected(life: Life, connection_id: str) -> str:
    logins = life.logins.get(connection_id)
    if not logins or life.forgotten.get(connection_id, 0) + SKEW >= logins[-1]:
        return "gone"
    last = life.ledger.of(connection_id)[-1]
    if death := life.facebook.death_of(last.value):
        return "expired" if death.cause == "expired" else "revoked"
    return "expiring" if life.facebook.days_left(last.value) <= 14 else "active"


def _records(life: Life) -> dict[str, dict[str, Any]]:
    pages = (
        life.account.client("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=life.account.connection_table, ConsistentRead=True)
    )
    rows = [
        {name: _deserialize(value) for name, value in item.items()}
        for page in pages
        for item in page["Items"]
    ]
    return {row["connection_id"]: row for row in rows}


def _parameters(life: Life, name: str) -> dict[str, str]:
    root = f"{life.account.prefix}/connections"
    pages = (
        life.account.client("ssm")
        .get_paginator("get_parameters_by_path")
        .paginate(Path=root, Recursive=True, WithDecryption=True)
    )
    return {
        one["Name"].split("/")[-2]: one["Value"]
        for page in pages
        for one in page["Parameters"]
        if one["Name"].endswith(f"/{name}")
    }
