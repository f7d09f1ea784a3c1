"""One person who logs in again and again does not spend Parameter Store's writes, which the whole account shares."""

import pytest

from tests.support.browser import assert_ended
from tests.support.clock import HOUR
from tests.support.outage import watch
from tests.support.people import MARIA
from tests.support.world import FIVE_MINUTES, World
from whatsapp_connect.repeated_logins import HOLD_S, LOGINS_PER_HOUR


@pytest.fixture
def writes(world: World) -> list[str]:
    """Collect the parameters that are written, by whichever function."""
    found: list[str] = []
    for entry in ("callback", "publish"):
        for client in world.clients(entry):
            if client.meta.service_model.service_name == "ssm":
                watch(client, "PutParameter", lambda params, **_: found.append(params["body"]))
    return found


def log_in(world: World, **start: str) -> None:
    assert_ended(world.browser().finish(**start), "connected", page="connected")
    world.settle()


def pass_time(world: World, seconds: int) -> None:
    """Let time pass, with the schedule that comes every five minutes."""
    for _ in range(seconds // FIVE_MINUTES + 1):
        world.after(seconds=FIVE_MINUTES)
        world.settle()


def test_many_logins_of_one_person_write_as_little_as_few(world: World, writes: list[str]) -> None:
    for _ in range(LOGINS_PER_HOUR):
        log_in(world)
    few = len(writes)
    for _ in range(20):
        world.clock.advance(20)
        log_in(world)
    assert len(writes) == few


def test_readers_have_a_token_that_works_meanwhile_and_the_last_one_afterwards(world: World) -> None:
    for _ in range(LOGINS_PER_HOUR):
        log_in(world)
    earlier = world.token()
    log_in(world)
    assert world.token() == earlier
    assert world.state.token(earlier).death is None  # type: ignore[union-attr]
    pass_time(world, HOLD_S)
    assert world.token() != earlier
    world.assert_consistent()


def test_person_who_goes_on_does_not_put_it_off_for_ever(world: World) -> None:
    for _ in range(LOGINS_PER_HOUR):
        log_in(world)
    earlier = world.token()
    for _ in range(10):
        pass_time(world, 300)
        log_in(world)
    assert world.token() != earlier


def test_logins_of_an_hour_ago_do_not_count(world: World) -> None:
    for _ in range(LOGINS_PER_HOUR):
        log_in(world)
    earlier = world.token()
    world.clock.advance(HOUR + 1)
    log_in(world)
    assert world.token() != earlier


def test_dead_connection_is_published_at_once(world: World) -> None:
    for _ in range(LOGINS_PER_HOUR):
        log_in(world)
    world.facebook.control("tokens/invalidate", {"user_id": MARIA})
    world.clock.advance(61)
    world.ask_for_check()
    assert not world.record().is_alive
    log_in(world)
    assert world.token()
    world.assert_consistent()


def test_other_people_are_published_meanwhile(world: World) -> None:
    for _ in range(LOGINS_PER_HOUR + 2):
        log_in(world)
    log_in(world, person="jonas")
    assert world.token("122100000000000002")
