"""A stack as it is deployed: what CloudFormation and the functions' own settings say of it, and clients for it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from whatsapp_connect.config import Settings
from whatsapp_connect.connections import ConnectionStore
from whatsapp_connect.links import LinkStore
from whatsapp_connect.vault import Vault
from whatsapp_connect_cli.errors import NotFoundError
from whatsapp_connect_cli.facebook import Facebook

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_ssm.client import SSMClient
    from mypy_boto3_sts.client import STSClient

LOCAL_STACK = "whatsapp-connect"
RENEWAL_TIMEOUT = 905
"""Seconds: RenewFunction may run for 900."""

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})


@dataclass(frozen=True, slots=True)
class Place:
    """Where AWS is: the real one, or an emulator at `endpoint_url`."""

    session: boto3.Session
    endpoint_url: str | None = None
    is_local: bool = False


@dataclass(frozen=True)
class Deployment:
    place: Place
    settings: Settings
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    """Physical ids by logical id."""
    created_at: float
    clock: Callable[[], float] = field(default=time)

    @property
    def callback_url(self) -> str:
        return self.settings.connect_url.removesuffix("/connect") + "/callback"

    @property
    def region(self) -> str:
        return self.place.session.region_name or ""

    @property
    def partition(self) -> str:
        return self.outputs["TokenReaderPolicyArn"].split(":")[1]

    @property
    def account(self) -> str:
        return self.outputs["TokenReaderPolicyArn"].split(":")[4]

    def parameter_arn(self, name: str) -> str:
        return f"arn:{self.partition}:ssm:{self.region}:{self.account}:parameter{name}"

    @cached_property
    def connections(self) -> ConnectionStore:
        return ConnectionStore(client=self.dynamodb, table=self.settings.connection_table, clock=self.clock)

    @cached_property
    def links(self) -> LinkStore:
        return LinkStore(client=self.dynamodb, table=self.settings.link_table, clock=self.clock)

    @cached_property
    def vault(self) -> Vault:
        return Vault(
            client=self.ssm, prefix=self.settings.parameter_prefix, key_id=self.settings.token_key_id
        )

    @cached_property
    def facebook(self) -> Facebook:
        settings = self.settings
        return Facebook(url=settings.graph_url, version=settings.graph_version, app_id=settings.meta_app_id)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self.place.session.client("dynamodb", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def ssm(self) -> "SSMClient":
        return self.place.session.client("ssm", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def iam(self) -> "IAMClient":
        return self.place.session.client("iam", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        return self.place.session.client("logs", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def sns(self) -> "SNSClient":
        return self.place.session.client("sns", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def sts(self) -> "STSClient":
        return self.place.session.client("sts", endpoint_url=self.place.endpoint_url, config=_CONFIG)

    @cached_property
    def functions(self) -> "LambdaClient":
        """For invoking: a run takes long and must not be started twice."""
        patient = Config(read_timeout=RENEWAL_TIMEOUT, retries={"mode": "standard", "total_max_attempts": 1})
        return self.place.session.client(
            "lambda", endpoint_url=self.place.endpoint_url, config=_CONFIG.merge(patient)
        )


def on_aws(*, profile: str | None, region: str | None, endpoint_url: str | None) -> Place:
    return Place(boto3.Session(profile_name=profile, region_name=region), endpoint_url)


def on_this_machine(directory: Path | None) -> Place:
    """Return the emulator of the stack that `make run` is running, as it wrote it down."""
    folders = (
        [directory] if directory else [folder / ".local" for folder in (Path.cwd(), *Path.cwd().parents)]
    )
    found = next((folder / "env.json" for folder in folders if (folder / "env.json").is_file()), None)
    if found is None:
        raise NotFoundError("No local stack is running: start it with make run, in another terminal.")
    variables = json.loads(found.read_text())["Parameters"]
    # Written for containers, which call this machine by another name.
    port = urlsplit(variables["AWS_ENDPOINT_URL"]).port
    session = boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  the emulator's
        region_name="us-east-1",
    )
    return Place(session, f"http://127.0.0.1:{port}", is_local=True)


def find(place: Place, name: str) -> Deployment:
    """Find a stack by its name. Raises NotFoundError."""
    formation = place.session.client("cloudformation", endpoint_url=place.endpoint_url, config=_CONFIG)
    try:
        stack = formation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"].get("Code") != "ValidationError":
            raise
        raise NotFoundError(
            f"There is no stack {name} in {place.session.region_name}: name it with --stack, its Region with --region."
        ) from None
    resources = {
        one["LogicalResourceId"]: one.get("PhysicalResourceId", "")
        for one in formation.describe_stack_resources(StackName=name)["StackResources"]
    }
    if "AnnounceFunction" not in resources:
        raise NotFoundError(f"The stack {name} is not one of WhatsApp Connect.")
    functions = place.session.client("lambda", endpoint_url=place.endpoint_url, config=_CONFIG)
    # This function alone is told the address of the stack.
    about = functions.get_function_configuration(FunctionName=resources["AnnounceFunction"])
    return Deployment(
        place=place,
        settings=Settings.from_environ(about["Environment"]["Variables"]),
        outputs={one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])},
        resources=resources,
        created_at=stack["CreationTime"].timestamp(),
    )
