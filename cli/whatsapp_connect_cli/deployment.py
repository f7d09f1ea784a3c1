"""Find a deployed stack, and provide its settings, outputs, resources and AWS clients."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from time import sleep, time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

from whatsapp_connect.account_index import AccountIndex
from whatsapp_connect.accounts import AccountFinder
from whatsapp_connect.app_secrets import AppSecretStore
from whatsapp_connect.brake import BrakeStore
from whatsapp_connect.business_app import BusinessApp
from whatsapp_connect.check_queue import CheckQueue
from whatsapp_connect.cipher import Cipher
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.deletions import DeletionStore
from whatsapp_connect.graph import GraphClient
from whatsapp_connect.links import LinkStore
from whatsapp_connect.login_switch import LoginSwitch
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect.parameters import ParameterStore
from whatsapp_connect.pins import PinStore
from whatsapp_connect.registration import Registrar
from whatsapp_connect.settings import Settings
from whatsapp_connect.whatsapp import WhatsAppClient
from whatsapp_connect_cli.errors import FailedError, NotFoundError
from whatsapp_connect_cli.facebook import Facebook

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudwatch.client import CloudWatchClient
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_scheduler.client import EventBridgeSchedulerClient
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_ssm.client import SSMClient
    from mypy_boto3_sts.client import STSClient

LOCAL_STACK = "whatsapp-connect"
POLL_S = 1.0
"""How long wait_for waits between two calls."""

DATE_RESOLUTION_S = 2.0
"""The date of an answer has whole seconds, and the answer takes a while."""

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})
_ONCE = Config(connect_timeout=5, read_timeout=35, retries={"total_max_attempts": 1})
"""A repeated call of create_link makes a second link."""


@dataclass(frozen=True, slots=True)
class Place:
    """Real AWS, or an emulator at `endpoint_url`."""

    session: boto3.Session
    endpoint_url: str | None = None
    is_local: bool = False


@dataclass(frozen=True)
class Deployment:
    place: Place
    settings: Settings
    stack_parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    """Physical ids by logical id."""
    created_at: float
    clock: Callable[[], float] = field(default=time)
    pause: Callable[[float], None] = field(default=sleep)

    @property
    def callback_url(self) -> str:
        return f"{self.settings.site_url}/callback"

    def reconnect_url(self, connection_id: str) -> str:
        """Return where the person can connect again; "" if that is switched off."""
        return f"{self.settings.site_url}/reconnect/{connection_id}" if self.settings.reconnect else ""

    @property
    def version(self) -> str:
        """Return the version of the stack; "" if it is older than 1.0.0."""
        return self.outputs.get("Version", "")

    @property
    def region(self) -> str:
        return self.settings.check_queue_arn.split(":")[3]

    @property
    def partition(self) -> str:
        return self.outputs["TokenReaderPolicyArn"].split(":")[1]

    @property
    def account(self) -> str:
        return self.outputs["TokenReaderPolicyArn"].split(":")[4]

    def parameter_arn(self, name: str) -> str:
        return f"arn:{self.partition}:ssm:{self.region}:{self.account}:parameter{name}"

    def wait_for[Found](self, find: Callable[[], Found | None], *, seconds: float) -> Found | None:
        """Call `find` every POLL_S until it returns a value, and return that; None after `seconds`."""
        end = self.clock() + seconds
        while (found := find()) is None and self.clock() < end:
            self.pause(POLL_S)
        return found

    def make_clients(self) -> None:
        """Make every client. Threads may share clients, but must not make them."""
        for name, made in vars(type(self)).items():
            if isinstance(made, cached_property) and name != "all_records":
                getattr(self, name)

    @cached_property
    def connections(self) -> ConnectionStore:
        return ConnectionStore(client=self.dynamodb, table=self.settings.connection_table, clock=self.clock)

    @cached_property
    def all_records(self) -> tuple[list[ConnectionRecord], list[str]]:
        """Return the readable records and the ids of the unreadable ones. The first call reads them, later ones do not."""
        unreadable: list[str] = []
        return list(self.connections.all(on_unreadable=unreadable.append)), unreadable

    @cached_property
    def links(self) -> LinkStore:
        return LinkStore(client=self.dynamodb, table=self.settings.link_table, clock=self.clock)

    def create_link(self, request: dict[str, Any]) -> dict[str, Any]:
        """Invoke create_link. Return its answer, see docs/links.md. Raises FailedError if the function failed."""
        answer = self.functions.invoke(FunctionName=self.resources["CreateLinkFunction"], Payload=json.dumps(request))
        if answer.get("FunctionError"):
            raise FailedError("The function that creates links failed. Its log has the reason.")
        created: dict[str, Any] = json.loads(answer["Payload"].read())
        return created

    @cached_property
    def brake(self) -> BrakeStore:
        return BrakeStore(client=self.dynamodb, table=self.settings.brake_table, clock=self.clock)

    @cached_property
    def login_switch(self) -> LoginSwitch:
        return LoginSwitch(client=self.dynamodb, table=self.settings.brake_table, clock=self.clock)

    @cached_property
    def deletions(self) -> DeletionStore:
        return DeletionStore(client=self.dynamodb, table=self.settings.deletion_table)

    @cached_property
    def parameters(self) -> ParameterStore:
        return ParameterStore(client=self.ssm, prefix=self.settings.parameter_prefix, key_id=self.settings.token_key_id)

    @cached_property
    def app_secrets(self) -> AppSecretStore:
        return AppSecretStore(client=self.ssm, prefix=self.settings.parameter_prefix)

    @cached_property
    def cipher(self) -> Cipher:
        return Cipher(client=self.kms, key_id=self.settings.token_key_id)

    @cached_property
    def pins(self) -> PinStore:
        return PinStore(client=self.ssm, prefix=self.settings.parameter_prefix, key_id=self.settings.token_key_id)

    @cached_property
    def registrar(self) -> Registrar:
        return Registrar(
            connections=self.connections,
            cipher=Cipher(client=self.kms, key_id=self.settings.token_key_id, purpose="pin"),
            pins=self.pins,
            whatsapp=self.whatsapp,
            clock=self.clock,
        )

    @cached_property
    def business_app(self) -> BusinessApp:
        return BusinessApp(connections=self.connections, whatsapp=self.whatsapp, clock=self.clock)

    @cached_property
    def account_index(self) -> AccountIndex:
        return AccountIndex(client=self.dynamodb, table=self.settings.account_table)

    @cached_property
    def check_queue(self) -> CheckQueue:
        return CheckQueue(client=self.sqs, url=self.settings.check_queue_url)

    @cached_property
    def due_queue(self) -> CheckQueue:
        return CheckQueue(client=self.sqs, url=self.settings.due_queue_url)

    @cached_property
    def graph(self) -> GraphClient:
        return GraphClient.from_settings(self.settings, app_secrets=self.app_secrets.read)

    @cached_property
    def facebook(self) -> Facebook:
        return Facebook(self.graph)

    @cached_property
    def whatsapp(self) -> WhatsAppClient:
        return WhatsAppClient(self.graph)

    @cached_property
    def finder(self) -> AccountFinder:
        return AccountFinder(self.whatsapp)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self.place.session.client("dynamodb", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def functions(self) -> "LambdaClient":
        return self.place.session.client("lambda", endpoint_url=self.place.endpoint_url, config=_ONCE)

    @cached_property
    def ssm(self) -> "SSMClient":
        return self.place.session.client("ssm", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def kms(self) -> "KMSClient":
        return self.place.session.client("kms", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        return self.place.session.client("sqs", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def iam(self) -> "IAMClient":
        return self.place.session.client("iam", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        return self.place.session.client("logs", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        return self.place.session.client("cloudformation", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        return self.place.session.client("cloudwatch", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self.place.session.client("events", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def scheduler(self) -> "EventBridgeSchedulerClient":
        return self.place.session.client("scheduler", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def sns(self) -> "SNSClient":
        return self.place.session.client("sns", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def sts(self) -> "STSClient":
        return self.place.session.client("sts", endpoint_url=self.place.endpoint_url, config=_CONFIG)


def on_aws(*, profile: str | None, region: str | None, endpoint_url: str | None) -> Place:
    return Place(boto3.Session(profile_name=profile, region_name=region), endpoint_url)


def on_this_machine(directory: Path | None) -> Place:
    """Return the emulator of the stack that `make run` started, from its env.json.

    Looks in `directory`, or in .local/ of the current folder and its parents. Raises NotFoundError.
    """
    folders = [directory] if directory else [folder / ".local" for folder in (Path.cwd(), *Path.cwd().parents)]
    found = next((folder / "env.json" for folder in folders if (folder / "env.json").is_file()), None)
    if found is None:
        raise NotFoundError("No local stack is running. Start one with make run, in another terminal.")
    variables = json.loads(found.read_text())["Parameters"]
    # The file is written for containers, which reach this machine under another host name. Only the port is the same.
    port = urlsplit(variables["AWS_ENDPOINT_URL"]).port
    session = boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  the emulator accepts any secret
        region_name="us-east-1",
    )
    return Place(session, f"http://127.0.0.1:{port}", is_local=True)


def find(place: Place, name: str) -> Deployment:
    """Find a stack by its name. Raises NotFoundError."""
    cloudformation = place.session.client("cloudformation", endpoint_url=place.endpoint_url, config=_CONFIG)
    try:
        answer = cloudformation.describe_stacks(StackName=name)
    except EndpointConnectionError:
        if not place.is_local:
            raise
        raise NotFoundError("The local stack has ended. Start one with make run, in another terminal.") from None
    except ClientError as error:
        if error.response["Error"].get("Code") != "ValidationError":
            raise
        raise NotFoundError(
            f"There is no stack {name} in {place.session.region_name}. Choose the stack with --stack, its Region with"
            " --region."
        ) from None
    stack = answer["Stacks"][0]
    # Not DescribeStackResources, which stops after 100 resources. A stack with a domain has more.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = {
        one["LogicalResourceId"]: one.get("PhysicalResourceId", "")
        for page in pages
        for one in page["StackResourceSummaries"]
    }
    if "PublishFunction" not in resources:
        raise NotFoundError(f"The stack {name} is not a WhatsApp Connect stack.")
    functions = place.session.client("lambda", endpoint_url=place.endpoint_url, config=_CONFIG)
    parameters = {one["ParameterKey"]: one.get("ParameterValue", "") for one in stack.get("Parameters", [])}
    # Only this function has the stack's address in its environment. It does not have the mode of the sign-up.
    about = functions.get_function_configuration(FunctionName=resources["PublishFunction"])
    variables = {"SIGNUP_MODE": parameters.get("SignupMode", "redirect")} | about["Environment"]["Variables"]
    return Deployment(
        place=place,
        settings=Settings.from_environ(variables),
        stack_parameters=parameters,
        outputs={one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])},
        resources=resources,
        created_at=stack["CreationTime"].timestamp(),
        clock=aws_clock(answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date")),
    )


def aws_clock(date: str | None) -> Callable[[], float]:
    """Return AWS's clock, from the date of an answer that has just come; this machine's clock without one.

    The times in records are compared with those of the functions. A clock that is five minutes fast would put off a
    deletion for five minutes.
    """
    if date is None:
        return time
    skew = parsedate_to_datetime(date).timestamp() - time()
    return time if abs(skew) <= DATE_RESOLUTION_S else lambda: time() + skew
