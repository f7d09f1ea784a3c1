"""Disconnecting and forgetting end the app's subscriptions, unless another connection has the account."""

import pytest

from tests.support.command_line import CommandLine
from tests.support.interleaving import Wire
from tests.support.meta import Meta
from tests.support.people import BAKERY, JONAS, MARIA
from tests.support.stack import APP_ID
from tests.support.world import World

SHOP = "shop-1"


def subscribed(world: World) -> set[str]:
    return {account for account, app in world.state.subscriptions if app == APP_ID}


def connect(world: World, connection_id: str = "") -> None:
    world.connect(connection_id=connection_id)
    assert subscribed(world) == {BAKERY}
    world.clock.advance(120)


def test_disconnecting_unsubscribes(cli: CommandLine, world: World) -> None:
    connect(world)
    assert cli("connections", "disconnect", MARIA, "--yes").code == 0
    assert subscribed(world) == set()


def test_disconnecting_a_business_unsubscribes_before_its_token_ends(cli: CommandLine, world: World) -> None:
    world.facebook.control("settings", {"system_user_target_ids": "listed"})
    world.connect(connection_id=SHOP, type="SYSTEM_USER")
    assert cli("connections", "disconnect", SHOP, "--yes").code == 0
    assert subscribed(world) == set()


def test_disconnecting_here_alone_leaves_the_subscription(cli: CommandLine, world: World) -> None:
    connect(world)
    assert cli("connections", "disconnect", MARIA, "--yes", "--keep-at-facebook").code == 0
    assert subscribed(world) == {BAKERY}


@pytest.mark.parameters(SubscribeApp="disabled")
def test_subscription_of_the_operator_is_left_alone(cli: CommandLine, world: World) -> None:
    world.state.subscriptions[BAKERY, APP_ID] = ""
    connect(world)
    assert cli("connections", "disconnect", MARIA, "--yes").code == 0
    assert subscribed(world) == {BAKERY}


def test_account_of_another_connection_stays_subscribed(cli: CommandLine, world: World) -> None:
    connect(world)
    connect(world, SHOP)
    assert cli("connections", "disconnect", SHOP, "--yes").code == 0
    assert subscribed(world) == {BAKERY}
    assert cli("connections", "disconnect", MARIA, "--yes").code == 0
    assert subscribed(world) == set()


def test_dead_connection_keeps_nothing_subscribed(cli: CommandLine, world: World) -> None:
    connect(world)
    connect(world, SHOP)
    record = world.record(SHOP)
    world.connections.write(record, type(record)(SHOP, revision=record.revision, status="revoked", user_id=MARIA))
    assert cli("connections", "disconnect", MARIA, "--yes").code == 0
    assert subscribed(world) == set()


def test_refusal_at_facebook_does_not_keep_a_connection(cli: CommandLine, world: World) -> None:
    connect(world)
    world.facebook.fail("subscribed_apps", "server_error", method="DELETE")
    ended = cli("connections", "disconnect", MARIA, "--yes")
    assert ended.code == 0
    assert "not unsubscribed (facebook-unavailable)" in ended.err
    assert world.stored.records() == []


def test_forgetting_a_person_unsubscribes(world: World, meta: Meta) -> None:
    connect(world)
    connect(world, SHOP)
    assert meta.tell(MARIA).status == 200
    assert subscribed(world) == set()
    world.settle()
    assert world.stored.records() == []


def test_forgetting_needs_no_answer_from_facebook(world: World, meta: Meta) -> None:
    connect(world)
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": "app_removed"})
    reply = meta.tell(MARIA)
    assert reply.status == 200
    (line,) = reply.logs("not unsubscribed")
    assert line["reason"] == "token-invalid"
    world.settle()
    assert world.stored.records() == []


def test_forgetting_one_person_leaves_the_account_of_another(world: World, deauthorize: Meta) -> None:
    connect(world)
    world.connect("jonas", connection_id=SHOP)
    world.state.subscriptions[BAKERY, APP_ID] = ""
    deauthorize.tell(JONAS)
    world.settle()
    assert subscribed(world) == {BAKERY}


def test_accounts_are_found_by_their_id(world: World, cli: CommandLine) -> None:
    connect(world)
    connect(world, SHOP)
    index = cli.deployment.account_index
    assert sorted(index.connections_of(BAKERY)) == [MARIA, SHOP]
    assert world.record().published.waba_ids == (BAKERY,)
    assert cli("connections", "disconnect", SHOP, "--yes").code == 0
    assert index.connections_of(BAKERY) == [MARIA]


def test_sixty_accounts_are_written_in_batches(world: World, cli: CommandLine) -> None:
    world.connect()
    ids = [f"3009{number:011}" for number in range(49)]
    cli.deployment.account_index.change(SHOP, added=ids, removed=())
    assert all(cli.deployment.account_index.connections_of(one) == [SHOP] for one in ids)
    cli.deployment.account_index.change(SHOP, added=(), removed=ids)
    assert not any(cli.deployment.account_index.connections_of(one) for one in ids)


def test_lost_account_is_still_found(world: World, cli: CommandLine) -> None:
    connect(world)
    world.change_accounts(is_proven=False, is_lost=True)
    assert cli.deployment.account_index.connections_of(BAKERY) == [MARIA]


def test_account_table_that_cannot_be_written_holds_up_nothing(world: World, cli: CommandLine, wire: Wire) -> None:
    def fail(name: str) -> None:
        if name == "BatchWriteItem":
            raise ConnectionError

    with wire.action(fail):
        world.connect()
        assert world.token()
        assert world.sent_types(set_up=True) == ["Connected", "Onboarded"]
        assert world.record().publish_at is not None
    world.after(seconds=3_601)
    assert cli.deployment.account_index.connections_of(BAKERY) == [MARIA]
    world.assert_consistent()


def test_publish_by_hand_makes_lost_rows_again(world: World, cli: CommandLine) -> None:
    connect(world)
    cli.deployment.account_index.change(MARIA, added=(), removed=[BAKERY])
    assert cli("publish", "--all").code == 0
    world.settle()
    assert cli.deployment.account_index.connections_of(BAKERY) == [MARIA]
