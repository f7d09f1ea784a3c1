"""`whatsapp-connect connections complete`: store the token of a sign-up that Meta finished and whose code was lost."""

from typing import Any

import pytest

from tests.support.command_line import CommandLine
from tests.support.people import BAKERY
from tests.support.world import World

BUSINESS = "200000000000001"
OF_OURS = ["whatsapp_business_management", "whatsapp_business_messaging", "business_management"]


def own_token(world: World, **about: Any) -> str:
    """Return a token of a system user of our own."""
    wanted = {"person": "jonas", "type": "SYSTEM_USER", "scopes": OF_OURS, "lifetime": 0} | about
    return str(world.facebook.control("tokens", wanted)["access_token"])


def finish_sign_up(world: World, fault: str = "no_answer") -> None:
    """Have Maria finish a sign-up in the pop-up, so that its code never comes."""
    app = {"sdk_login": True, "sdk_domains": ["https://shop.example/"], "configurations": {"77": {}}}
    app["redirect_uris"] = ["https://shop.example/callback"]
    world.facebook.control("app", app)
    world.facebook.fail("dialog", fault)
    world.facebook.control("signup", {"account": BAKERY})


@pytest.mark.parametrize("fault", ["no_answer", "never_answers", "expired_code"])
def test_sign_up_is_completed(cli: CommandLine, world: World, fault: str) -> None:
    finish_sign_up(world, fault)
    own = own_token(world)
    ended = cli("connections", "complete", "tenant-42", BUSINESS, "--account", BAKERY, typed=f"{own}\n")
    assert ended.code == 0, ended.err
    world.settle()
    assert world.metadata("tenant-42")["usable"]
    assert world.metadata("tenant-42")["waba_ids"] == [BAKERY]
    assert world.record("tenant-42").client_business_id == BUSINESS
    stored = world.token("tenant-42")
    assert stored != own
    assert own not in cli.everything
    assert stored not in cli.everything
    assert own not in str(world.stored.parameters())


def test_app_without_a_sign_up_of_the_business_stores_nothing(cli: CommandLine, world: World) -> None:
    ended = cli("connections", "complete", "tenant-42", BUSINESS, typed=own_token(world))
    assert ended.code == 1
    assert "Nothing was changed" in ended.err
    assert world.stored.records() == []


@pytest.mark.parametrize("about", [{"scopes": OF_OURS[:2]}, {"type": "USER"}])
def test_own_token_must_be_a_system_users_and_manage_businesses(
    cli: CommandLine, world: World, about: dict[str, Any]
) -> None:
    finish_sign_up(world)
    ended = cli("connections", "complete", "tenant-42", BUSINESS, typed=own_token(world, **about))
    assert ended.code == 1
    assert "business_management" in ended.err
    assert world.stored.records() == []


@pytest.mark.parametrize("typed", ["", "two words", "{{x}}"])
def test_what_is_no_token_is_not_sent(cli: CommandLine, world: World, typed: str) -> None:
    assert cli("connections", "complete", "tenant-42", BUSINESS, typed=typed).code == 4
    assert world.facebook.counts().get("system_user_access_tokens", 0) == 0


def test_connection_of_somebody_else_is_not_taken(cli: CommandLine, world: World) -> None:
    world.connect("jonas", connection_id="tenant-42")
    finish_sign_up(world)
    before = world.token("tenant-42")
    assert cli("connections", "complete", "tenant-42", BUSINESS, typed=own_token(world)).code != 0
    assert world.token("tenant-42") == before
