"""A business and a label with characters that steer a terminal, in what the commands print."""

import pytest

from tests.support.command_line import CommandLine
from tests.support.people import MARIA
from tests.support.world import World

NUMBER = "+1 \u202a555\u202c \x9b5n"
NAME = "\x1b[2J\x1b]0;owned\x07Bakery\r\nError: all is lost\u2028\u202eyrekaB\u2066\u200b\u200f\U000e0041\x7f"


@pytest.fixture
def connected(world: World) -> None:
    """Connect Maria, whose business has that name."""
    (maria, *_) = world.facebook.control("people", method="GET")["people"]
    for business in maria["businesses"]:
        for account in business["accounts"]:
            account["phones"] = [
                phone | {"verified_name": NAME, "display_phone_number": NUMBER} for phone in account["phones"]
            ]
    world.facebook.control("people", {"people": [maria]})
    world.log_in()
    world.settle()


@pytest.mark.parametrize(
    "command",
    [
        ["connections", "list"],
        ["connections", "show", MARIA],
        ["links", "list"],
        ["doctor"],
        ["connections", "check", MARIA],
        ["events", "list", MARIA],
        ["orphans"],
        ["brake", "show"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_no_command_prints_what_steers_a_terminal(
    cli: CommandLine, world: World, connected: None, command: list[str], options: list[str]
) -> None:
    world.link("shop", label=NAME)  # create_link refuses it
    ended = cli(*command, *options)
    for stream in (ended.out, ended.err):
        assert stream.replace("\n", "").isprintable()
    assert "\nError: all is lost" not in ended.out


def test_names_are_shown_and_json_has_them_whole(cli: CommandLine, connected: None) -> None:
    assert "Bakery" in cli("connections", "show", MARIA).out
    assert "555" in cli("connections", "list").out
    (listed,) = cli("connections", "list", "--json").json
    assert {number["verified_name"] for number in listed["phone_numbers"]} == {NAME}
    assert {number["display_phone_number"] for number in listed["phone_numbers"]} == {NUMBER}


def test_a_label_is_shown_and_json_has_it_whole(cli: CommandLine, world: World) -> None:
    world.link("shop", label=NAME)
    assert "Bakery" in cli("links", "list").out
    assert cli("links", "list", "--json").json[0]["label"] == NAME
