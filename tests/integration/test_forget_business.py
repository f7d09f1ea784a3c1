"""What Meta's requests do to the connections of businesses. Whom they name for a system user's token is not known."""

from typing import Any

import pytest

from tests.support import stack
from tests.support.browser import assert_ended
from tests.support.meta import REASONS, Meta, Promise, look_up
from tests.support.people import JONAS, MARIA
from tests.support.world import World

BAKERY_USER, TRAVEL_USER, CYCLES_USER = "122100000000000901", "122100000000000902", "122100000000000903"
TRAVEL_ACCOUNT, CYCLES_ACCOUNT = "300000000000002", "300000000000004"

logins_of_businesses = pytest.mark.parameters(LoginConfigId="555")


def connect_business(world: World, connection_id: str, person: str = "maria") -> None:
    world.connect(person, connection_id=connection_id, type="SYSTEM_USER", lifetime=0)


def named(world: World, system_user_id: str) -> str:
    """Return whom Meta's requests name when the business of a system user removes the app."""
    identity = world.state.identity(stack.APP_ID, system_user_id)
    assert identity
    return world.state.user_in_notices(identity)


def remove_app(world: World, system_user_id: str) -> None:
    """Have a business remove the app: its tokens die, and no request is sent."""
    identity = world.state.identity(stack.APP_ID, system_user_id)
    assert identity
    assert world.state.remove_app(identity)


def connections(world: World) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    return world.stored.parameters(), world.stored.records()


def forgotten(told: list[dict[str, Any]]) -> list[int]:
    return [line["forgotten"] for line in told if "forgotten" in line]


def test_request_that_names_the_system_user_forgets_all_its_connections(world: World, meta: Meta) -> None:
    world.facebook.control("settings", {"system_user_notices": "system_user"})
    for connection_id in ("shop-1", "shop-2"):
        connect_business(world, connection_id)
    connect_business(world, "travel", "jonas")
    world.connect()
    world.sent_events()
    reply = meta.tell(named(world, BAKERY_USER))
    assert (reply.status, forgotten(reply.printed)) == (200, [2])
    world.settle()
    assert {record["connection_id"] for record in world.stored.records()} == {"travel", MARIA}
    assert {(one.type, one.detail["status_reason"]) for one in world.sent_events()} == {("Deleted", REASONS[meta.kind])}
    assert world.token("travel")
    assert world.token()
    world.assert_consistent()


def test_request_that_names_the_person_who_logged_in_finds_no_connection_of_a_business(
    world: World, meta: Meta
) -> None:
    connect_business(world, "shop-1")
    world.sent_events()
    before = connections(world)
    assert named(world, BAKERY_USER) == MARIA
    reply = meta.tell(named(world, BAKERY_USER))
    assert (reply.status, forgotten(reply.printed)) == (200, [0])
    world.settle()
    assert connections(world) == before
    assert world.sent_events() == []


def test_request_that_names_the_person_forgets_only_what_is_under_their_own_id(world: World, meta: Meta) -> None:
    connect_business(world, "shop-1")
    world.connect()
    assert forgotten(meta.tell(named(world, BAKERY_USER)).printed) == [1]
    world.settle()
    assert [record["connection_id"] for record in world.stored.records()] == ["shop-1"]
    world.assert_consistent()


def test_deletion_page_does_not_claim_that_the_connection_of_a_business_is_deleted(
    world: World, data_deletion: Meta
) -> None:
    connect_business(world, "shop-1")
    promise = Promise.of(data_deletion.tell(MARIA))
    status, page = look_up(data_deletion, promise.confirmation_code)
    assert status == 200
    assert "under your own Facebook account" in page
    assert "A connection that belongs to a business is not part of this request." in page
    assert "nothing else to do" not in page


@logins_of_businesses
class TestTwoBusinessesOfOnePerson:
    @pytest.fixture(autouse=True)
    def _connected(self, world: World) -> None:
        world.facebook.control("settings", {"system_user_target_ids": "listed"})
        world.facebook.control("app", {"configurations": {"555": {"token_type": "SYSTEM_USER"}}})
        for connection_id, account in (("travel", TRAVEL_ACCOUNT), ("cycles", CYCLES_ACCOUNT)):
            assert_ended(world.log_in("jonas", connection_id=connection_id, wabas=[account]), "connected")
        world.settle()
        world.sent_events()
        assert (world.record("travel").user_id, world.record("cycles").user_id) == (TRAVEL_USER, CYCLES_USER)

    def test_request_for_one_business_leaves_the_other(self, world: World, meta: Meta) -> None:
        world.facebook.control("settings", {"system_user_notices": "system_user"})
        before = world.token("cycles"), world.metadata("cycles")
        assert forgotten(meta.tell(named(world, TRAVEL_USER)).printed) == [1]
        world.settle()
        assert [record["connection_id"] for record in world.stored.records()] == ["cycles"]
        assert (world.token("cycles"), world.metadata("cycles")) == before

    def test_request_that_names_the_person_leaves_both(self, world: World, meta: Meta) -> None:
        before = connections(world)
        assert named(world, TRAVEL_USER) == named(world, CYCLES_USER) == JONAS
        assert forgotten(meta.tell(JONAS).printed) == [0]
        world.settle()
        assert connections(world) == before


@logins_of_businesses
@pytest.mark.usefixtures("businesses_name_accounts")
def test_person_whose_connection_went_over_to_a_business_no_longer_ends_it(world: World, meta: Meta) -> None:
    world.facebook.control("app", {"configurations": {"555": {"token_type": "SYSTEM_USER"}}})
    world.connect(connection_id="shop-1")
    assert_ended(world.log_in(connection_id="shop-1"), "connected")
    world.settle()
    assert forgotten(meta.tell(MARIA).printed) == [0]
    world.settle()
    assert world.record("shop-1").user_id == BAKERY_USER
    assert world.token("shop-1")


def test_next_check_ends_the_connection_of_a_business_that_removed_the_app(world: World, meta: Meta) -> None:
    connect_business(world, "shop-1")
    connect_business(world, "travel", "jonas")
    world.sent_events()
    remove_app(world, BAKERY_USER)
    assert meta.tell(named(world, BAKERY_USER)).status == 200
    world.settle()
    assert world.stored.token("shop-1")  # nothing says that it is dead yet
    assert world.after(days=1).outcomes == {"revoked": 1, "checked": 1}
    assert world.stored.token("shop-1") is None
    assert world.metadata("shop-1")["status_reason"] == "app-not-authorized"
    assert world.sent_types() == ["Revoked"]
    world.assert_consistent()


def test_token_of_a_business_that_keeps_the_app_outlives_the_request_of_a_person(world: World, meta: Meta) -> None:
    connect_business(world, "shop-1")
    before = world.token("shop-1")
    assert meta.tell(named(world, BAKERY_USER)).status == 200
    assert world.after(days=1).outcomes == {"checked": 1}
    assert world.token("shop-1") == before
    assert world.metadata("shop-1")["status"] == "active"
