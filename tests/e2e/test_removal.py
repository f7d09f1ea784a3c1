"""A stack that is deleted, what it leaves, and a new stack that takes that over, as docs/removal.md says."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.exceptions import WaiterError

from local.stack import Stack
from tests.e2e.neighbour import Neighbour, neighbour_of
from tests.support.people import MARIA

pytestmark = pytest.mark.emulator

DOCS = Path(__file__).parents[2] / "docs"
NAME = "removed"
APP = "5550004"
QUICK = {"Delay": 1, "MaxAttempts": 60}


@dataclass
class Removed:
    """A stack that was deleted, as it was before."""

    before: Neighbour
    token: str
    link: str
    status_while_attached: str


@pytest.fixture(scope="module")
def removed(stack: Stack) -> Iterator[Removed]:
    with neighbour_of(stack, NAME, app_id=APP) as before:
        assert before.connect("maria").status_code == 200
        token, link = before.token(MARIA), before.link("tenant-9")
        assert token
        before.wait_until_published(MARIA)
        attach_reader(before)
        status = delete(before)
        policy = before.outputs["TokenReaderPolicyArn"]
        iam = before.client("iam")
        for role in iam.list_entities_for_policy(PolicyArn=policy)["PolicyRoles"]:
            iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=policy)
        assert delete(before) == "DELETE_COMPLETE"
        yield Removed(before, token, link, status)


def attach_reader(stack: Neighbour) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    iam = stack.client("iam")
    iam.create_role(
        RoleName="reader-of-removed",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    iam.attach_role_policy(RoleName="reader-of-removed", PolicyArn=stack.outputs["TokenReaderPolicyArn"])


def delete(stack: Neighbour) -> str:
    """Delete the stack, and return the status it ends in."""
    formation = stack.client("cloudformation")
    stack_id = formation.describe_stacks(StackName=stack.name)["Stacks"][0]["StackId"]
    formation.delete_stack(StackName=stack.name)
    with suppress(WaiterError):
        formation.get_waiter("stack_delete_complete").wait(StackName=stack_id, WaiterConfig=QUICK)
    status: str = formation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
    return status


def test_a_reader_policy_that_is_attached_stops_the_deletion(removed: Removed) -> None:
    assert removed.status_while_attached == "DELETE_FAILED"


def test_tables_key_and_parameters_are_left(removed: Removed) -> None:
    before = removed.before
    assert before.existing_record(MARIA).status == "active"
    links = before.client("dynamodb").scan(TableName=before.resources["LinkTable"])["Items"]
    assert [link["connection_id"]["S"] for link in links] == ["tenant-9"]
    key = before.client("kms").describe_key(KeyId=before.resources["TokenEncryptionKey"])["KeyMetadata"]
    assert key["KeyState"] == "Enabled"
    assert before.token(MARIA) == removed.token
    prefix = before.outputs["ParameterPrefix"]
    assert before.parameter_names() == {
        f"{prefix}/app-secret",
        f"{prefix}/connections/{MARIA}/access-token",
        f"{prefix}/connections/{MARIA}/metadata",
    }


def test_deletion_of_the_stack_leaves_nothing_else(removed: Removed) -> None:
    before = removed.before
    assert before.resources["StateTable"] not in before.client("dynamodb").list_tables()["TableNames"]
    functions = before.client("lambda").list_functions()["Functions"]
    assert not [one for one in functions if one["FunctionName"].startswith(f"{NAME}-")]
    roles = before.client("iam").list_roles()["Roles"]
    assert not [one for one in roles if one["RoleName"].startswith(f"{NAME}-")]
    groups = before.client("logs").describe_log_groups()["logGroups"]
    assert not [one for one in groups if f"/{NAME}" in one["logGroupName"]]
    schedules = before.client("scheduler").list_schedules()["Schedules"]
    assert not [one for one in schedules if one["Name"].startswith(f"{NAME}-")]


def test_a_new_stack_takes_over_what_was_left(stack: Stack, removed: Removed) -> None:
    before = removed.before
    take_over(before)
    with neighbour_of(stack, NAME, app_id=APP) as after:
        for name in ("ConnectionTable", "LinkTable", "DeletionTable", "TokenEncryptionKey"):
            assert after.resources[name] == before.resources[name]
        assert after.check(MARIA) == {"checked"}
        assert after.existing_record(MARIA).status == "active"
        assert after.token(MARIA) == removed.token
        assert after.connect("jonas", removed.link).status_code == 200
        assert after.token("tenant-9")
        assert after.doctor("connections").health == "ok"


def take_over(before: Neighbour) -> None:
    """Import what is left into a new stack, with the template and the list of resources of the page."""
    text = (DOCS / "removal.md").read_text()
    match = re.search(r"--resources-to-import '(\[.*?\])'", text, re.DOTALL)
    assert match
    resources = json.loads(match[1])
    for resource in resources:
        identifier = resource["ResourceIdentifier"]
        for key in identifier:
            identifier[key] = before.resources[resource["LogicalResourceId"]]
    formation = before.client("cloudformation")
    names = {"StackName": NAME, "ChangeSetName": "takeover"}
    formation.create_change_set(
        **names,
        ChangeSetType="IMPORT",
        TemplateBody=(DOCS / "takeover.yaml").read_text(),
        ResourcesToImport=resources,
    )
    formation.get_waiter("change_set_create_complete").wait(**names, WaiterConfig=QUICK)
    formation.execute_change_set(**names)
    formation.get_waiter("stack_import_complete").wait(StackName=NAME, WaiterConfig=QUICK)
