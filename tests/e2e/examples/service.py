"""A connection that is the recipes' own, and a service that may read it and nothing else."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import requests

from local.stack import Stack

EXAMPLES = Path(__file__).parents[3] / "examples"
CONNECTION = "122100000000000041"
PHONE = "400000000000401"
ROSA = {
    "person": "rosa",
    "id": CONNECTION,
    "name": "Rosa Keller",
    "businesses": [
        {
            "id": "200000000000041",
            "name": "Keller Flowers",
            "system_user_id": "122100000000000941",
            "accounts": [
                {
                    "id": "300000000000041",
                    "name": "Keller Flowers",
                    "phones": [
                        {
                            "id": PHONE,
                            "display_phone_number": "+1 202-555-0141",
                            "verified_name": "Keller Flowers",
                        }
                    ],
                }
            ],
        }
    ],
}


@dataclass(frozen=True, slots=True)
class Service:
    """What a recipe runs with: AWS credentials that are good for one connection, and where things are."""

    stack: Stack
    session: boto3.Session
    policy: str

    @property
    def environment(self) -> dict[str, str]:
        """Variables for a recipe that is run as a program."""
        credentials = self.session.get_credentials()
        assert credentials
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
            "AWS_REGION": str(self.session.region_name),
            "AWS_DEFAULT_REGION": str(self.session.region_name),
            "AWS_ENDPOINT_URL": self.stack.endpoint_url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "PARAMETER_PREFIX": self.prefix,
            "CHECK_QUEUE_URL": self.stack.outputs["CheckQueueUrl"],
            "GRAPH_URL": self.stack.facebook_url,
        }

    @property
    def prefix(self) -> str:
        return self.stack.outputs["ParameterPrefix"]

    def fill_in(self, text: str) -> str:
        """Return a recipe's text with this stack's names in place of those of the docs."""
        return fill_in(self.stack, text)

    def token(self) -> str:
        """Return the token that is in force, read by somebody who may."""
        return str(parameter(self.stack, "access-token")["Value"])

    def checked_at(self) -> int:
        """Return when the stack last checked the connection, in epoch seconds."""
        dynamodb = self.stack.session.client("dynamodb", endpoint_url=self.stack.endpoint_url)
        item = dynamodb.get_item(
            TableName=self.stack.resources["ConnectionTable"], Key={"connection_id": {"S": CONNECTION}}
        )["Item"]
        return int(item["checked_at"]["N"])

    def wait_for_check(self, *, since: int) -> None:
        """Wait until the stack has checked the connection again, because it was reported."""
        for _ in range(90):  # asked for twice within a minute, the second check waits
            if self.checked_at() > since:
                return
            list(self.stack.announcements(seconds=1))
        raise AssertionError("The report has led to no check.")

    def message(self, message_id: str) -> Mapping[str, Any]:
        """Return what Facebook was sent under this id."""
        sent = requests.get(f"{self.stack.facebook_url}/_control/messages", timeout=10).json()["messages"]
        (message,) = (one for one in sent if one["id"] == message_id)
        found: Mapping[str, Any] = message
        return found


def parameter(stack: Stack, leaf: str) -> Any:
    ssm = stack.session.client("ssm", endpoint_url=stack.endpoint_url)
    name = f"{stack.outputs['ParameterPrefix']}/connections/{CONNECTION}/{leaf}"
    return ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]


def fill_in(stack: Stack, text: str) -> str:
    region = str(stack.session.region_name)
    key = stack.resources["TokenEncryptionKey"]
    for placeholder, own in (
        ("eu-west-1", region),
        ("123456789012", "000000000000"),
        ("11111111-2222-3333-4444-555555555555", key),
        ("122100000000000001", CONNECTION),
        ("whatsapp-connect-CheckQueue-1A2B3C4D5E6F", stack.outputs["CheckQueueUrl"].rpartition("/")[2]),
    ):
        text = text.replace(placeholder, own)
    return text


def control(stack: Stack, path: str, body: Mapping[str, Any]) -> Any:
    answer = requests.post(f"{stack.facebook_url}/_control/{path}", json=body, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


def connect(stack: Stack) -> None:
    """Log Rosa in, and wait until the metadata describes the new token, which takes moments."""
    with requests.Session() as browser:
        redirect = browser.get(f"{stack.base_url}/connect", allow_redirects=False, timeout=30)
        login = {"url": redirect.headers["Location"], "person": "rosa"}
        location = control(stack, "login", login)["location"]
        page = browser.get(urlsplit(location)._replace(fragment="").geturl(), timeout=30)
    assert "You&#x27;re connected" in page.text
    version = parameter(stack, "access-token")["Version"]
    ssm = stack.session.client("ssm", endpoint_url=stack.endpoint_url)
    for _ in range(20):
        try:
            metadata = json.loads(parameter(stack, "metadata")["Value"])
        except ssm.exceptions.ParameterNotFound:
            metadata = {}
        if metadata.get("token_version") == version:
            return
        list(stack.announcements(seconds=1))
    raise AssertionError("no metadata")
