"""The program as a whole: which stack it finds, and how it ends."""

import json
import socket
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner, Result

from tests.support.account import forget_the_developer
from tests.support.command_line import CommandLine
from whatsapp_connect_cli.app import program
from whatsapp_connect_cli.options import CommonOptions


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, arguments, prog_name="whatsapp-connect")


COMMANDS = [
    ["links", "list"],
    ["connections", "list"],
    ["connections", "test", "x"],
    ["token", "x"],
    ["policy", "x"],
    ["publish", "x"],
    ["events", "list", "x"],
    ["due"],
    ["brake", "show"],
    ["rollback", "show"],
    ["orphans"],
    ["doctor"],
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_stack_that_is_not_there_is_not_found(aws: boto3.Session, command: list[str]) -> None:
    ended = run(*command)
    assert (ended.exit_code, ended.stdout) == (3, "")
    assert ended.stderr == (
        "Error: There is no stack whatsapp-connect in eu-west-1. Choose the stack with --stack, its Region with"
        " --region.\n"
    )


def test_stack_of_another_template_is_refused(aws: boto3.Session) -> None:
    aws.client("cloudformation").create_stack(
        StackName="shop", TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    )
    ended = run("links", "list", "--stack", "shop")
    assert (ended.exit_code, ended.stderr) == (3, "Error: The stack shop is not a WhatsApp Connect stack.\n")


def test_no_credentials_are_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_the_developer(monkeypatch)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    ended = run("links", "list", "--region", "eu-west-1")
    assert ended.exit_code == 1
    assert ended.stderr.startswith("Error: No AWS credentials were found.")
    assert "No AWS Region" in run("links", "list").stderr
    assert "nobody" in run("links", "list", "--profile", "nobody").stderr


def test_no_local_stack_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run("--local", "links", "list")
    assert (ended.exit_code, ended.stdout) == (3, "")
    assert "make run" in ended.stderr


@pytest.mark.parametrize("before", [True, False])
def test_options_may_stand_before_and_after_the_command(aws: boto3.Session, *, before: bool) -> None:
    options, command = ["--stack", "mine", "--json"], ["links", "list"]
    common = CommonOptions()
    arguments = [*options, *command] if before else [*command, *options]
    CliRunner().invoke(program, arguments, obj=common)
    assert (common.stack, common.json, common.local) == ("mine", True, False)


@pytest.mark.parametrize(
    "command",
    [[], *COMMANDS, ["links"], ["connections", "import"], ["events", "replay"], ["brake", "release"]],
)
def test_help_fits_a_terminal(command: list[str]) -> None:
    words = [word for word in command if word != "x"]
    ended = run(*words, "--help")
    assert ended.exit_code == 0
    assert all(len(line) <= 100 for line in ended.stdout.splitlines())


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--local", "links", "create", "acme"], "--local "),
        (["links", "create", "acme", "--stack", "my shop"], "--stack 'my shop' "),
        (["--region", "eu-west-1", "links", "create", "acme", "--profile", "x"], "--region eu-west-1 --profile x "),
        (["links", "create", "acme"], ""),
    ],
)
def test_printed_command_names_the_same_stack(cli: CommandLine, arguments: list[str], options: str) -> None:
    assert f"To revoke it: whatsapp-connect {options}links revoke" in cli(*arguments).err


def test_error_names_the_same_stack_and_leaves_names_of_stacks_alone(cli: CommandLine) -> None:
    ended = cli("connections", "show", "nobody", "--stack", "whatsapp-connect")
    assert "See whatsapp-connect --stack whatsapp-connect connections list." in ended.err


def test_local_stack_that_was_killed_is_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    variables = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    (tmp_path / "env.json").write_text(json.dumps({"Parameters": variables}))
    ended = run("--local-directory", str(tmp_path), "links", "list")
    assert (ended.exit_code, "make run" in ended.output) == (3, True)
