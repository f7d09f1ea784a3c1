"""`whatsapp-connect token` and `policy`."""

import json

import pytest

from tests.support import stack
from tests.support.command_line import CommandLine
from tests.support.people import MARIA
from tests.support.world import World


def test_token_is_masked(cli: CommandLine, world: World) -> None:
    world.connect()
    ended = cli("token", MARIA)
    assert ended.out.startswith("EAA************  (200 characters, SHA-256 begins ")
    assert f"Version 1 of {stack.PREFIX}/connections/{MARIA}/access-token" in ended.out
    assert "access_token" not in cli("token", MARIA, "--json").json


def test_token_is_shown_if_asked_for(cli: CommandLine, world: World) -> None:
    world.connect()
    assert cli("token", MARIA, "--show", secret=True).out == f"{world.token()}\n"
    assert cli("token", MARIA, "--show", "--json", secret=True).json["access_token"] == world.token()


def test_token_is_not_shown_on_a_terminal_unasked(
    cli: CommandLine, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.connect()
    monkeypatch.setattr("whatsapp_connect_cli.token.is_terminal", lambda: True)
    ended = cli("token", MARIA, "--show")
    assert (ended.code, ended.out) == (4, "")
    assert cli("token", MARIA, "--show", "--yes", secret=True).out.startswith("EAA")


def test_missing_token_is_not_found(cli: CommandLine) -> None:
    assert cli("token", "nobody").code == 3


def test_policy_for_one_connection_is_the_one_of_the_examples(cli: CommandLine) -> None:
    """The recipes are tested with that."""
    example = (stack.ROOT / "examples/one-connection-policy.json").read_text()
    for there, here in (
        ("arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555", stack.KEY),
        (
            "arn:aws:sqs:eu-west-1:123456789012:whatsapp-connect-CheckQueue-1A2B3C4D5E6F",
            stack.CHECK_QUEUE_ARN,
        ),
        ("eu-west-1:123456789012", f"{stack.REGION}:{stack.ACCOUNT}"),
        ("/whatsapp-connect", stack.PREFIX),
        ("122100000000000001", "tenant-42"),
    ):
        assert there in example
        example = example.replace(there, here)
    assert cli("policy", "tenant-42").json == json.loads(example)


def test_policy_allows_the_previous_key_while_there_is_one(cli: CommandLine) -> None:
    vars(cli.deployment)["stack_parameters"] = {"PreviousTokenKey": "arn:aws:kms:previous"}
    statement = cli("policy", "tenant-42").json["Statement"][1]
    assert statement["Resource"] == [stack.KEY, "arn:aws:kms:previous"]


def test_arns_have_the_region_of_the_stack(cli: CommandLine) -> None:
    cli.set(check_queue_arn=stack.CHECK_QUEUE_ARN.replace(stack.REGION, "ap-south-1"))
    assert cli.deployment.parameter_arn("/x") == f"arn:aws:ssm:ap-south-1:{stack.ACCOUNT}:parameter/x"


def test_policy_for_all_is_named(cli: CommandLine) -> None:
    assert cli("policy", "--all").out == f"arn:aws:iam::{stack.ACCOUNT}:policy/reader\n"
    assert cli("policy").code == 2
    assert cli("policy", "tenant", "--all").code == 2
