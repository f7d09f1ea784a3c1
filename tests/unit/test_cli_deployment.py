"""How the command line finds a stack: every resource, AWS's time, and the version."""

import json
from datetime import UTC, datetime
from email.utils import formatdate
from time import time
from typing import TYPE_CHECKING, Any, cast

import pytest
from click.testing import CliRunner

from tests.support import stack
from whatsapp_connect.version import VERSION
from whatsapp_connect_cli.app import program
from whatsapp_connect_cli.deployment import Place, find

if TYPE_CHECKING:
    import boto3

AHEAD_S = 600
ARN = "arn:aws:iam::111122223333:policy/reader"


class _Aws:
    """AWS with a clock that is ahead, and a stack whose last resource is on the second page."""

    region_name = "eu-west-1"
    profile_name = "default"

    def __init__(self, version: str = VERSION) -> None:
        self.outputs = [{"OutputKey": "TokenReaderPolicyArn", "OutputValue": ARN}]
        self.outputs += [{"OutputKey": "Version", "OutputValue": version}] if version else []
        self.calls: list[str] = []

    def client(self, *_: object, **__: object) -> "_Aws":
        return self

    def describe_stacks(self, **_: object) -> dict[str, Any]:
        self.calls.append("DescribeStacks")
        about = {"CreationTime": datetime(2026, 11, 27, tzinfo=UTC), "Parameters": [], "Outputs": self.outputs}
        headers = {"date": formatdate(time() + AHEAD_S, usegmt=True)}
        return {"Stacks": [about], "ResponseMetadata": {"HTTPHeaders": headers}}

    def get_paginator(self, operation: str) -> "_Aws":
        assert operation == "list_stack_resources"
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        self.calls.append("ListStackResources")
        first = [{"LogicalResourceId": f"Alarm{number}", "PhysicalResourceId": "x"} for number in range(100)]
        return [
            {"StackResourceSummaries": first},
            {"StackResourceSummaries": [{"LogicalResourceId": "PublishFunction", "PhysicalResourceId": "publish"}]},
        ]

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803  AWS's name
        assert FunctionName == "publish"
        self.calls.append("GetFunctionConfiguration")
        return {"Environment": {"Variables": stack.environment({})}}


def test_stack_is_found_with_every_resource_and_the_time_of_aws() -> None:
    found = find(Place(cast("boto3.Session", _Aws())), "whatsapp-connect")
    assert len(found.resources) == 101
    assert found.clock() - time() == pytest.approx(AHEAD_S, abs=3)


MAJOR, MINOR, PATCH = (int(number) for number in VERSION.split("."))
ORDERS = {
    "": "older",
    "0.9.9": "older",
    VERSION: None,
    f"{MAJOR}.{MINOR}.{PATCH + 1}": None,
    f"{MAJOR}.{MINOR + 1}.0": "newer",
    f"{MAJOR}.{MINOR + 10}.0": "newer",
    f"{MAJOR + 1}.0.0": "newer",
    "a version of somebody else": "older",
}


@pytest.mark.parametrize(("version", "order"), ORDERS.items())
def test_stack_of_another_version_is_told_on_stderr_without_another_call(
    monkeypatch: pytest.MonkeyPatch, version: str, order: str | None
) -> None:
    aws = _Aws(version)

    def session(**_: object) -> _Aws:
        return aws

    monkeypatch.setattr("whatsapp_connect_cli.deployment.boto3.Session", session)
    ended = CliRunner().invoke(program, ["policy", "--all", "--json"])
    assert aws.calls == ["DescribeStacks", "ListStackResources", "GetFunctionConfiguration"]
    assert (ended.exit_code, json.loads(ended.stdout)) == (0, {"policy_arn": ARN})
    assert ended.stderr.count("\n") == (order is not None)
    assert (order or "") in ended.stderr
    assert version in ended.stderr or order is None
