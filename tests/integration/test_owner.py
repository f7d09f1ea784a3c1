"""Whose token may take the place of whose."""

from dataclasses import replace
from typing import Any

import boto3
import pytest

from facebook_simulator.world import Business
from tests.support import stack
from tests.support.browser import assert_ended
from tests.support.interleaving import EVERY_CALL, Wire
from tests.support.outage import Outage
from tests.support.people import BAKERY, JONAS, MARIA
from tests.support.world import World
from whatsapp_connect import record_changes
from whatsapp_connect.events import metadata

SHOP = "shop-1"
PORTFOLIO = "200000000000001"
SYSTEM_USER = "122100000000000901"


def versions(deployed: boto3.Session, leaf: str = "access-token") -> list[str]:
    """Return what whoever may read a parameter can read, earlier versions included."""
    ssm = stack.operator(deployed, "ssm")
    name = f"{stack.PREFIX}/connections/{SHOP}/{leaf}"
    try:
        pages = ssm.get_parameter_history(Name=name, WithDecryption=True)["Parameters"]
    except ssm.exceptions.ParameterNotFound:
        return []
    return [one["Value"] for one in pages]


def test_same_person_connects_again(world: World) -> None:
    for _ in range(2):
        assert world.log_in(connection_id=SHOP).title == "You are connected"
        world.settle()
    assert world.sent_types() == ["Connected", "Reconnected"]
    world.assert_consistent()


def test_other_person_is_refused_and_the_link_still_works(world: World) -> None:
    world.log_in(connection_id=SHOP)
    world.settle()
    before = world.stored.everything()
    reply = world.log_in("jonas", connection_id=SHOP)
    assert (reply.status, reply.metric("LoginEnded")) == (403, ["connection-taken"])
    assert world.stored.everything() == before
    assert [row["uses_left"] for row in world.stored.links()].count(1) == 1


def test_another_person_is_refused_where_the_token_is_dead_too(world: World) -> None:
    world.log_in(connection_id=SHOP)
    world.facebook.control("tokens/invalidate", {"user_id": MARIA})
    world.settle()
    world.clock.advance(61)
    world.ask_for_check(SHOP)
    assert not world.record(SHOP).is_alive
    assert world.log_in("jonas", connection_id=SHOP).status == 403


def test_other_owner_gets_a_parameter_without_the_versions_of_the_first(world: World, deployed: boto3.Session) -> None:
    world.log_in(connection_id=SHOP)
    world.settle()
    world.sent_events()
    assert world.log_in("jonas", connection_id=SHOP, any_user=True).title == "You are connected"
    world.settle()
    assert versions(deployed) == []
    assert versions(deployed, "metadata") == []
    assert world.stored.parameters() == {}
    assert world.sent_types() == ["OwnerChanged"]
    assert world.record(SHOP).publish_not_before == world.clock.now() + 30
    world.clock.advance(29)
    world.publish(SHOP)
    assert versions(deployed) == []
    world.clock.advance(1)
    world.publish(SHOP)
    assert versions(deployed) == [world.token(SHOP)]
    assert not any(MARIA in text for text in versions(deployed, "metadata"))
    assert world.sent_types() == ["Reconnected"]
    assert world.metadata(SHOP)["user_id"] == JONAS
    world.assert_consistent()


@pytest.mark.parametrize("calls", [1, 2])
def test_first_owner_s_versions_go_though_aws_refuses_to_delete_them(
    world: World, deployed: boto3.Session, calls: int
) -> None:
    world.log_in(connection_id=SHOP)
    world.settle()
    first = world.token(SHOP)
    Outage(world.clients("publish"), "DeleteParameter", "ThrottlingException", skip=calls - 1, times=1)
    world.log_in("jonas", connection_id=SHOP, any_user=True)
    world.settle()
    for _ in range(3):
        world.after(seconds=301)
    assert versions(deployed) == [world.token(SHOP)]
    assert first not in versions(deployed)
    assert world.sent_types() == ["Connected", "OwnerChanged", "Reconnected"]
    world.assert_consistent()


