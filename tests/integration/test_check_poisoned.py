"""One poisoned record among others, for each thing in it that can be poisoned: it fails alone, and ends nothing."""

from dataclasses import replace
from typing import Any

import pytest

from tests.support import stack
from tests.support.outage import Outage
from tests.support.world import World
from whatsapp_connect.model import PhoneNumber


def corrupt(world: World, connection_id: str, name: str, value: Any) -> None:
    values = {"ExpressionAttributeValues": {":value": value}} if value else {}
    stack.operator(world.session, "dynamodb").update_item(
        TableName=stack.CONNECTIONS,
        Key={"connection_id": {"S": connection_id}},
        UpdateExpression="SET #name = :value" if value else "REMOVE #name",
        ExpressionAttributeNames={"#name": name},
        **values,
    )


@pytest.mark.parametrize(
    ("name", "value", "outcome"),
    [
        ("token", {"B": b"rubbish"}, "postponed"),
        ("token", None, "postponed"),
        ("token", {"S": "rubbish"}, "postponed"),
        ("user_id", None, "postponed"),
        ("scopes", {"S": "rubbish"}, "checked"),
        ("accounts", {"L": [{"S": "rubbish"}]}, "failed"),
        ("history", {"S": "rubbish"}, "failed"),
        ("published", {"S": "rubbish"}, "failed"),
        ("revision", None, "failed"),
        ("token_expires_at", {"S": "soon"}, "failed"),
        ("status", {"S": "rubbish"}, "compared"),
    ],
)
def test_poisoned_record_fails_alone_and_ends_nothing(world: World, name: str, value: Any, outcome: str) -> None:
    ids = world.populate(3)
    world.sent_events()
    corrupt(world, ids[1], name, value)
    outcomes = world.after(days=1).outcomes
    assert outcomes == ({"checked": 3} if outcome == "checked" else {outcome: 1, "checked": 2})
    assert [one for one in ids if not world.stored.token(one)] == []
    assert not {"Revoked", "Expired"} & set(world.sent_types())
    for one in (ids[0], ids[2]):
        assert world.record(one).checked_at == world.clock.now()


def test_poisoned_names_and_metadata_do_not_harm_other_connections(world: World) -> None:
    ids = world.populate(3)
    world.sent_events()
    record = world.record(ids[0])
    numbers = (PhoneNumber("1", "\u202e", "{{summer}} " + "x" * 9_000),) * 20
    accounts = tuple(replace(one, numbers=numbers) for one in record.accounts)
    world.connections.write(record, replace(record, accounts=accounts, publish_at=world.clock.now()))
    world.settle()
    assert world.metadata(ids[0])["truncated"]
    Outage(world.clients("publish"), "PutParameter", "ValidationException")
    world.facebook.control("debug-token", {"without_scopes": ["whatsapp_business_messaging"]})
    assert world.after(days=1).outcomes == {"checked": 3}
    assert world.sent_types() == ["ScopesReduced"] * 3
    for one in ids[:2]:
        world.facebook.control("tokens/invalidate", {"user_id": one})
    assert world.after(days=1).outcomes == {"revoked": 2, "checked": 1}
    assert sorted(one.detail["connection_id"] for one in world.sent_events()) == sorted(ids[:2])
    assert world.stored.token(ids[0]) is None
