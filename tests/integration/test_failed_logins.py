"""The limit on failed logins, which keeps strangers from spending the app's calls."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import stack
from tests.support.browser import Browser, Reply, assert_ended
from tests.support.outage import Outage
from tests.support.world import World
from whatsapp_connect.failed_logins import MAX_PER_MINUTE


def fail(browser: Browser, **start: Any) -> Reply:
    """Start a login and come back with a code that Facebook never gave."""
    location = browser.connect(**start).location
    state = location.partition("state=")[2].partition("&")[0]
    return browser.come_back(f"code=invented&state={state}")


def spend(world: World, **start: Any) -> None:
    for _ in range(MAX_PER_MINUTE):
        assert fail(world.browser(), **start).status == 400


def exchanges(world: World) -> int:
    return world.facebook.exchanges


def test_stranger_cannot_make_the_app_ask_facebook_for_ever(world: World) -> None:
    spend(world)
    asked = exchanges(world)
    reply = fail(world.browser())
    assert_ended(reply, "too-many-failures")
    assert exchanges(world) == asked


def test_person_who_waits_a_minute_reloads_and_is_connected(world: World) -> None:
    browser = world.browser()
    query = browser.log_in()
    spend(world)
    assert_ended(browser.come_back(query), "too-many-failures")
    world.clock.advance(60)
    assert_ended(browser.come_back(query), "connected")


def test_strangers_stop_neither_links_nor_the_other_kind_of_address(world: World) -> None:
    world.connect(connection_id="acme")
    spend(world)
    assert_ended(world.browser().finish(reconnect="acme"), "connected", page="connected")
    spend(world, reconnect="nobody")
    assert_ended(world.browser().finish(link=world.link("shop")), "connected")
    assert_ended(fail(world.browser(), reconnect="other"), "too-many-failures")


def test_misused_link_stops_only_itself(world: World) -> None:
    leaked, other = world.link("shop", uses=100), world.link("acme")
    spend(world, link=leaked)
    browser = world.browser()
    reply = browser.come_back(browser.log_in(link=leaked))
    assert (reply.status, reply.metric("LoginEnded")) == (503, ["too-many-failures"])
    assert_ended(world.browser().finish(link=other), "connected")


def test_strangers_logins_at_others_addresses_count(world: World) -> None:
    world.connect(connection_id="acme")
    for _ in range(MAX_PER_MINUTE):
        browser = world.browser()
        browser.come_back(browser.log_in(reconnect="acme", person="jonas"))
    assert_ended(fail(world.browser(), reconnect="acme"), "too-many-failures")


def test_other_execution_environment_lets_one_more_failure_pass(world: World) -> None:
    spend(world)
    world.restart("callback")
    assert fail(world.browser()).status == 400
    assert_ended(fail(world.browser()), "too-many-failures")


def test_login_that_succeeds_counts_nothing(world: World) -> None:
    assert_ended(world.browser().finish(), "connected")
    table = stack.operator(world.session, "dynamodb").scan(TableName=stack.BRAKE)
    assert [item for item in table["Items"] if item["name"]["S"].startswith("failed-logins/")] == []


def test_counts_are_deleted_by_dynamodb(world: World) -> None:
    fail(world.browser())
    dynamodb = stack.operator(world.session, "dynamodb")
    (item,) = (
        item for item in dynamodb.scan(TableName=stack.BRAKE)["Items"] if item["name"]["S"].startswith("failed-logins/")
    )
    assert world.clock.now() < int(item["expires_at"]["N"]) < world.clock.now() + 7200
    about = dynamodb.describe_time_to_live(TableName=stack.BRAKE)["TimeToLiveDescription"]
    assert (about["TimeToLiveStatus"], about["AttributeName"]) == ("ENABLED", "expires_at")


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException"])
def test_failure_that_cannot_be_counted_ends_as_usual(
    world: World, clients: Callable[[str], list[Any]], code: str
) -> None:
    browser = world.browser()
    location = browser.connect().location
    Outage(clients("callback"), "UpdateItem", code, skip=1, times=1)
    reply = browser.come_back(f"code=invented&state={location.partition('state=')[2].partition('&')[0]}")
    assert (reply.status, reply.metric("LoginEnded")) == (400, ["code-rejected"])
    assert reply.logs("failure not counted")
