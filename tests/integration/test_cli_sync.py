"""`whatsapp-connect numbers sync`: ask for contacts and history of the WhatsApp Business app by hand."""

import json

import pytest

from tests.support.business_app import OTHER_PHONE, PHONE, sign_up, told
from tests.support.command_line import CommandLine
from tests.support.people import MARIA
from tests.support.world import World
from whatsapp_connect.business_app import REPEATED, TOO_LATE


@pytest.fixture(autouse=True)
def signed_up(world: World) -> None:
    """Sign up one of Maria's two numbers."""
    sign_up(world)


def connect(world: World) -> None:
    world.connect()
    world.sent_events()


@pytest.mark.parametrize("is_done", [True, False])
def test_request_without_an_answer_is_sent_again(cli: CommandLine, world: World, *, is_done: bool) -> None:
    world.facebook.fail("smb_app_data", "empty", consume=is_done)
    connect(world)
    assert "no contacts of +1 202-555-0100: no answer came" in cli("connections", "accounts", MARIA).out
    assert f"whatsapp-connect numbers sync {MARIA} {PHONE}" in cli("connections", "show", MARIA).out
    ended = cli("numbers", "sync", MARIA, PHONE, "--json")
    assert (ended.code, json.loads(ended.out)) == (0, {"phone_number_id": PHONE, "started": ["contacts"]})
    world.settle()
    assert told(world) == [("SyncStarted", "contacts", None)]
    assert "no contacts" not in cli("connections", "accounts", MARIA).out
    assert "numbers sync" not in cli("connections", "show", MARIA).out


def test_what_was_started_is_not_asked_for_again(cli: CommandLine, world: World) -> None:
    connect(world)
    assert "Meta was asked for the history of +1 202-555-0100 on " in cli("connections", "show", MARIA).out
    assert cli("numbers", "sync", MARIA, PHONE).code == 4
    assert world.facebook.counts().get("smb_app_data", 0) == 0  # since the connection


@pytest.mark.parametrize(("code", "words"), [(REPEATED, "asked before"), (TOO_LATE, "24 hours"), (100, "code 100")])
def test_refusal_is_told(cli: CommandLine, world: World, code: int, words: str) -> None:
    world.facebook.fail("smb_app_data", "graph_error", code=code, times=None)
    connect(world)
    ended = cli("numbers", "sync", MARIA, PHONE)
    assert ended.code == 1
    assert words in ended.err
    assert ("numbers sync" in cli("connections", "show", MARIA).out) == (code == 100)


def test_busy_facebook_may_be_asked_again(cli: CommandLine, world: World) -> None:
    world.facebook.fail("smb_app_data", "throttled_waba", times=2)
    connect(world)
    assert cli("numbers", "sync", MARIA, PHONE).code == 1
    assert cli("numbers", "sync", MARIA, PHONE).code == 0


@pytest.mark.parametrize(
    ("arguments", "code"), [((MARIA, OTHER_PHONE), 4), ((MARIA, "400000000000999"), 3), (("nobody", PHONE), 3)]
)
def test_nothing_to_ask_for(cli: CommandLine, world: World, arguments: tuple[str, str], code: int) -> None:
    connect(world)
    assert cli("numbers", "sync", *arguments).code == code