def test_login_does_not_give_way_to_a_later_one_whose_token_is_dead(world: World, wire: Wire) -> None:
    early = world.browser()
    came_back = early.callback_event(early.log_in())

    def connect_later_and_die() -> None:
        world.clock.advance(2)
        world.log_in()
        world.clock.advance(61)
        world.facebook.control("debug-token", {"invalid": {"code": 190, "subcode": 460}})
        world.check()
        assert not world.record().is_alive

    wire.interleave(
        lambda: world.functions["callback"].handler(came_back, early.context),
        connect_later_and_die,
        turns=[(0, 6), (1, EVERY_CALL)],
    )
    assert world.record().is_alive


def test_change_of_owner_with_a_dying_token_sends_every_event(world: World) -> None:
    world.log_in(connection_id=SHOP)
    world.settle()
    world.log_in("jonas", connection_id=SHOP, any_user=True)
    world.facebook.control("tokens/invalidate", {"user_id": JONAS})
    world.clock.advance(61)
    world.ask_for_check(SHOP)
    world.after(seconds=301)
    assert world.sent_types() == ["Connected", "OwnerChanged", "Reconnected", "Revoked"]
    world.assert_consistent()


@pytest.mark.parametrize("connection_id", [JONAS, "12345"])
def test_id_of_digits_is_created_by_that_user_alone(world: World, connection_id: str) -> None:
    reply = world.log_in("maria", connection_id=connection_id, any_user=True)
    assert (reply.status, reply.metric("LoginEnded")) == (403, ["connection-taken"])
    assert world.stored.everything() == ({}, [])
    assert world.log_in("maria", connection_id=MARIA).title == "You are connected"


def test_id_that_was_forgotten_may_become_another_persons(world: World, deployed: boto3.Session) -> None:
    world.log_in(connection_id=SHOP)
    world.settle()
    world.clock.advance(61)
    assert world.meta("deauthorize").tell(MARIA).status == 200
    assert world.log_in("jonas", connection_id=SHOP).title == "You are connected"  # before publish has run
    world.settle()
    assert versions(deployed) == []
    world.after(seconds=301)
    assert versions(deployed) == [world.token(SHOP)]
    assert world.sent_types() == ["Connected", "Deleted", "Connected"]
    world.assert_consistent()
    assert MARIA not in str(world.stored.records())


def test_numbers_of_an_id_are_never_used_in_two_lives(world: World) -> None:
    seen: set[Any] = set()
    for _ in range(3):
        world.connect()
        record = world.record()
        numbers = {record.token_number, *(event.sequence for event in record.history)}
        assert min(numbers) > max(seen, default=0)
        seen |= numbers | {record.revision}
        world.clock.advance(61)
        world.meta("deauthorize").tell(MARIA)
        world.settle()
        world.clock.advance(1)
    ids = [one.detail["event_id"] for one in world.sent_events()]
    assert len(ids) == len(set(ids)) == 9


