"""Another stack of the same template, in the account and Region of the one that the tests share."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from secrets import token_hex
from typing import Any

from botocore.exceptions import ClientError

from facebook_simulator.model import Configuration
from local.deployment import Deployment, deploy
from local.place import ROOT
from local.port import claim
from local.proxy import Proxy
from local.stack import Stack
from tests.support.site import Site
from whatsapp_connect.cipher import Cipher
from whatsapp_connect_cli import doctor
from whatsapp_connect_cli.deployment import Place, find
from whatsapp_connect_cli.finding import Finding


class Neighbour(Site):
    """A stack beside the shared one, on the same emulator, with a Meta app of its own."""

    def __init__(self, stack: Stack, name: str, *, base_url: str, app_id: str) -> None:
        super().__init__(stack)
        self.name = name
        self._base_url = base_url
        self.parameters = {**stack.parameters, "MetaAppId": app_id, "LocalBaseUrl": base_url}
        self.app_secret = token_hex(16)
        self.configure_app(app_id, self.app_secret)
        self.deployment = self.deploy()
        self.store_app_secret(self.app_secret)

    @property
    def base_url(self) -> str:
        return self._base_url

    @property
    def outputs(self) -> Mapping[str, str]:
        return self.deployment.outputs

    @property
    def resources(self) -> Mapping[str, str]:
        return self.deployment.resources

    def deploy(self, **parameters: str) -> Deployment:
        """Deploy it with the SAM CLI, with these parameters besides."""
        return deploy(self.stack.emulator, self.parameters | parameters, self.stack.directory, name=self.name)

    def update(self, **parameters: str) -> None:
        """Change parameters of the running stack; those not named go back to what it was deployed with.

        Raises ClientError where CloudFormation refuses.
        """
        formation = self.client("cloudformation")
        known = formation.describe_stacks(StackName=self.name)["Stacks"][0]["Parameters"]
        wanted = self.parameters | {"Architecture": sam_architecture(known)} | parameters
        defaults = formation.get_template_summary(StackName=self.name)["Parameters"]
        values = {one["ParameterKey"]: one.get("DefaultValue", "") for one in defaults} | wanted
        try:
            formation.update_stack(
                StackName=self.name,
                UsePreviousTemplate=True,
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            )
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
            return
        formation.get_waiter("stack_update_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        outputs = formation.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        self.deployment = replace(self.deployment, outputs={one["OutputKey"]: one["OutputValue"] for one in outputs})

    def let_checks_end(self) -> None:
        """Wait for the checks after logins.

        The emulator stops a function at work when its settings change. Its queue gives the message back minutes later.
        """
        for connection_id in self.connection_ids():
            self.wait_until_published(connection_id)

    def configure_app(self, app_id: str, secret: str) -> None:
        """Make a Meta app that this stack's address is registered with, or change its secret."""
        assert self.stack.facebook
        redirect_uris = (f"{self.base_url}/callback",)
        self.stack.facebook.state.configure_app(app_id, {"secret": secret, "redirect_uris": redirect_uris})

    def configure_login(self, config_id: str) -> None:
        """Give the stack's app a configuration of Facebook Login for Business, whose tokens are a business's."""
        assert self.stack.facebook
        configurations = (Configuration(config_id),)
        self.stack.facebook.state.configure_app(self.parameters["MetaAppId"], {"configurations": configurations})

    def store_app_secret(self, secret: str, *, prefix: str = "") -> None:
        self.client("ssm").put_parameter(
            Name=f"{prefix or self.outputs['ParameterPrefix']}/app-secret",
            Value=secret,
            Type="SecureString",
            KeyId=self.outputs["TokenKeyArn"],
            Overwrite=True,
        )

    def parameter_names(self) -> set[str]:
        """Return the names of everything under the prefix."""
        pages = (
            self.client("ssm")
            .get_paginator("get_parameters_by_path")
            .paginate(Path=self.outputs["ParameterPrefix"], Recursive=True)
        )
        return {one["Name"] for page in pages for one in page["Parameters"]}

    def wait_for_parameter(self, name: str) -> None:
        """Wait until there is a parameter under the prefix: the stream brings what follows a login."""
        self.wait_for(lambda: f"{self.outputs['ParameterPrefix']}/{name}" in self.parameter_names())

    def token_version(self, connection_id: str) -> int:
        version: int = self.parameter(connection_id, "access-token")["Version"]
        return version

    def key_of(self, connection_id: str) -> str:
        """Return the key that the token parameter is encrypted with."""
        name = f"{self.outputs['ParameterPrefix']}/connections/{connection_id}/access-token"
        (about,) = self.client("ssm").describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])[
            "Parameters"
        ]
        key: str = about["KeyId"]
        return key

    def key_of_record(self, connection_id: str) -> str:
        """Return the key that the token in the record is encrypted with."""
        cipher = Cipher(client=self.client("kms"), key_id=self.outputs["TokenKeyArn"])
        _, key = cipher.decrypt(connection_id, self.existing_record(connection_id).token or b"")
        return key

    def revoke(self, connection_id: str) -> None:
        """Have Facebook revoke the token of a connection."""
        self.facebook.control("tokens/invalidate", {"access_token": self.token(connection_id)})

    def check(self, *connection_ids: str) -> set[str]:
        """Check connections now, as if each were due; return the outcomes."""
        return {self._check(connection_id) for connection_id in connection_ids}

    def _check(self, connection_id: str) -> str:
        self.wait_until_published(connection_id)
        self.set(connection_id, next_check_at=0)
        event = json.loads((ROOT / "events/check.json").read_text())
        event["Records"][0]["body"] = json.dumps({"connection_id": connection_id})
        outcome: str = self._invoke("CheckFunction", event, says="checked")["outcome"]
        return outcome

    def schedule(self) -> dict[str, Any]:
        """Run the schedule, and return the line that ends its log."""
        return self._invoke("ScheduleFunction", {}, says="run ended")

    def _invoke(self, function: str, event: dict[str, Any], *, says: str) -> dict[str, Any]:
        """Invoke a function, and return the line of its log with this message."""
        ended = self.client("lambda").invoke(
            FunctionName=self.resources[function], Payload=json.dumps(event), LogType="Tail"
        )
        lines = b64decode(ended["LogResult"]).decode().splitlines()
        (line,) = [one for one in map(json.loads, lines_of_json(lines)) if one.get("message") == says]
        return dict(line)

    def connection_ids(self) -> list[str]:
        rows = self.client("dynamodb").scan(TableName=self.resources["ConnectionTable"])["Items"]
        return [row["connection_id"]["S"] for row in rows]

    def doctor(self, check: str) -> Finding:
        """Return what one of the doctor's checks finds."""
        place = Place(self.stack.session, self.stack.endpoint_url, is_local=True)
        return doctor.run_check(doctor.CHECKS[check], find(place, self.name))


