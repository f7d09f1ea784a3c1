"""What somebody can do who has taken over a function, or a service that reads: what its rights are, and nothing else."""

import json
from collections.abc import Iterator

import boto3
import pytest

from tests.attacks.attempt import MINE, Attempt, attempts
from tests.attacks.site import AttackedSite
from tests.template.rights import RIGHTS

pytestmark = pytest.mark.emulator

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
REFUSED_BY_THE_EMULATOR = ("kms:", "logs:")
"""What it refuses to those who have the right, too: these attempts name no encryption context, and the emulator names a
log group otherwise than its streams."""

POLICIES = ("TokenReaderPolicy", "LinkCreatorPolicy")
TAKEN_ON_BY_SERVICES = {"ScheduleInvokeRole": "invoke", "AlertRuleRole": "publish"}
"""The policy of each role that the emulator's own user may not assume."""

STREAMS = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
"""Of ConnectionTable: only the emulator itself asks for them."""


@pytest.fixture(scope="module")
def everything(site: AttackedSite) -> Iterator[list[Attempt]]:
    """List what is attempted, on a connection that is there."""
    parameters = site.client("ssm")
    prefix = site.stack.outputs["ParameterPrefix"]
    names = [
        f"{prefix}/{leaf}"
        for leaf in (f"connections/{MINE}/access-token", f"connections/{MINE}/metadata", f"pins/{MINE}")
    ]
    for name in names:
        parameters.put_parameter(Name=name, Value="x", Type="String", Overwrite=True)
    yield list(attempts(site.stack))
    parameters.delete_parameters(Names=names)


def may(principal: str, attempt: Attempt) -> bool:
    granted = RIGHTS[principal].get(attempt.action, "").split()
    is_leaf = attempt.on.startswith("/connections/")
    return bool(attempt.on) and (attempt.on in granted or (is_leaf and "/connections/*" in granted))


@pytest.fixture
def rights_of(site: AttackedSite, principal: str) -> Iterator[boto3.Session]:
    """Have the rights of a function's role; or, as a user, those of a role that only a service takes on, or of a reader."""
    iam, name, region = site.client("iam"), site.stack.resources[principal], site.stack.session.region_name
    if principal not in {*TAKEN_ON_BY_SERVICES, *POLICIES}:
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
        lent = site.client("sts").assume_role(RoleArn=arn, RoleSessionName=MINE)["Credentials"]
        yield boto3.Session(lent["AccessKeyId"], lent["SecretAccessKey"], lent["SessionToken"], region_name=region)
        return
    if principal in POLICIES:
        version = iam.get_policy(PolicyArn=name)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=name, VersionId=version)["PolicyVersion"]["Document"]
    else:
        document = iam.get_role_policy(RoleName=name, PolicyName=TAKEN_ON_BY_SERVICES[principal])["PolicyDocument"]
    iam.create_user(UserName=MINE)
    iam.put_user_policy(UserName=MINE, PolicyName=MINE, PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=MINE)["AccessKey"]
    yield boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=region)
    iam.delete_access_key(UserName=MINE, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=MINE, PolicyName=MINE)
    iam.delete_user(UserName=MINE)


@pytest.mark.parametrize("principal", RIGHTS)
def test_role_is_denied_what_it_does_not_need(
    site: AttackedSite, everything: list[Attempt], principal: str, rights_of: boto3.Session
) -> None:
    """Every role tries everything; what it is granted works, which shows that the attempts are good ones."""
    wrong, granted = [], set()
    for attempt in everything:
        answer = attempt.made_with(rights_of, site.stack.endpoint_url)
        if may(principal, attempt):
            granted.add(attempt.action)
        is_denied = answer in DENIED
        if is_denied == may(principal, attempt) and not (
            is_denied and attempt.action.startswith(REFUSED_BY_THE_EMULATOR)
        ):
            wrong.append(f"{attempt}: {answer or 'allowed'}")
    assert wrong == []
    streams = {action for action in RIGHTS[principal] if action in STREAMS}
    assert granted == RIGHTS[principal].keys() - streams
