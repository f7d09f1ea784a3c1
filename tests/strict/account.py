"""An emulator, and accounts in it."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from local.emulator import Emulator
from local.port import claim
from local.strict.limits import Limits

REGION = "us-east-1"

_accounts = itertools.count(100_000_000_001)


class Account:
    """An AWS account of one test's own in an emulator, where a key of twelve digits is an account's."""

    def __init__(self, emulator: Emulator) -> None:
        self.id = str(next(_accounts))
        self.emulator = emulator

    def client(self, service: str, *, region: str = REGION, key: dict[str, str] | None = None) -> Any:
        access, secret = (key["AccessKeyId"], key["SecretAccessKey"]) if key else (self.id, "secret")
        session = boto3.Session(access, secret, region_name=region)
        once = Config(retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.emulator.url, config=once)  # type: ignore[call-overload]

    def user(self, *statements: dict[str, Any], name: str = "somebody") -> dict[str, str]:
        """Return the access key of somebody who may do this and nothing else."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        policy = {"Version": "2012-10-17", "Statement": statements}
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy))
        key: dict[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
        return key

    def deploy(self, name: str, resources: dict[str, Any], *, region: str = REGION) -> str:
        """Make a stack; return what CloudFormation says of the resource that failed, or nothing."""
        formation = self.client("cloudformation", region=region)
        formation.create_stack(
            StackName=name, TemplateBody=json.dumps({"Resources": resources}), Capabilities=["CAPABILITY_IAM"]
        )
        return self._end(formation, name, "stack_create_complete", "CREATE_FAILED")

    def delete(self, name: str) -> str:
        """Delete a stack; return what CloudFormation says of the resource that failed, or nothing."""
        formation = self.client("cloudformation")
        stack_id = formation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        formation.delete_stack(StackName=name)
        return self._end(formation, stack_id, "stack_delete_complete", "DELETE_FAILED")

    def _end(self, formation: Any, stack: str, waiter: str, failed: str) -> str:
        try:
            formation.get_waiter(waiter).wait(StackName=stack, WaiterConfig={"Delay": 0, "MaxAttempts": 5000})
        except WaiterError:
            events = formation.describe_stack_events(StackName=stack)["StackEvents"]
            reasons = [one["ResourceStatusReason"] for one in events if one["ResourceStatus"] == failed]
            return str(reasons[-1])
        return ""


@contextmanager
def started(limits: Limits, directory: Path) -> Iterator[Emulator]:
    port = claim(0, variable="EMULATOR_PORT")
    with Emulator(port=port, directory=directory, limits=limits) as emulator:
        emulator.wait()
        yield emulator


def refused(call: Callable[..., Any], **arguments: Any) -> str:
    """Return the error code, or nothing."""
    try:
        call(**arguments)
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    return ""


def put(ssm: Any, name: str, value: str = "x", **about: Any) -> str:
    return refused(ssm.put_parameter, **{"Name": name, "Value": value, "Type": "String"} | about)
