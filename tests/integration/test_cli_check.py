"""`whatsapp-connect connections check`: what it says is what was seen."""

from dataclasses import replace

import pytest

from tests.support import stack
from tests.support.clock import DAY, HOUR, MINUTE
from tests.support.command_line import CommandLine
from tests.support.people import MARIA
from tests.support.world import World


@pytest.fixture(autouse=True)
def _connected(world: World) -> None:
    world.connect()
    world.clock.advance(HOUR)


@pytest.mark.usefixtures("extending")
def test_token_that_ends_soon_is_extended(cli: CommandLine, world: World) -> None:
    world.clock.advance(35 * DAY)
    ended = cli("connections", "check", MARIA)
    assert (ended.code, ended.out) == (0, f"{MARIA} works. Its token was extended, and readers get the new token.\n")
    assert world.expires_in() > 59 * DAY


def test_new_token_is_checked(cli: CommandLine, world: World) -> None:
    found = cli("connections", "check", MARIA, "--json").json
    assert (found["outcome"], found["connection"]["status"]) == ("checked", "active")
    assert world.facebook.inspections == 1


def test_second_check_within_a_minute_waits_for_its_turn(cli: CommandLine, world: World) -> None:
    assert cli("connections", "check", MARIA).code == 0
    began = world.clock.time()
    ended = cli("connections", "check", MARIA)
    assert ended.code == 0
    assert "works" in ended.out
    assert world.clock.time() - began >= MINUTE
    assert world.facebook.inspections == 2


def test_dead_token_is_found(cli: CommandLine, world: World) -> None:
    world.facebook.control("tokens/invalidate", {"person": "maria", "reason": "password_changed"})
    assert cli("connections", "check", MARIA).out == f"{MARIA} is revoked. Its token was deleted.\n"
    world.settle()
    assert world.stored.token(MARIA) is None
    out = cli("connections", "show", MARIA).out
    assert "changed their password" in out
    assert f"Ask the person to connect again: {stack.SITE_URL}/reconnect/" in out
    world.clock.advance(HOUR)
    assert cli("connections", "check", MARIA, "--json").json["outcome"] == "compared"


def test_unexplained_invalid_is_a_doubt(cli: CommandLine, world: World) -> None:
    world.facebook.control(
        "tokens/invalidate", {"person": "maria", "reason": "password_changed", "with_subcode": False}
    )
    assert "in doubt" in cli("connections", "check", MARIA).out
    assert "is in doubt" in cli("connections", "show", MARIA).out
    assert world.stored.token(MARIA)


def test_facebook_that_is_down_fails_the_check_and_keeps_the_token(cli: CommandLine, world: World) -> None:
    world.facebook.fail("debug_token", "html_error", times=None)
    ended = cli("connections", "check", MARIA)
    assert ended.code == 1
    assert "Facebook does not answer the app. Its token was not changed" in ended.out
    assert world.stored.token(MARIA)
    again = cli("connections", "check", MARIA)
    assert (again.code, again.out) == (1, "")
    assert "Facebook does not answer" in again.err


def test_failed_check_exits_with_an_error(cli: CommandLine, world: World) -> None:
    world.facebook.fail("debug_token", "graph_error", code=100, times=1)
    ended = cli("connections", "check", MARIA)
    assert ended.code == 1
    assert "could not be checked. Its token was not changed" in ended.out


def test_connection_deleted_during_a_check_is_reported(cli: CommandLine, world: World) -> None:
    world.meta("deauthorize").tell(MARIA)
    ended = cli("connections", "check", MARIA)
    assert (ended.code, ended.out) == (0, f"{MARIA} was deleted during the check.\n")


def test_check_that_never_runs_exits_with_an_error(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = world.functions["check"]
    monkeypatch.setattr(check, "settings", replace(check.settings, checking=False))
    ended = cli("connections", "check", MARIA)
    assert ended.code == 1
    assert f"CheckFunction did not check {MARIA}" in ended.out


def test_paused_checking_is_refused(cli: CommandLine, world: World) -> None:
    cli.set(checking=False)
    assert cli("connections", "check", MARIA).code == 4
    assert world.facebook.inspections == 0
