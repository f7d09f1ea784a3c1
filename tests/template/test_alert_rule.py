"""Which events reach people, and in which words."""

import json
import re
from typing import Any

import pytest

from tests.support import schema
from tests.template.resolve import Deployment
from whatsapp_connect.events import NEEDS_A_PERSON, SOURCE


def rule(deployment: Deployment) -> dict[str, Any]:
    (found,) = deployment.of_type("AWS::Events::Rule").values()
    return found


def target(deployment: Deployment) -> dict[str, Any]:
    (found,) = rule(deployment)["Targets"]
    assert isinstance(found, dict)
    return found


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Decide as EventBridge does, for patterns of plain values.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
    """
    return all(
        matches(wanted, event.get(key, {})) if isinstance(wanted, dict) else event.get(key) in wanted
        for key, wanted in pattern.items()
    )


def event(event_type: str, *, source: str = SOURCE, stack: str = "shop") -> dict[str, Any]:
    detail = {"stack": stack, "message": "It ends."}
    return {"source": source, "detail-type": event_type, "detail": detail}


@pytest.mark.parametrize("event_type", sorted(schema.types()))
def test_events_that_need_a_person_are_mailed(deployment: Deployment, event_type: str) -> None:
    pattern = rule(deployment)["EventPattern"]
    assert matches(pattern, event(event_type)) == (event_type in NEEDS_A_PERSON)


def test_events_of_other_stacks_and_sources_are_not_mailed(deployment: Deployment) -> None:
    pattern = rule(deployment)["EventPattern"]
    assert not matches(pattern, event("Expired", stack="shop-2"))
    assert not matches(pattern, event("Expired", source="aws.ssm"))
    assert not matches(pattern, {"source": SOURCE, "detail-type": "Expired", "detail": {}})


def test_the_message_is_made_of_what_every_such_event_has(deployment: Deployment) -> None:
    transformer = target(deployment)["InputTransformer"]
    told = event("Expired")["detail"]
    values = {name: told[path.removeprefix("$.detail.")] for name, path in transformer["InputPathsMap"].items()}
    text = re.sub("<(.*?)>", lambda found: values[found[1]], transformer["InputTemplate"])
    lines = [json.loads(line) for line in text.splitlines() if line]
    assert lines == ["It ends.", "Stack: shop"]
    for event_type in NEEDS_A_PERSON:
        assert {"message", "reconnect_url", "stack"} <= schema.properties(event_type).keys()


def test_an_alert_is_tried_for_a_day_and_then_found(deployment: Deployment) -> None:
    about = target(deployment)
    assert about.keys() == {"Id", "Arn", "RoleArn", "InputTransformer", "DeadLetterConfig", "RetryPolicy"}
    assert about["Arn"] == "arn:aws:sns:eu-west-1:111122223333:shop-AlertTopic"
    assert about["RoleArn"] == "arn:aws:iam::111122223333:role/shop-AlertRuleRole"
    assert about["DeadLetterConfig"] == {"Arn": "arn:aws:sqs:eu-west-1:111122223333:shop-AlertFailures"}
    # The most that EventBridge takes: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html
    assert about["RetryPolicy"] == {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 24 * 3600}


def test_the_rule_is_on_and_listens_to_the_default_bus(deployment: Deployment) -> None:
    assert rule(deployment).keys() == {"Name", "Description", "EventPattern", "Targets"}
    assert rule(deployment)["Name"] == "shop-alerts"  # the role's trust names it


def test_the_topic_takes_what_services_of_aws_send(deployment: Deployment) -> None:
    """With a key of AWS's own on it, neither EventBridge nor CloudWatch could publish."""
    assert deployment.properties("AlertTopic") == {"DisplayName": "shop"}
