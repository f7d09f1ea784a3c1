"""The template: what is deployed, with which rights, on which routes."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.template.rights import RIGHTS
from whatsapp_connect.events import NEEDS_A_PERSON

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: about for name, about in template["Resources"].items() if about["Type"] == kind}


def statements(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a role's or a policy's statements, the conditional ones as where the stack makes its own key."""
    properties = resource["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    found = [statement for document in documents for statement in document["Statement"]]
    return [statement["Fn::If"][2] if "Fn::If" in statement else statement for statement in found]


def actions(statement: dict[str, Any]) -> list[str]:
    return [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]


@pytest.mark.parametrize("name", RIGHTS)
def test_a_role_has_these_rights_and_no_other(template: dict[str, Any], name: str) -> None:
    granted: dict[str, str] = {}
    for statement in statements(template["Resources"][name]):
        assert statement["Effect"] == "Allow"
        for action in actions(statement):
            granted[action] = json.dumps(statement["Resource"])
    assert granted.keys() == RIGHTS[name].keys()
    for action, wanted in RIGHTS[name].items():
        for part in wanted.split():
            assert part in granted[action], action


def test_there_is_no_other_role_or_policy(translated: dict[str, Any]) -> None:
    kinds = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
    assert {name for kind in kinds for name in of_type(translated, kind)} == RIGHTS.keys()


def test_no_statement_is_wide(translated: dict[str, Any]) -> None:
    for name in RIGHTS:
        resource = translated["Resources"][name]
        assert "ManagedPolicyArns" not in resource["Properties"]
        for statement in statements(resource):
            assert not any("*" in action for action in actions(statement))
            assert '"*"' not in json.dumps(statement["Resource"]) or actions(statement) == [
                "dynamodb:ListStreams"
            ]


def test_the_key_is_used_for_named_parameters_only(template: dict[str, Any]) -> None:
    for name in RIGHTS:
        for statement in statements(template["Resources"][name]):
            if any(action.startswith("kms:") for action in actions(statement)):
                assert "kms:EncryptionContext:PARAMETER_ARN" in json.dumps(statement["Condition"])


def test_every_function_has_a_role_a_log_group_and_a_handler(template: dict[str, Any]) -> None:
    for name, function in of_type(template, "AWS::Serverless::Function").items():
        properties = function["Properties"]
        about = name.removesuffix("Function")
        assert properties["Role"] == {"Fn::GetAtt": [f"{about}Role", "Arn"]} or properties["Role"] == {
            "Fn::GetAtt": f"{about}Role.Arn"
        }
        assert properties["LoggingConfig"]["LogGroup"] == {"Ref": f"{about}LogGroup"}
        module, _, attribute = properties["Handler"].partition(".")
        tree = ast.parse((FUNCTIONS / f"{module}.py").read_text())
        assert attribute in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_entry_file_is_deployed(template: dict[str, Any]) -> None:
    functions = of_type(template, "AWS::Serverless::Function").values()
    handlers = {function["Properties"]["Handler"] for function in functions}
    assert handlers == {f"{path.stem}.handler" for path in FUNCTIONS.glob("*.py")}


def test_functions_end_before_the_gateway_gives_up(template: dict[str, Any]) -> None:
    for function in of_type(template, "AWS::Serverless::Function").values():
        events = function["Properties"]["Events"].values()
        if any(event["Type"] == "HttpApi" for event in events):
            assert function["Properties"]["Timeout"] < 30


def test_every_route_is_throttled_and_every_throttle_has_its_route(template: dict[str, Any]) -> None:
    routes = {
        f"{event['Properties']['Method']} {event['Properties']['Path']}"
        for function in of_type(template, "AWS::Serverless::Function").values()
        for event in function["Properties"]["Events"].values()
        if event["Type"] == "HttpApi"
        and "Path" in event["Properties"]  # the others have the default throttle
    }
    assert routes == template["Resources"]["Api"]["Properties"]["RouteSettings"].keys()


def test_every_event_file_is_for_a_route_of_the_template(template: dict[str, Any]) -> None:
    routes = template["Resources"]["Api"]["Properties"]["RouteSettings"].keys()
    for path in (ROOT / "events").glob("*.json"):
        event = json.loads(path.read_text())
        if "routeKey" in event:
            assert event["routeKey"] in {*routes, "$default"}


def test_access_logs_hold_neither_path_nor_query(template: dict[str, Any]) -> None:
    written = template["Resources"]["Api"]["Properties"]["AccessLogSettings"]["Format"]
    assert json.loads(re.sub(r"\s*\n\s*", "", written)).keys() >= {"requestId", "route", "status"}
    assert not re.search(r"\$context\.(path|http\.path|rawPath)|query|\$context\.identity\.cookie", written)


def test_access_logs_hold_nothing_that_strangers_can_make_long(template: dict[str, Any]) -> None:
    written = template["Resources"]["Api"]["Properties"]["AccessLogSettings"]["Format"]
    assert not re.search(
        r"user.?agent|referer|header|\$context\.(identity\.user|domain|protocol)", written, re.IGNORECASE
    )


def test_logs_end(template: dict[str, Any]) -> None:
    for group in of_type(template, "AWS::Logs::LogGroup").values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_every_variable_the_settings_read_is_declared(template: dict[str, Any]) -> None:
    declared = template["Globals"]["Function"]["Environment"]["Variables"]
    source = (FUNCTIONS / "whatsapp_connect/config.py").read_text()
    read = set(re.findall(r'environ\["([A-Z_]+)"\]', source))
    assert read
    assert set(re.findall(r'environ\.get\("([A-Z_]+)"', source)) == set(
        template["Resources"]["AnnounceFunction"]["Properties"]["Environment"]["Variables"]
    )
    powertools = {name for name in declared if name.startswith("POWERTOOLS_")}
    assert declared.keys() == read | powertools | {"AWS_ENDPOINT_URL"}


def test_every_parameter_is_described_and_checked(template: dict[str, Any]) -> None:
    for name, parameter in template["Parameters"].items():
        assert parameter["Description"].endswith("."), name
        assert "AllowedPattern" in parameter or "AllowedValues" in parameter, name
        if "AllowedPattern" in parameter and "Default" in parameter:
            assert re.fullmatch(parameter["AllowedPattern"], parameter["Default"]), name


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("MetaAppId", "12a45"),
        ("MetaAppId", ""),
        ("ParameterPrefix", "whatsapp"),
        ("ParameterPrefix", "/whatsapp/"),
        ("ParameterPrefix", "/aws/whatsapp"),
        ("ParameterPrefix", "/ssm"),
        ("ParameterPrefix", "/AWS/x"),
        ("ParameterPrefix", "/aWs"),
        ("ParameterPrefix", "/Ssm/x"),
        ("ParameterPrefix", "/ssmx"),
        ("TokenKey", "aws/ssm"),
        ("RequiredScopes", "a, b"),
        ("SuccessUrl", "http://shop.example"),
        ("DomainName", "https://connect.example.com"),
        ("TokenKey", "alias/mine"),
        ("GraphVersion", "26.0"),
        ("GraphUrl", "https://graph.facebook.com/"),
    ],
)
def test_a_wrong_parameter_is_refused(template: dict[str, Any], parameter: str, value: str) -> None:
    assert not re.fullmatch(template["Parameters"][parameter]["AllowedPattern"], value)


