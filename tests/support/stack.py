"""The AWS side of a test, as template.yaml declares it: tables, key and environment."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import yaml

ROOT = Path(__file__).parents[2]
ACCOUNT = "123456789012"
REGION = "eu-west-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b4ccf6c-3c4f-4a0b-9d5a-6a5c1f7a9d10"
STACK_NAME = "whatsapp-connect-test"
PREFIX = "/whatsapp-connect/test"
STATES = "states"
CONNECTIONS = "connections"
LINKS = "links"
DELETIONS = "deletions"
BRAKE = "brake"
ACCOUNTS = "accounts"
WEBHOOK_BUS = f"{STACK_NAME}-webhooks"
DUE_QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/due"
CHECK_QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/check"
CHECK_QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:check"
APP_ID = "1234567890"
APP_SECRET = "0123456789abcdef0123456789abcdef"
HOST = "connect.example.com"
REDIRECT_URI = f"https://{HOST}/callback"
SITE_URL = f"https://{HOST}"


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as {tag: value}."""


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.MappingNode):
        return {tag: loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    return {tag: node.value}


_Loader.add_multi_constructor("!", _intrinsic)


def read_template(path: Path) -> dict[str, Any]:
    """Return a template, with CloudFormation's short tags as {tag: value}."""
    template: dict[str, Any] = yaml.load(path.read_text(), _Loader)
    return template


TEMPLATE = read_template(ROOT / "template.yaml")


def environment(parameters: dict[str, str]) -> dict[str, str]:
    """Return what functions find in their environment when deployed with these parameters.

    That is what every function finds, and the values of parameters that only some find.
    """
    values = {name: str(about.get("Default", "")) for name, about in TEMPLATE["Parameters"].items()}
    values |= {"MetaAppId": APP_ID} | parameters
    values |= {
        "StateTable": STATES,
        "ConnectionTable": CONNECTIONS,
        "LinkTable": LINKS,
        "DeletionTable": DELETIONS,
        "BrakeTable": BRAKE,
        "AccountTable": ACCOUNTS,
        "DueQueue": DUE_QUEUE,
        "CheckQueue": CHECK_QUEUE,
    }
    values |= {"AWS::StackName": STACK_NAME}
    declared = dict(TEMPLATE["Globals"]["Function"]["Environment"]["Variables"])
    for _, own in _own_variables():
        declared |= {
            name: value
            for name, value in own.items()
            if isinstance(value, dict) and value.get("Ref") in TEMPLATE["Parameters"]
        }
    made = {
        "TOKEN_KEY_ID": KEY,
        "PARAMETER_PREFIX": PREFIX,
        "CHECK_QUEUE_ARN": CHECK_QUEUE_ARN,
        "PUBLIC_BASE_URL": values["LocalBaseUrl"] or values["PublicBaseUrl"],
    }
    return {
        name: made[name] if name in made else values[value["Ref"]] if isinstance(value, dict) else value
        for name, value in declared.items()
    }


def own_environment(entry: str) -> dict[str, str]:
    """Return what only this entry file's function finds in its environment, without the values of parameters."""
    values = {"SITE_URL": SITE_URL, "STACK_NAME": STACK_NAME, "WEBHOOK_BUS": ""}
    (declared,) = (own for handler, own in _own_variables() if handler == f"{entry}.handler")
    return {name: values[name] for name in declared if name in values}


def _own_variables() -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the handler of each function, and the variables that not every function has."""
    for resource in TEMPLATE["Resources"].values():
        about = resource.get("Properties", {})
        if "Handler" in about:
            yield about["Handler"], about.get("Environment", {}).get("Variables", {})


@cache
def operator(session: boto3.Session, service: str) -> Any:
    """Return a client that no test hooks anything on, so that one will do for all of them."""
    return type(session).client(session, service)  # type: ignore[call-overload]


def deploy(session: boto3.Session, *, key_id: str = "") -> None:
    """Make tables as the template says, queues, and the app secret, as the operator does.

    `key_id` is the ARN of a key that is there; without it one is made.
    """
    if not key_id:
        make_key(session, KEY)
    put_app_secret(session, APP_SECRET, key_id=key_id or KEY)
    for name in ("due", "check"):
        operator(session, "sqs").create_queue(QueueName=name)
    dynamodb = operator(session, "dynamodb")
    for logical_id, name in (
        ("StateTable", STATES),
        ("ConnectionTable", CONNECTIONS),
        ("LinkTable", LINKS),
        ("DeletionTable", DELETIONS),
        ("BrakeTable", BRAKE),
        ("AccountTable", ACCOUNTS),
    ):
        about = dict(TEMPLATE["Resources"][logical_id]["Properties"])
        time_to_live = about.pop("TimeToLiveSpecification", None)
        about.pop("PointInTimeRecoverySpecification", None)
        if stream := about.pop("StreamSpecification", None):
            about["StreamSpecification"] = {"StreamEnabled": True, **stream}
        dynamodb.create_table(TableName=name, **about)
        if time_to_live:
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=time_to_live)


def make_key(session: boto3.Session, arn: str) -> None:
    """Make a key with this ARN; moto would invent one."""
    with patch("moto.kms.models.generate_key_id", return_value=arn.rpartition("/")[2]):
        operator(session, "kms").create_key()


def put_app_secret(session: boto3.Session, value: str, *, key_id: str = KEY) -> None:
    operator(session, "ssm").put_parameter(
        Name=f"{PREFIX}/app-secret", Value=value, Type="SecureString", KeyId=key_id, Overwrite=True
    )
