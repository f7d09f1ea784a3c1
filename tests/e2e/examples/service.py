"""A connection that is the recipes' own, and a service that may read it and nothing else."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from local.place import SAM
from local.sam import environment
from tests.support.docs import ROOT, Block, blocks, run_blocks
from tests.support.site import Site

EXAMPLES = ROOT / "examples"
IGNORED = (".aws-sam", ".venv", "node_modules", "__pycache__", "*.whl")
"""What steps that somebody ran in the checkout leave there."""
CONNECTION = "122100000000000041"
ACCOUNT = "300000000000041"
OTHER_PHONE = "400000000000402"
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
                    "id": ACCOUNT,
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


TWO_NUMBERS = [
    {"id": number, "display_phone_number": "", "verified_name": "", "waba_id": "", "status": "", "registered": False}
    for number in (OTHER_PHONE, PHONE)
]


@dataclass(frozen=True, slots=True)
class Service:
    """What a recipe runs with: AWS credentials that are good for one connection, and where things are."""

    site: Site
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
            "AWS_ENDPOINT_URL": self.site.stack.endpoint_url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "PARAMETER_PREFIX": self.prefix,
            "CHECK_QUEUE_URL": self.site.outputs["CheckQueueUrl"],
            "GRAPH_URL": self.site.facebook.url,
        }

    @property
    def prefix(self) -> str:
        return self.site.outputs["ParameterPrefix"]

    def fill_in(self, text: str) -> str:
        """Return a recipe's text with this stack's names in place of those of the docs."""
        return fill_in(self.site, text)

    @contextmanager
    def metadata(self, **changes: object) -> Iterator[None]:
        """Change fields of the metadata parameter for a while."""
        ssm = self.site.client("ssm")
        name = f"{self.prefix}/connections/{CONNECTION}/metadata"
        text = ssm.get_parameter(Name=name)["Parameter"]["Value"]
        ssm.put_parameter(Name=name, Value=json.dumps(json.loads(text) | changes), Overwrite=True)
        try:
            yield
        finally:
            ssm.put_parameter(Name=name, Value=text, Overwrite=True)

    def token(self) -> str:
        """Return the token that is in force, read by somebody who may."""
        token = self.site.token(CONNECTION)
        assert token
        return token

    def expect_check(self) -> None:
        """Let the next report be checked at once, not a minute after the check before."""
        self.site.set(CONNECTION, checked_at=1)

    def wait_for_check(self) -> None:
        """Wait until the stack has checked the connection, because it was reported."""
        self.site.wait_for(lambda: self.site.existing_record(CONNECTION).checked_at > 1)

    def message(self, message_id: str) -> Mapping[str, Any]:
        """Return what Facebook was sent under this id."""
        sent = self.site.facebook.control("messages", method="GET")["messages"]
        (message,) = (one for one in sent if one["id"] == message_id)
        found: Mapping[str, Any] = message
        return found


def fill_in(site: Site, text: str) -> str:
    region = str(site.stack.session.region_name)
    key = site.resources["TokenEncryptionKey"]
    for placeholder, own in (
        ("eu-west-1", region),
        ("123456789012", "000000000000"),
        ("11111111-2222-3333-4444-555555555555", key),
        ("122100000000000001", CONNECTION),
        ("whatsapp-connect-CheckQueue-1A2B3C4D5E6F", site.outputs["CheckQueueUrl"].rpartition("/")[2]),
    ):
        text = text.replace(placeholder, own)
    return text


def copy_of(recipe: str, folder: Path, *wheels: Path) -> Path:
    """Return a copy of a recipe outside the checkout, with these wheels in it. `folder` is empty."""
    copy = folder / recipe
    shutil.copytree(EXAMPLES / recipe, copy, ignore=shutil.ignore_patterns(*IGNORED))
    for wheel in wheels:
        shutil.copy(wheel, copy)
    return copy


def steps(recipe: str) -> list[Block]:
    """Return the commands in the recipe's README.md."""
    return blocks(f"examples/{recipe}/README.md", "sh")


def reader_environment(versions: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return variables with which pip installs the versions that the tests have, and none that leads to the checkout."""
    lines = re.findall(r"(?m)^([a-z0-9][\w.-]*(?:\[[\w,-]+\])?==\S+)", (ROOT / "requirements/dev.txt").read_text())
    versions.write_text("\n".join(re.sub(r"\[.*?\]", "", line) for line in lines))
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HTTP", "NO_PROXY", "SSL_"))}
    return pip | {"HOME": str(Path.home()), "PIP_CONSTRAINT": str(versions)} | dict(environ)


@contextmanager
def deployed(site: Site, block: Block, folder: Path, instead: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Build and deploy a recipe in `folder` by the commands of its page; yield physical ids by logical id.

    `instead` has the own values by the examples in the page.
    """
    (name,) = re.findall(r"sam deploy --stack-name (\S+)", block.text)
    run_blocks([block], folder=folder, environ=deployer(site), instead=instead)
    formation = site.client("cloudformation")
    resources = formation.describe_stack_resources(StackName=name)["StackResources"]
    yield {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
    formation.delete_stack(StackName=name)


def deployer(site: Site) -> dict[str, str]:
    """Return the variables of somebody who may do everything."""
    return environment(
        AWS_ENDPOINT_URL=site.stack.endpoint_url,
        AWS_DEFAULT_REGION=str(site.stack.session.region_name),
        PATH=f"{SAM.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        SAM_CLI_POLL_DELAY="1",
    )


def may(site: Site, role: str, action: str, arn: str) -> bool:
    iam = site.client("iam")
    answer = iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=[action], ResourceArns=[arn])
    (result,) = answer["EvaluationResults"]
    return bool(result["EvalDecision"] == "allowed")