@pytest.mark.parameters(LoginConfigId="555")
class TestBusiness:
    """Tokens of system users, which a configuration of Facebook Login for Business gives."""

    @pytest.fixture(autouse=True)
    def _configuration(self, world: World) -> None:
        world.facebook.control("app", {"configurations": {"555": {"token_type": "SYSTEM_USER"}}})

    def test_token_of_a_business_takes_the_place_of_a_persons_for_an_account_it_has(self, world: World) -> None:
        world.connect("maria", connection_id=SHOP)
        assert world.record(SHOP).waba_ids
        world.sent_events()
        reply = world.log_in("maria", connection_id=SHOP)
        assert reply.title == "You are connected"
        world.settle()
        assert world.record(SHOP).token_type == "SYSTEM_USER"
        assert world.sent_types() == ["Reconnected"]
        world.assert_consistent()

    def test_token_of_a_business_for_other_accounts_is_refused(self, world: World) -> None:
        world.connect("jonas", connection_id=SHOP)
        assert world.log_in("maria", connection_id=SHOP).status == 403

    @pytest.mark.usefixtures("businesses_name_accounts")
    def test_same_business_is_the_same_owner(self, world: World) -> None:
        assert world.log_in("maria", connection_id=SHOP).title == "You are connected"
        record = world.record(SHOP)
        assert record.client_business_id
        world.connections.write(record, replace(record, user_id="99"))  # another system user of the business
        world.settle()
        world.sent_events()
        assert world.log_in("maria", connection_id=SHOP).title == "You are connected"
        world.settle()
        assert world.sent_types() == ["Reconnected"]

    def test_business_that_cannot_be_read_is_not_the_same(self, world: World) -> None:
        world.log_in("maria", connection_id=SHOP)
        record = world.record(SHOP)
        world.connections.write(record, replace(record, user_id="99", client_business_id=""))
        assert world.log_in("maria", connection_id=SHOP).status == 403

    @pytest.mark.parametrize("known", [PORTFOLIO, ""])
    @pytest.mark.parametrize("fault", ["server_error", "api_blocked", "invalid_json"])
    def test_business_that_the_new_token_does_not_tell_is_not_the_same(
        self, world: World, known: str, fault: str
    ) -> None:
        world.log_in("maria", connection_id=SHOP)
        record = world.record(SHOP)
        assert record.client_business_id == PORTFOLIO
        world.connections.write(record, replace(record, user_id="99", client_business_id=known))
        before = world.record(SHOP)
        world.facebook.fail("me", fault, times=9)
        reply = world.log_in("maria", connection_id=SHOP)
        assert (reply.status, reply.metric("LoginEnded")) == (403, ["connection-taken"])
        assert world.record(SHOP).token == before.token

    def test_same_system_user_needs_no_business_and_no_account(self, world: World) -> None:
        world.log_in("maria", connection_id=SHOP)
        world.settle()
        world.sent_events()
        world.facebook.fail("me", "server_error", times=9)
        assert world.log_in("maria", connection_id=SHOP).metric("LoginEnded") == ["connected"]
        world.settle()
        assert world.sent_types() == ["Reconnected"]
        assert world.record(SHOP).client_business_id == PORTFOLIO  # what was known of the same user stays
        world.assert_consistent()

    def test_another_business_is_refused_without_any_user(self, world: World) -> None:
        world.log_in("jonas", connection_id=SHOP)
        world.settle()
        world.sent_events()
        before = world.record(SHOP).token
        assert world.log_in("maria", connection_id=SHOP).metric("LoginEnded") == ["connection-taken"]
        assert world.record(SHOP).token == before
        assert world.log_in("maria", connection_id=SHOP, any_user=True).metric("LoginEnded") == ["connected"]
        world.settle()
        world.after(seconds=31)
        assert world.sent_types() == ["OwnerChanged", "Reconnected"]
        assert world.record(SHOP).client_business_id == PORTFOLIO
        world.assert_consistent()

    def test_token_of_a_business_takes_the_place_of_a_persons_dead_one(self, world: World) -> None:
        world.connect("maria", connection_id=SHOP)
        world.facebook.control("tokens/invalidate", {"user_id": MARIA})
        world.clock.advance(61)
        world.ask_for_check(SHOP)
        assert not world.record(SHOP).is_alive
        world.sent_events()
        assert world.log_in("maria", connection_id=SHOP).title == "You are connected"
        world.settle()
        assert world.record(SHOP).token_type == "SYSTEM_USER"
        assert world.sent_types() == ["Reconnected"]
        world.assert_consistent()

    @pytest.mark.usefixtures("businesses_name_accounts")
    def test_account_that_was_never_proven_for_the_person_does_not_let_a_business_in(self, world: World) -> None:
        world.connect("jonas", connection_id=SHOP)
        record = world.record(SHOP)
        world.connections.write(record, record_changes.with_candidates(record, [BAKERY], now=world.clock.now()))
        assert world.log_in("maria", connection_id=SHOP).metric("LoginEnded") == ["connection-taken"]

    def test_without_a_link_a_business_has_a_connection_of_its_own(self, world: World) -> None:
        world.connect("maria")
        before = world.token(), world.metadata()
        assert_ended(world.log_in("maria"), "connected", page="accounts-unknown")
        world.settle()
        assert (world.token(), world.metadata()) == before
        assert world.record(SYSTEM_USER).token_type == "SYSTEM_USER"
        world.assert_consistent()

    @pytest.mark.usefixtures("businesses_name_accounts")
    def test_without_a_link_an_account_in_common_does_not_let_a_business_in(self, world: World) -> None:
        assert world.log_in("maria").metric("LoginEnded") == ["connected"]
        record = world.record(SYSTEM_USER)
        assert record.waba_ids == (BAKERY,)
        # An operator has changed the record by hand: nothing else puts a person's token under the ID of a system user.
        persons = replace(record, user_id=MARIA, token_type="USER", client_business_id="")
        world.connections.write(record, persons)
        assert world.log_in("maria").metric("LoginEnded") == ["connection-taken"]
        assert world.record(SYSTEM_USER).user_id == MARIA

    @pytest.mark.parametrize("token_type", ["USER", "SYSTEM_USER"])
    @pytest.mark.usefixtures("businesses_name_accounts")
    def test_another_owner_of_the_same_kind_is_refused_even_for_an_account_in_common(
        self, world: World, token_type: str
    ) -> None:
        world.facebook.control("app", {"configurations": {"555": {"token_type": token_type}}})
        maria, jonas, *others = world.state.people
        agency = Business("200000000000009", "Agency", "122100000000000909", (), maria.accounts)
        world.state.populate((maria, replace(jonas, businesses=(agency,)), *others))
        assert world.log_in("maria", connection_id=SHOP).metric("LoginEnded") == ["connected"]
        assert world.record(SHOP).waba_ids == (BAKERY,)
        assert world.log_in("jonas", connection_id="agency").metric("LoginEnded") == ["connected"]
        assert world.record("agency").waba_ids == (BAKERY,)
        assert world.log_in("jonas", connection_id=SHOP).metric("LoginEnded") == ["connection-taken"]

    @pytest.mark.usefixtures("businesses_name_accounts")
    def test_person_does_not_take_the_place_of_a_business_without_any_user(
        self, world: World, deployed: boto3.Session
    ) -> None:
        world.log_in("maria", connection_id=SHOP)
        world.settle()
        of_business = world.token(SHOP)
        assert world.record(SHOP).waba_ids == (BAKERY,)
        world.facebook.control("app", {"configurations": {"555": {"token_type": "USER"}}})
        assert world.log_in("maria", connection_id=SHOP).metric("LoginEnded") == ["connection-taken"]
        world.settle()
        assert world.token(SHOP) == of_business
        world.sent_events()
        assert world.log_in("maria", connection_id=SHOP, any_user=True).title == "You are connected"
        world.settle()
        world.after(seconds=31)
        assert world.sent_types() == ["OwnerChanged", "Reconnected"]
        assert versions(deployed) == [world.token(SHOP)]
        record = world.record(SHOP)
        assert (record.token_type, record.user_id, record.client_business_id) == ("USER", MARIA, "")
        world.assert_consistent()


def test_owner_s_other_connections_are_checked_after_a_login(world: World) -> None:
    world.connect(connection_id="other")
    world.clock.advance(61)
    run = world.during(lambda: assert_ended(world.log_in(), "connected"))
    assert [line["connection_id"] for line in run.logs("checked")] == [MARIA, "other"]
    assert metadata(world.record("other"))["status"] == "active"
