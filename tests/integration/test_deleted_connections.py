"""What stays of a deleted connection: its ID, when, why, and the link that made it."""

import pytest

from tests.support import stack
from tests.support.clock import DAY
from tests.support.meta import Meta
from tests.support.outage import Outage
from tests.support.people import MARIA
from tests.support.world import World
from whatsapp_connect.deletions import DeletedConnection, DeletionStore


@pytest.fixture
def deletions(world: World) -> DeletionStore:
    return DeletionStore(client=stack.operator(world.session, "dynamodb"), table=stack.DELETIONS)


def connect_by_link(world: World, connection_id: str) -> str:
    """Connect, and return the ID of the link."""
    world.browser().finish(link=world.link(connection_id, label="Corner Bakery"))
    world.settle()
    return world.record(connection_id).link_id


def test_deleted_connection_leaves_only_what_operators_need(
    world: World, deletions: DeletionStore, deauthorize: Meta
) -> None:
    link_id = connect_by_link(world, "acme")
    deauthorize.tell(MARIA)
    world.settle()
    assert list(deletions.connections()) == [DeletedConnection("acme", world.clock.now(), "app-removed", link_id)]
    assert deletions.connection("acme") == DeletedConnection("acme", world.clock.now(), "app-removed", link_id)
    (row,) = world.stored.deletions()
    assert row.keys() == {"name", "deleted_at", "expires_at", "reason", "link_id"}
    assert row["expires_at"] == world.clock.now() + 90 * DAY
    assert deletions.connection("shop") is None


def test_receipts_of_persons_are_not_listed(world: World, deletions: DeletionStore, data_deletion: Meta) -> None:
    data_deletion.tell(MARIA)
    assert len(world.stored.deletions()) == 1
    assert list(deletions.connections()) == []


def test_record_stays_until_its_deletion_is_stored(world: World, deletions: DeletionStore, deauthorize: Meta) -> None:
    """Otherwise nobody would find out why it is gone."""
    connect_by_link(world, "acme")
    outage = Outage(world.clients("publish"), "PutItem", "ThrottlingException")
    deauthorize.tell(MARIA)
    world.settle()
    assert world.record("acme").status == "forgotten"
    assert world.stored.token("acme") is None
    outage.end()
    world.clock.advance(300)
    world.publish("acme")
    world.settle()
    assert world.stored.record("acme") is None
    assert deletions.connection("acme")


def test_new_connection_of_the_same_name_tells_both_lives(
    world: World, deletions: DeletionStore, deauthorize: Meta
) -> None:
    connect_by_link(world, "acme")
    deauthorize.tell(MARIA)
    world.settle()
    connect_by_link(world, "acme")
    assert deletions.connection("acme")
    assert world.record("acme").is_alive


def test_event_of_a_login_names_its_link(world: World) -> None:
    link_id = connect_by_link(world, "acme")
    (connected,) = [event for event in world.sent_events() if event.type == "Connected"]
    assert connected.detail["link_id"] == link_id
    world.browser().finish(reconnect="acme")
    world.settle()
    (again,) = [event for event in world.sent_events() if event.type == "Reconnected"]
    assert again.detail["link_id"] is None
    assert [event.facts.get("link_id") for event in world.record("acme").history if "onnected" in event.type] == [
        link_id,
        None,
    ]
