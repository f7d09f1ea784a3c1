"""What CloudFormation cannot make or delete on AWS fails; and what is too long is refused."""

import json
from typing import Any

import pytest

from tests.strict.account import Account, refused

pytestmark = pytest.mark.emulator

ROLE = "arn:aws:iam::000000000000:role/any"


def schedule(**name: str) -> dict[str, Any]:
    about = {
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:any", "RoleArn": ROLE},
    }
    return {"Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": about | name}}


def test_second_stack_with_a_schedule_of_the_same_name_fails(account: Account) -> None:
    assert account.deploy("one", schedule(Name="FunctionHourly")) == ""
    assert "ConflictException" in account.deploy("two", schedule(Name="FunctionHourly"))


def test_schedules_without_names_stand_beside_each_other(account: Account) -> None:
    assert [account.deploy(name, schedule()) for name in ("one", "two")] == ["", ""]


def test_second_stack_with_a_dashboard_of_the_same_name_fails_in_every_region(account: Account) -> None:
    about = {"DashboardName": "shared", "DashboardBody": "{}"}
    resources = {"Dashboard": {"Type": "AWS::CloudWatch::Dashboard", "Properties": about}}
    assert account.deploy("one", resources) == ""
    assert "overwritten" in account.deploy("two", resources)
    assert "overwritten" in account.deploy("one", resources, region="eu-west-1")
    elsewhere, here = account.client("cloudwatch", region="eu-west-1"), account.client("cloudwatch")
    assert refused(elsewhere.put_dashboard, **about) == "InvalidParameterInput"
    assert refused(here.put_dashboard, **about) == ""


def test_stack_stays_while_its_policy_is_attached_elsewhere(account: Account) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}],
    }
    policy = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    assert account.deploy("one", {"Policy": policy}) == ""
    formation, iam = account.client("cloudformation"), account.client("iam")
    (made,) = formation.describe_stack_resources(StackName="one")["StackResources"]
    arn = made["PhysicalResourceId"]
    iam.create_user(UserName="reader")
    iam.attach_user_policy(UserName="reader", PolicyArn=arn)
    assert refused(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    assert "DeleteConflict" in account.delete("one")
    iam.detach_user_policy(UserName="reader", PolicyArn=arn)
    assert account.delete("one") == ""
    assert refused(iam.get_policy, PolicyArn=arn) == "NoSuchEntity"


@pytest.mark.parametrize(("visibility", "is_taken"), [(59, False), (60, True)])
def test_queue_must_hide_messages_as_long_as_the_function_may_run(
    account: Account, visibility: int, *, is_taken: bool
) -> None:
    functions, queues, iam = account.client("lambda"), account.client("sqs"), account.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    functions.create_function(
        FunctionName="f",
        Role=role,
        Runtime="python3.13",
        Handler="f.handler",
        Code={"S3Bucket": "none", "S3Key": "none"},
        Timeout=60,
    )
    url = queues.create_queue(QueueName="q", Attributes={"VisibilityTimeout": str(visibility)})["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    about = {"EventSourceArn": arn, "FunctionName": "f", "Enabled": False}
    mapping = {"Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": about}}
    expected = "" if is_taken else "InvalidParameterValueException"
    assert refused(functions.create_event_source_mapping, **about) == expected
    assert expected in account.deploy("one", mapping)


def test_kms_and_dynamodb_refuse_what_is_too_long(account: Account) -> None:
    kms, dynamodb = account.client("kms"), account.client("dynamodb")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x" * 4096) == ""
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x" * 4097) == "ValidationException"
    item = {"Put": {"TableName": "none", "Item": {"id": {"S": "a"}}}}
    token = {"ClientRequestToken": "x" * 37}
    assert refused(dynamodb.transact_write_items, TransactItems=[item], **token) == "ValidationException"