def test_secrets_are_no_parameters(template: dict[str, Any]) -> None:
    assert not [
        name for name in template["Parameters"] if re.search("secret|password|token$", name, re.IGNORECASE)
    ]


def test_the_template_uses_no_yaml_alias() -> None:
    """CloudFormation does not read them: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html."""
    assert not re.search(r"(^|[\s:\[{,-])[&*][A-Za-z]", (ROOT / "template.yaml").read_text())


def test_kept_things_outlive_the_stack(template: dict[str, Any]) -> None:
    for name in ("ConnectionTable", "LinkTable", "TokenEncryptionKey"):
        resource = template["Resources"][name]
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resource["UpdateReplacePolicy"] == "Retain"


def test_cfn_lint_finds_nothing_in_what_cloudformation_gets(
    translated: dict[str, Any], tmp_path: Path
) -> None:
    """SAM hides circular dependencies: they show in the translated template only."""
    path = tmp_path / "template.json"
    path.write_text(json.dumps(translated))
    linted = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--regions", "us-east-1", "--template", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.stdout == ""
    assert linted.returncode == 0


def test_the_environments_are_there() -> None:
    config = (ROOT / "samconfig.toml").read_text()
    for name in ("local", "dev", "prod"):
        assert f"[{name}.deploy.parameters]" in config


def test_every_alarm_is_explained_and_told(template: dict[str, Any]) -> None:
    operations = (ROOT / "docs/operations.md").read_text()
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert alarms
    for name, alarm in alarms.items():
        assert f"`{name}`" in operations, name
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlertTopic"}]


def test_a_silent_renewal_is_an_alarm(template: dict[str, Any]) -> None:
    heartbeat = template["Resources"]["RenewalHeartbeatAlarm"]["Properties"]
    assert heartbeat["TreatMissingData"] == "breaching"


def test_alarms_and_dashboard_speak_of_metrics_that_are_counted(template: dict[str, Any]) -> None:
    source = "".join(path.read_text() for path in FUNCTIONS.glob("*.py"))
    counted = set(re.findall(r'(?:count\(|name=)\s*"([A-Za-z]+)"', source))
    dashboard = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    watched = set(re.findall(r'"WhatsAppConnect", "([A-Za-z]+)"', dashboard))
    watched |= set(re.findall(r'MetricName=\\*"([A-Za-z]+)', dashboard))
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        if alarm["Properties"].get("Namespace") == "WhatsAppConnect":
            watched.add(alarm["Properties"]["MetricName"])
    assert watched
    assert watched <= counted


def test_the_dashboard_is_json(template: dict[str, Any]) -> None:
    assert json.loads(template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])["widgets"]


def test_people_are_told_of_every_event_that_needs_one(template: dict[str, Any]) -> None:
    told = template["Resources"]["AlertRule"]["Properties"]["EventPattern"]["detail-type"]
    assert set(told) == NEEDS_A_PERSON