class Mailbox:
    """What somebody gets who subscribed to a topic, until the mailbox is closed."""

    def __init__(self, client: Callable[[str], Any], topic: str) -> None:
        self._queues = client("sqs")
        self._url = self._queues.create_queue(QueueName=f"mailbox-{token_hex(4)}")["QueueUrl"]
        attributes = self._queues.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = attributes["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._queues.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": policy})
        self._sns = client("sns")
        self._subscription = self._sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]

    def close(self) -> None:
        """End the subscription, which makes the doctor's answer about a shared stack another."""
        self._sns.unsubscribe(SubscriptionArn=self._subscription)

    def next(self) -> dict[str, Any]:
        """Wait for the next message, which is as SNS delivers it: `Message` is a mail's text, `Subject` its subject."""
        for _ in range(6):
            for message in self._receive(seconds=10):
                told: dict[str, Any] = json.loads(message["Body"])
                return told
        raise AssertionError("no mail arrived")

    def is_empty(self) -> bool:
        return not self._receive(seconds=0)

    def _receive(self, *, seconds: int) -> list[dict[str, Any]]:
        answer = self._queues.receive_message(QueueUrl=self._url, WaitTimeSeconds=seconds, MaxNumberOfMessages=1)
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        for message in messages:
            self._queues.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return messages


def lines_of_json(lines: Iterable[str]) -> Iterator[str]:
    return (line for line in lines if line.startswith("{"))


def sam_architecture(parameters: list[dict[str, str]]) -> str:
    """Return the processor that the functions were built for."""
    return next(one["ParameterValue"] for one in parameters if one["ParameterKey"] == "Architecture")


@contextmanager
def neighbour_of(stack: Stack, name: str, *, app_id: str) -> Iterator[Neighbour]:
    """Deploy another stack beside `stack`, and serve it."""
    port = claim(0, variable="CONNECT_PORT")
    neighbour = Neighbour(stack, name, base_url=f"http://localhost:{port}", app_id=app_id)
    with Proxy(port=port, emulator_port=stack.emulator.port, api_id=neighbour.resources["Api"]):
        yield neighbour
