"""The threat model and its tests belong together; and what the emulator cannot show of it is asked of the template."""

import ast
import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
THREATS = (ROOT / "docs/security.md").read_text()
SERVICES = {
    "apigateway.amazonaws.com",
    "cloudwatch.amazonaws.com",
    "events.amazonaws.com",
    "lambda.amazonaws.com",
    "scheduler.amazonaws.com",
}


def names_in(path: Path) -> set[str]:
    names = {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
    return {f"{path.relative_to(TESTS)}::{name}" for name in names if name.startswith("test_")}


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: about for name, about in template["Resources"].items() if about["Type"] == kind}


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = re.findall(r"`([a-z_0-9/]+\.py)::(\w+)`", THREATS)
    assert len(named) > 40
    assert THREATS.count("::") == len(named)
    missing = [f"{file}::{name}" for file, name in named if f"{file}::{name}" not in names_in(TESTS / file)]
    assert missing == []


def test_every_attack_is_in_the_threat_model() -> None:
    attacks = {name for path in (TESTS / "attacks").glob("test_*.py") for name in names_in(path)}
    assert attacks
    assert sorted(name for name in attacks if f"`{name}`" not in THREATS) == []


def test_the_threat_model_can_be_found() -> None:
    assert "(docs/security.md)" in (ROOT / "README.md").read_text()
    assert "(docs/security.md)" in (ROOT / "SECURITY.md").read_text()


def test_other_sites_scripts_are_allowed_nothing(translated: dict[str, Any]) -> None:
    (api,) = of_type(translated, "AWS::ApiGatewayV2::Api").values()
    assert "CorsConfiguration" not in api["Properties"]
    assert "cors" not in json.dumps(api["Properties"]["Body"]).lower()


def test_functions_are_reached_through_the_gateway_only(translated: dict[str, Any]) -> None:
    assert not of_type(translated, "AWS::Lambda::Url")
    permissions = of_type(translated, "AWS::Lambda::Permission")
    assert len(permissions) == 7
    for permission in permissions.values():
        assert permission["Properties"]["Principal"] == "apigateway.amazonaws.com"
        assert "${__ApiId__}/${__Stage__}/" in json.dumps(permission["Properties"]["SourceArn"])


def test_with_a_domain_there_is_no_other_host(template: dict[str, Any]) -> None:
    api = template["Resources"]["Api"]["Properties"]
    assert api["DisableExecuteApiEndpoint"] == {"Fn::If": ["HasDomain", True, False]}
    (domain,) = template["Resources"]["CustomDomain"]["Properties"]["DomainNameConfigurations"]
    assert domain["SecurityPolicy"] == "TLS_1_2"


def test_whoever_is_let_in_is_a_service_of_aws_on_our_behalf(translated: dict[str, Any]) -> None:
    """Of roles, the topic and the queue; the key's policy leaves it to IAM."""
    policies = [
        about["Properties"].get("AssumeRolePolicyDocument") or about["Properties"]["PolicyDocument"]
        for kind in ("AWS::IAM::Role", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")
        for about in of_type(translated, kind).values()
    ]
    assert len(policies) > 7
    for policy in policies:
        for statement in policy["Statement"]:
            assert statement["Principal"].keys() == {"Service"}
            services = statement["Principal"]["Service"]
            assert set([services] if isinstance(services, str) else services) <= SERVICES
            # Anybody's rule, alarm or schedule would otherwise be as good as ours.
            assert services == "lambda.amazonaws.com" or re.search(
                "aws:Source(Account|Arn)", json.dumps(statement["Condition"])
            )


def test_what_is_kept_is_encrypted(translated: dict[str, Any]) -> None:
    for queue in of_type(translated, "AWS::SQS::Queue").values():
        assert queue["Properties"]["SqsManagedSseEnabled"] is True
    (key,) = of_type(translated, "AWS::KMS::Key").values()
    assert key["Properties"]["EnableKeyRotation"] is True


def test_what_nobody_waits_for_goes_to_a_queue_when_it_fails(translated: dict[str, Any]) -> None:
    (invocation,) = of_type(translated, "AWS::Lambda::EventInvokeConfig").values()
    (stream,) = of_type(translated, "AWS::Lambda::EventSourceMapping").values()
    (schedule,) = of_type(translated, "AWS::Scheduler::Schedule").values()
    failed = [
        one["Properties"]["DestinationConfig"]["OnFailure"]["Destination"] for one in (invocation, stream)
    ]
    lost = schedule["Properties"]["Target"]["DeadLetterConfig"]["Arn"]
    queues = of_type(translated, "AWS::SQS::Queue")
    assert {destination["Fn::GetAtt"][0] for destination in [*failed, lost]} <= queues.keys()


def test_a_flood_of_logins_has_a_fuse(template: dict[str, Any]) -> None:
    api = template["Resources"]["Api"]["Properties"]
    for throttle in (api["DefaultRouteSettings"], *api["RouteSettings"].values()):
        assert 0 < throttle["ThrottlingRateLimit"] <= throttle["ThrottlingBurstLimit"] <= 40
    table = template["Resources"]["StateTable"]["Properties"]
    assert table["OnDemandThroughput"]["MaxWriteRequestUnits"] <= 500
