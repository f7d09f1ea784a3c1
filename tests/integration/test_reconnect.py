"""Connecting again at a connection's own address: it replaces a token and never makes a connection."""

import pytest

from tests.support.browser import Reply, assert_ended
from tests.support.meta import Meta
from tests.support.people import MARIA
from tests.support.world import World

NOT_YOURS = (403, "Please use another account")


def reconnect(world: World, connection_id: str, person: str = "maria") -> Reply:
    browser = world.browser()
    return browser.come_back(browser.log_in(reconnect=connection_id, person=person))


def test_owner_connects_again(world: World) -> None:
    world.connect(connection_id="acme")
    token = world.token("acme")
    assert assert_ended(reconnect(world, "acme"), "connected")["connection_id"] == "acme"
    world.settle()
    assert world.token("acme") != token
    assert world.sent_types()[-1] == "Reconnected"
    world.assert_consistent()


def test_owner_of_a_dead_connection_connects_again(world: World) -> None:
    world.connect(connection_id="acme")
    world.facebook.control("tokens/invalidate", {"user_id": MARIA})
    world.clock.advance(61)
    world.ask_for_check("acme")
    assert not world.record("acme").is_alive
    assert_ended(reconnect(world, "acme"), "connected")
    world.settle()
    world.assert_consistent()


def test_connection_of_a_person_is_connected_again_by_its_user_id(world: World) -> None:
    world.connect()
    assert_ended(reconnect(world, MARIA), "connected")


def test_label_tags_and_language_stay(world: World) -> None:
    browser = world.browser()
    link = world.link("acme", label="Acme GmbH", tags={"plan": "pro"}, language="de")
    assert browser.finish(link=link).title == "Sie sind verbunden"
    world.settle()
    reconnect(world, "acme")
    world.settle()
    metadata = world.metadata("acme")
    assert (metadata["label"], metadata["tags"], metadata["language"]) == ("Acme GmbH", {"plan": "pro"}, "de")


def test_unknown_forgotten_and_foreign_connections_end_alike(world: World, deauthorize: Meta) -> None:
    """Only the log tells them apart."""
    world.connect(connection_id="acme")
    world.connect("jonas", connection_id="gone")
    deauthorize.tell("122100000000000002")  # nothing is published yet
    before = world.stored.everything()
    replies = {name: reconnect(world, name, "priya") for name in ("nobody", "gone", "acme")}
    why = {name: assert_log(reply) for name, reply in replies.items()}
    assert why == {"nobody": "unknown", "gone": "forgotten", "acme": "of-another-owner"}
    bodies = {
        reply.body.replace(reply.reference or "", "").replace(f"/reconnect/{name}", "")
        for name, reply in replies.items()
    }
    assert len(bodies) == 1
    assert world.stored.everything() == before


def assert_log(reply: Reply) -> str:
    assert (reply.status, reply.title) == NOT_YOURS
    assert reply.metric("LoginEnded") == ["not-yours"]
    (line,) = reply.logs("login ended")
    return str(line["connection"])


def test_strangers_token_is_neither_stored_nor_revoked(world: World) -> None:
    world.connect(connection_id="acme")
    token = world.token("acme")
    reconnect(world, "acme", "jonas")
    world.settle()
    assert world.token("acme") == token
    assert all(one.death is None for one in world.state.every_token())
    assert world.record("acme").user_id == MARIA


def test_stranger_asks_facebook_as_often_for_every_connection(world: World) -> None:
    world.connect(connection_id="acme")
    calls = []
    for name in ("acme", "nobody"):
        world.facebook.control("requests", method="DELETE")
        reconnect(world, name, "priya")
        calls.append(len(world.facebook.control("requests", method="GET")["requests"]))
    assert calls[0] == calls[1]


def test_strangers_login_asks_for_no_check(world: World) -> None:
    world.connect(connection_id="acme")
    due = world.record("acme").next_check_at
    world.facebook.control("debug-token", {"person": "jonas", "target_ids": "empty"})
    assert_log(reconnect(world, "acme", "jonas"))
    assert world.record("acme").next_check_at == due


@pytest.mark.parameters(Reconnect="disabled")
def test_events_without_reconnect_ask_for_a_new_link(world: World) -> None:
    world.connect(connection_id="acme")
    world.facebook.control("tokens/invalidate", {"user_id": MARIA})
    world.clock.advance(61)
    world.sent_events()
    world.ask_for_check("acme")
    (event,) = world.sent_events()
    assert "reconnect_url" not in event.detail
    assert "whatsapp-connect links create acme" in event.detail["message"]
