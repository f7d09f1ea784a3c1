"""A stack that is deleted, what it leaves, and a new stack that takes that over, as docs/removal.md says."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from botocore.exceptions import WaiterError
from botocore.session import get_session

from local.emulator import CREDENTIALS, REGION
from local.place import PYTHON_FOLDER
from local.stack import Stack
from tests.e2e.neighbour import Neighbour, neighbour_of
from tests.support.docs import ROOT, blocks, run_blocks
from tests.support.people import MARIA

pytestmark = pytest.mark.emulator

DETACH, LIST, DELETE, DELETE_PARAMETERS, IMPORT = blocks("docs/removal.md", "sh")
"""The page's commands, in its order."""
STAYING = ("ConnectionTable", "LinkTable", "DeletionTable", "TokenEncryptionKey")
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
def environ(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables of an operator. The AWS CLI asks every second whether it may go on, not every 30."""
    folder = tmp_path_factory.mktemp("waiters")
    waiters = get_session().get_data("cloudformation/2010-05-15/waiters-2")
    for waiter in waiters["waiters"].values():
        waiter["delay"] = 1
    path = folder / "cloudformation/2010-05-15/waiters-2.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(waiters))
    programs = f"{PYTHON_FOLDER}{os.pathsep}{os.environ['PATH']}"
    place = {"AWS_ENDPOINT_URL": stack.endpoint_url, "AWS_DEFAULT_REGION": REGION, "AWS_DATA_PATH": str(folder)}
    return dict(os.environ) | CREDENTIALS | place | {"PATH": programs}


@pytest.fixture(scope="module")
def removed(stack: Stack, environ: dict[str, str]) -> Iterator[Removed]:
    with neighbour_of(stack, NAME, app_id=APP) as before:
        assert before.connect("maria").status_code == 200
        token, link = before.token(MARIA), before.link("tenant-9")
        assert token
        before.wait_until_published(MARIA)
        attach_reader(before)
        listed = run_blocks([LIST], folder=ROOT, environ=environ, instead={"whatsapp-connect": NAME})
        assert all(before.resources[name] in listed for name in STAYING)
        status = delete(before)
        policy = before.outputs["TokenReaderPolicyArn"]
        detach = {"policy-arn ARN": f"policy-arn {policy}", "ROLE": "reader-of-removed"}
        assert "reader-of-removed" in run_blocks([DETACH], folder=ROOT, environ=environ, instead=detach)
        run_blocks([DELETE], folder=ROOT, environ=environ, instead={"whatsapp-connect": NAME})
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


def test_a_new_stack_takes_over_what_was_left(stack: Stack, removed: Removed, environ: dict[str, str]) -> None:
    before = removed.before
    take_over(before, environ)
    with neighbour_of(stack, NAME, app_id=APP) as after:
        for name in STAYING:
            assert after.resources[name] == before.resources[name]
        assert after.check(MARIA) == {"checked"}
        assert after.existing_record(MARIA).status == "active"
        assert after.token(MARIA) == removed.token
        assert after.connect("jonas", removed.link).status_code == 200
        assert after.token("tenant-9")
        assert after.doctor("connections").health == "ok"


def take_over(before: Neighbour, environ: dict[str, str]) -> None:
    """Import what is left into a new stack, with the commands of the page."""
    instead = {f"whatsapp-connect-{name}-EXAMPLE": before.resources[name] for name in STAYING if name.endswith("Table")}
    instead |= {
        "00000000-0000-0000-0000-000000000000": before.resources["TokenEncryptionKey"],
        "--stack-name whatsapp-connect": f"--stack-name {NAME}",
    }
    run_blocks([IMPORT], folder=ROOT, environ=environ, instead=instead)


def test_parameters_are_deleted(removed: Removed, environ: dict[str, str]) -> None:
    assert removed.before.parameter_names()
    run_blocks([DELETE_PARAMETERS], folder=ROOT, environ=environ, instead={"/whatsapp-connect": f"/{NAME}"})
    assert removed.before.parameter_names() == set()
