"""Describe a running stack: its addresses, and commands that work as printed in another terminal."""

import shlex
from pathlib import Path

from local.emulator import CREDENTIALS, REGION
from local.place import DEV, ROOT, SAM, STATE, shown
from local.stack import Stack


def describe(stack: Stack) -> str:
    """Return the text that `make run` prints when people can connect."""
    # Version 1 of the AWS CLI does not read AWS_REGION.
    variables = {"AWS_ENDPOINT_URL": stack.endpoint_url} | CREDENTIALS | {"AWS_DEFAULT_REGION": REGION}
    exported = " ".join(f"{name}={value}" for name, value in variables.items())
    commands = "\n".join(f"  {line}" for line in _commands(stack))
    return f"""
  Connect link    {stack.base_url}/connect
  {_facebook(stack)}
  AWS emulator    {stack.endpoint_url}, with IAM enforced; log: {shown(stack.directory / "emulator.log")}
  Reader policy   {stack.outputs["TokenReaderPolicyArn"]}

Commands for another terminal, in {shlex.quote(str(ROOT))}. The export line is for aws and sam, the last line needs Docker.
  export {exported}
{commands}

Waiting for people to connect. Press Ctrl-C to stop.
"""


def _facebook(stack: Stack) -> str:
    if stack.facebook is None:
        return "Facebook        the real Facebook, with your Meta app"
    return (
        f"Developer page  {stack.facebook_url}, of the simulated Facebook: make a token old, change a password,"
        " remove the app"
    )


def _commands(stack: Stack) -> list[str]:
    is_usual = stack.directory == STATE
    command_line = shown(DEV / "whatsapp-connect")
    local = "--local" if is_usual else f"--local-directory {_quoted(stack.directory)}"
    # The SAM CLI alone finds the files of the usual stack only.
    in_docker = (
        f"{shown(SAM)} local invoke CallbackFunction -e events/callback.json"
        if is_usual
        else f"make invoke FUNCTION=CallbackFunction EVENT=events/callback.json DIRECTORY={_quoted(stack.directory)}"
    )
    read_tokens = (
        f"{shown(DEV / 'aws')} ssm get-parameters-by-path --recursive --with-decryption --output text \\\n"
        f"    --path {stack.outputs['ParameterPrefix']}/connections"
        """ --query "Parameters[?ends_with(Name, '/access-token')].[Name, Value]\""""
    )
    return [
        f"{command_line} connections list {local}",
        f"{command_line} links create tenant-42 --label Acme {local}",
        read_tokens,
        in_docker,
    ]


def _quoted(path: Path) -> str:
    return shlex.quote(shown(path))
