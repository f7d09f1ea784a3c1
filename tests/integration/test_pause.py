"""Paused logins: nobody starts one, nobody ends one, and who was on the way goes on once they are resumed."""

import pytest

from tests.support import stack
from tests.support.browser import assert_ended
from tests.support.outage import Outage, watch
from tests.support.people import MARIA
from tests.support.world import World
from whatsapp_connect.login_switch import REMEMBERED_S, LoginSwitch


@pytest.fixture
def switch(world: World) -> LoginSwitch:
    return LoginSwitch(client=stack.operator(world.session, "dynamodb"), table=stack.BRAKE, clock=world.clock.time)


@pytest.mark.parametrize("kind", ["public", "link", "reconnect"])
def test_nobody_starts_a_login(world: World, switch: LoginSwitch, kind: str) -> None:
    world.connect(connection_id="acme")
    link = world.link("acme") if kind == "link" else ""
    switch.pause()
    reply = world.browser().connect(link=link, reconnect="acme" if kind == "reconnect" else "")
    assert (reply.status, reply.title) == (503, "Connecting is paused")
    assert reply.metric("LoginNotStarted") == ["logins-paused"]
    assert not world.stored.states()


def test_login_on_the_way_is_not_stored_and_goes_on_afterwards(world: World, switch: LoginSwitch) -> None:
    browser = world.browser()
    query = browser.log_in()
    before = world.stored.everything()
    switch.pause()
    assert_ended(browser.come_back(query), "logins-paused")
    assert world.facebook.exchanges == 0
    assert world.stored.everything() == before
    switch.resume()
    world.clock.advance(REMEMBERED_S + 1)
    assert_ended(browser.come_back(query), "connected")


def test_functions_notice_within_seconds(world: World, switch: LoginSwitch) -> None:
    browser = world.browser()
    assert_ended(browser.finish(), "connected")
    query = browser.log_in()
    switch.pause()
    world.clock.advance(REMEMBERED_S + 1)
    assert_ended(browser.come_back(query), "logins-paused")
    assert browser.connect().status == 503
    switch.resume()
    world.clock.advance(REMEMBERED_S + 1)
    assert browser.connect().status == 302


def test_logins_in_a_row_read_it_once(world: World) -> None:
    (client,) = world.clients("authorize")
    reads: list[None] = []
    watch(client, "GetItem", lambda **_: reads.append(None))
    for _ in range(3):
        assert world.browser().connect().status == 302
    assert len(reads) == 1


@pytest.mark.usefixtures("switch")
def test_unreadable_switch_is_an_error_of_aws(world: World) -> None:
    (client,) = world.clients("authorize")
    Outage(client, "GetItem", "ThrottlingException")
    assert world.browser().connect().metric("LoginNotStarted") == ["aws-busy"]


def test_pause_keeps_checks_and_readers_running(world: World, switch: LoginSwitch) -> None:
    world.connect()
    switch.pause()
    world.ask_for_check()
    assert world.record().checked_at
    assert world.token(MARIA)


def test_second_pause_keeps_the_time_of_the_first(world: World, switch: LoginSwitch) -> None:
    switch.pause()
    first = switch.paused_at()
    world.clock.advance(60)
    switch.pause()
    assert switch.paused_at() == first
    switch.resume()
    switch.resume()
    assert switch.paused_at() is None
