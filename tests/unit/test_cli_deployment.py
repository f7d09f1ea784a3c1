"""How the command line finds a stack: every resource, and AWS's time."""

from datetime import UTC, datetime
from email.utils import formatdate
from time import time
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support import stack
from whatsapp_connect_cli.deployment import Place, find

if TYPE_CHECKING:
    import boto3

AHEAD_S = 600


class _Aws:
    """AWS with a clock that is ahead, and a stack whose last resource is on the second page."""

    region_name = "eu-west-1"

    def client(self, *_: object, **__: object) -> "_Aws":
        return self

    def describe_stacks(self, **_: object) -> dict[str, Any]:
        about = {"CreationTime": datetime(2026, 11, 27, tzinfo=UTC), "Parameters": [], "Outputs": []}
        headers = {"date": formatdate(time() + AHEAD_S, usegmt=True)}
        return {"Stacks": [about], "ResponseMetadata": {"HTTPHeaders": headers}}

    def get_paginator(self, operation: str) -> "_Aws":
        assert operation == "list_stack_resources"
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        first = [{"LogicalResourceId": f"Alarm{number}", "PhysicalResourceId": "x"} for number in range(100)]
        return [
            {"StackResourceSummaries": first},
            {"StackResourceSummaries": [{"LogicalResourceId": "PublishFunction", "PhysicalResourceId": "publish"}]},
        ]

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803  AWS's name
        assert FunctionName == "publish"
        return {"Environment": {"Variables": stack.environment({})}}


def test_stack_is_found_with_every_resource_and_the_time_of_aws() -> None:
    found = find(Place(cast("boto3.Session", _Aws())), "whatsapp-connect")
    assert len(found.resources) == 101
    assert found.clock() - time() == pytest.approx(AHEAD_S, abs=3)
