"""The command line, run in this process against the stack that a test deployed."""

import io
import json
import os
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from time import time
from types import ModuleType
from typing import Any

import boto3
from click.testing import CliRunner
from whatsapp_connect.config import Settings

from tests.support import stack
from whatsapp_connect_cli.app import program
from whatsapp_connect_cli.deployment import Deployment, Place
from whatsapp_connect_cli.options import Asked

ROLES = ("CallbackRole", "RenewRole", "DeauthorizeRole", "AnnounceRole")
LOG_GROUP = "/aws/lambda/test-renew"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.everything = ""
        """All that was ever printed, but by commands that were to print a secret."""

    def __call__(self, *arguments: str, typed: str | None = None, secret: bool = False) -> Ended:
        ended = CliRunner().invoke(
            program,
            arguments,
            obj=Asked(deployment=self.deployment),
            input=typed,
            prog_name="whatsapp-connect",
        )
        if not secret:
            self.everything += ended.output
        assert "Traceback" not in ended.output
        return Ended(ended.exit_code, ended.stdout, ended.stderr)


class Invoker:
    """As much of Lambda as `connections renew` calls: runs the function here."""

    def __init__(self, load: Callable[[str], ModuleType], context: Any) -> None:
        self._load = load
        self._context = context

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  as boto3 names them
        assert FunctionName == "renew"
        with redirect_stdout(io.StringIO()):  # it has a log of its own
            try:
                self._load("renew").handler(json.loads(Payload), self._context)
            except RuntimeError:
                return {"FunctionError": "Unhandled"}
        return {}


def deployment(session: boto3.Session) -> Deployment:
    """Return what the program would find of the test's stack in CloudFormation."""
    topic = session.client("sns").create_topic(Name="alerts")["TopicArn"]
    session.client("logs").create_log_group(logGroupName=LOG_GROUP)
    return Deployment(
        place=Place(session),
        settings=Settings.from_environ(os.environ | {"CONNECT_URL": stack.CONNECT_URL}),
        outputs={
            "TokenReaderPolicyArn": f"arn:aws:iam::{stack.ACCOUNT}:policy/reader",
            "AlertTopicArn": topic,
        },
        resources={role: role for role in ROLES} | {"RenewFunction": "renew", "RenewLogGroup": LOG_GROUP},
        created_at=time() - 86400,
    )
