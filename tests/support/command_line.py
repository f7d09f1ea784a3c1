"""The command line, run in this process against the world of a test."""

import io
import json
import os
from contextlib import redirect_stdout
from dataclasses import dataclass
from time import time
from typing import Any

import boto3
from click.testing import CliRunner

from tests.support import stack
from tests.support.events import Context
from tests.support.world import World
from whatsapp_connect.settings import Settings
from whatsapp_connect.version import VERSION
from whatsapp_connect_cli.app import program
from whatsapp_connect_cli.deployment import Deployment, Place
from whatsapp_connect_cli.options import CommonOptions

ROLES = tuple(name for name, resource in stack.TEMPLATE["Resources"].items() if resource["Type"] == "AWS::IAM::Role")
DEAD_LETTERS = ("CheckFailures", "AlertFailures")
LOG_GROUP = "/aws/lambda/test-schedule"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str
    output: str
    """Both, in the order in which they were printed."""

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
            obj=CommonOptions(deployment=self.deployment),
            input=typed,
            prog_name="whatsapp-connect",
        )
        if not secret:
            self.everything += ended.output
        assert "Traceback" not in ended.output
        return Ended(ended.exit_code, ended.stdout, ended.stderr, ended.output)

    def set(self, **settings: Any) -> None:
        """Have the stack deployed with other settings, and forget what clients were made with the earlier ones."""
        about = vars(self.deployment)
        about["settings"] = Settings(
            **{name: getattr(self.deployment.settings, name) for name in Settings.__slots__} | settings
        )
        for name in ("facebook", "parameters", "cipher"):
            about.pop(name, None)


class _Functions:
    """Lambda, as far as the program invokes it: with JSON there and back."""

    def __init__(self, world: World) -> None:
        self._world = world

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803  AWS's names
        assert FunctionName == "create-link"
        with redirect_stdout(io.StringIO()):
            answer = self._world.functions["create_link"].handler(json.loads(Payload), Context())
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


def deployment(session: boto3.Session, world: World) -> Deployment:
    """Return what the program would find of the test's stack in CloudFormation.

    While the program waits, the functions do what there is to do, and time passes.
    """

    def pause(seconds: float) -> None:
        with redirect_stdout(io.StringIO()):  # the functions' log is not the program's output
            world.settle()
        world.clock.advance(seconds)

    topic = session.client("sns").create_topic(Name="alerts")["TopicArn"]
    session.client("logs").create_log_group(logGroupName=LOG_GROUP)
    queues = {name: session.client("sqs").create_queue(QueueName=name.lower())["QueueUrl"] for name in DEAD_LETTERS}
    found = Deployment(
        place=Place(session),
        settings=Settings.from_environ(os.environ | {"SITE_URL": stack.SITE_URL, "STACK_NAME": stack.STACK_NAME}),
        stack_parameters={},
        outputs={
            "Version": VERSION,
            "TokenReaderPolicyArn": f"arn:aws:iam::{stack.ACCOUNT}:policy/reader",
            "AlertTopicArn": topic,
        },
        resources={role: role for role in ROLES}
        | queues
        | {
            "ScheduleLogGroup": LOG_GROUP,
            "PublishLogGroup": "/aws/lambda/test-publish",
            "CheckLogGroup": "/aws/lambda/test-check",
            "CreateLinkFunction": "create-link",
        },
        created_at=time() - 86400,
        pause=pause,
    )
    vars(found)["functions"] = _Functions(world)
    return found
