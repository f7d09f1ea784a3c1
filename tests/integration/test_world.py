"""One connection from a login through its life, as everything else is built on it."""

import pytest

from tests.support.people import MARIA
from tests.support.world import World


def test_login_leaves_the_token_before_anything_is_published(world: World) -> None:
    assert world.log_in().status == 200
    assert world.stored.token(MARIA)
    assert world.sent_events() == []


def test_login_is_published(world: World) -> None:
    world.log_in()
    world.settle()
    world.assert_consistent()
    assert world.sent_types() == ["Connected"]
    assert world.metadata()["status"] == "active"


@pytest.mark.usefixtures("extending")
def test_token_is_extended_from_thirty_days_before_its_end(world: World) -> None:
    world.connect()
    world.sent_events()
    assert world.after(days=29).outcomes == {"checked": 1}
    assert world.after(days=3).outcomes == {"renewed": 1}
    assert world.sent_types() == ["Renewed"]
    assert world.expires_in() > 59 * 86400
    world.assert_consistent()


def test_changed_password_ends_the_token(world: World) -> None:
    world.connect()
    world.sent_events()
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": "password_changed"})
    world.clock.advance(120)
    assert world.ask_for_check().outcomes == {"revoked": 1}
    world.assert_consistent()
    assert world.stored.token(MARIA) is None
    assert world.metadata()["status_reason"] == "password-changed"
    assert world.sent_types() == ["Revoked"]


def test_forgotten_connection_leaves_nothing(world: World) -> None:
    world.connect()
    world.sent_events()
    world.clock.advance(3600)
    assert world.meta("deauthorize").tell(MARIA).status == 200
    world.settle()
    assert world.stored.everything() == ({}, [])
    assert world.sent_types() == ["Deleted"]
