"""What EventBridge and CloudWatch may publish to a topic arrives, and nothing else."""

import json
from typing import Any

import pytest

from tests.strict.account import REGION, Account

pytestmark = pytest.mark.emulator

EVENTS, CLOUDWATCH = "events.amazonaws.com", "cloudwatch.amazonaws.com"


class Topic:
    """A topic with a queue behind it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._sns, self._sqs = account.client("sns"), account.client("sqs")
        self.arn = self._sns.create_topic(Name="topic")["TopicArn"]
        arn = f"arn:aws:sqs:{REGION}:{account.id}:behind"
        statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._queue = self._sqs.create_queue(QueueName="behind", Attributes={"Policy": policy})["QueueUrl"]
        self._sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    def allow(self, service: str, **about: Any) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sns:Publish",
            "Resource": self.arn,
        }
        policy = {"Version": "2012-10-17", "Statement": [statement | about]}
        self._sns.set_topic_attributes(TopicArn=self.arn, AttributeName="Policy", AttributeValue=json.dumps(policy))

    def received(self) -> list[str]:
        """Return what has arrived; both services publish before they answer."""
        messages = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        return [message["Body"] for message in messages]


@pytest.fixture
def topic(account: Account) -> Topic:
    return Topic(account)


def condition(account: Account, rule: str) -> dict[str, Any]:
    source = f"arn:aws:events:{REGION}:{account.id}:rule/{rule}"
    return {"StringEquals": {"aws:SourceAccount": account.id}, "ArnEquals": {"aws:SourceArn": source}}


def tell(account: Account, topic: Topic, **target: str) -> list[str]:
    """Put an event on the bus, with a rule that leads to the topic; return what arrives there."""
    events = account.client("events")
    events.put_rule(Name="alert", EventPattern=json.dumps({"source": ["a"]}))
    events.put_targets(Rule="alert", Targets=[{"Id": "topic", "Arn": topic.arn, "Input": '"hello"'} | target])
    events.put_events(Entries=[{"Source": "a", "DetailType": "a", "Detail": "{}"}])
    return topic.received()


def make_role(account: Account, *, trusted: str, rule: str, may: str) -> str:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": trusted},
        "Action": "sts:AssumeRole",
        "Condition": condition(account, rule),
    }
    iam = account.client("iam")
    role = iam.create_role(
        RoleName="role",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": may}
    iam.put_role_policy(
        RoleName="role",
        PolicyName="publish",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    arn: str = role["Role"]["Arn"]
    return arn


def test_event_arrives_by_the_targets_role(account: Account, topic: Topic) -> None:
    role = make_role(account, trusted=EVENTS, rule="alert", may=topic.arn)
    assert tell(account, topic, RoleArn=role) == ['"hello"']


@pytest.mark.parametrize(
    "wrong", [{"trusted": CLOUDWATCH}, {"rule": "another"}, {"may": "arn:aws:sns:us-east-1:1:other"}]
)
def test_event_does_not_arrive_by_a_role_for_something_else(
    account: Account, topic: Topic, wrong: dict[str, str]
) -> None:
    topic.allow(EVENTS)  # a target with a role publishes by nothing else
    about = {"trusted": EVENTS, "rule": "alert", "may": topic.arn} | wrong
    assert tell(account, topic, RoleArn=make_role(account, **about)) == []


def test_event_does_not_arrive_by_a_role_that_is_not_there(account: Account, topic: Topic) -> None:
    assert tell(account, topic, RoleArn=f"arn:aws:iam::{account.id}:role/nobody") == []


def test_event_arrives_by_a_topic_policy_without_conditions_alone(account: Account, topic: Topic) -> None:
    assert tell(account, topic) == []  # by the policy that every topic has
    topic.allow(EVENTS, Condition=condition(account, "alert"))
    assert tell(account, topic) == []
    topic.allow(CLOUDWATCH)
    assert tell(account, topic) == []
    topic.allow(EVENTS)
    assert tell(account, topic) == ['"hello"']


def ring(account: Account, topic: Topic, name: str) -> list[str]:
    """Make an alarm ring that acts on the topic; return which alarms have told it."""
    alarms = account.client("cloudwatch")
    alarms.put_metric_alarm(
        AlarmName=name,
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic.arn],
    )
    alarms.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    return [json.loads(message)["AlarmName"] for message in topic.received()]


def test_alarm_arrives_by_a_topic_policy_for_cloudwatch(account: Account, topic: Topic) -> None:
    assert ring(account, topic, "by-default") == ["by-default"]
    topic.allow(EVENTS)
    assert ring(account, topic, "for-events") == []
    topic.allow(CLOUDWATCH, Condition={"StringEquals": {"aws:SourceAccount": account.id}})
    assert ring(account, topic, "for-this-account") == ["for-this-account"]
    topic.allow(CLOUDWATCH, Condition={"StringEquals": {"aws:SourceAccount": "1"}})
    assert ring(account, topic, "for-another-account") == []
