"""Functions and what starts them: each setting by what would go wrong without it."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.template.emitted import emitted
from tests.template.resolve import Deployment, deploy
from whatsapp_connect import connections, state

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
NAMES = {
    "AuthorizeFunction": "authorize",
    "CallbackFunction": "callback",
    "FallbackFunction": "fallback",
    "DeauthorizeFunction": "deauthorize",
    "DeleteDataFunction": "delete-data",
    "RenewFunction": "renew",
    "AnnounceFunction": "announce",
}
SIZES = {
    # A person waits: a whole processor.
    "AuthorizeFunction": (1769, 10),
    "CallbackFunction": (1769, 28),
    "FallbackFunction": (512, 10),
    "DeauthorizeFunction": (512, 28),
    "DeleteDataFunction": (512, 28),
    # As long as Lambda allows: a run checks as many tokens as it can.
    "RenewFunction": (512, 900),
    "AnnounceFunction": (512, 60),
}
"""MB and seconds."""
GATEWAY_S = 30
GIVEN = {
    "MetaAppId": "42424242",
    "ParameterPrefix": "/of/ours",
    "RequiredScopes": "one,two",
    "LoginConfigId": "77",
    "PublicConnect": "disabled",
    "SuccessUrl": "https://shop.example/done",
    "TokenKey": "arn:aws:kms:eu-west-1:111122223333:key/mine",
    "GraphVersion": "v99.0",
    "GraphUrl": "http://graph.example",
    "DialogUrl": "http://dialog.example",
    "PublicBaseUrl": "http://localhost:3000",
    "AwsEndpointUrl": "http://127.0.0.1:4566",
}
ENVIRONMENT = {
    "META_APP_ID": "42424242",
    "PARAMETER_PREFIX": "/of/ours",
    "REQUIRED_SCOPES": "one,two",
    "LOGIN_CONFIG_ID": "77",
    "PUBLIC_CONNECT": "disabled",
    "SUCCESS_URL": "https://shop.example/done",
    "STATE_TABLE": "shop-StateTable",
    "CONNECTION_TABLE": "shop-ConnectionTable",
    "LINK_TABLE": "shop-LinkTable",
    "TOKEN_KEY_ID": "arn:aws:kms:eu-west-1:111122223333:key/mine",
    "GRAPH_VERSION": "v99.0",
    "GRAPH_URL": "http://graph.example",
    "DIALOG_URL": "http://dialog.example",
    "PUBLIC_BASE_URL": "http://localhost:3000",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    "POWERTOOLS_SERVICE_NAME": "shop",
    "POWERTOOLS_METRICS_NAMESPACE": "WhatsAppConnect",
    "POWERTOOLS_LOGGER_LOG_EVENT": "false",
}
"""What GIVEN must come to. An event that is logged shows a code, a state and cookies."""


def test_each_entry_file_is_one_function_with_a_log_and_a_role_of_its_own(deployment: Deployment) -> None:
    functions = deployment.of_type("AWS::Lambda::Function")
    assert functions.keys() == NAMES.keys()
    assert {about["Handler"] for about in functions.values()} == {
        f"{path.stem}.handler" for path in FUNCTIONS.glob("*.py")
    }
    for function, name in NAMES.items():
        about = functions[function]
        entry = name.replace("-", "_")
        assert about["Handler"] == f"{entry}.handler"
        tree = ast.parse((FUNCTIONS / f"{entry}.py").read_text())
        assert "handler" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert about["Role"] == f"arn:aws:iam::111122223333:role/shop-{function.removesuffix('Function')}Role"
        assert about["LoggingConfig"] == {"LogGroup": f"/aws/lambda/shop-{name}"}


def test_what_is_built_is_this_folder(template: dict[str, Any]) -> None:
    assert ROOT / template["Globals"]["Function"]["CodeUri"] == FUNCTIONS


def test_a_function_has_the_size_it_needs_and_the_runtime_it_is_built_for(deployment: Deployment) -> None:
    for function, about in deployment.of_type("AWS::Lambda::Function").items():
        assert about.keys() == {
            *("Code", "Description", "Handler", "MemorySize", "Role", "Runtime", "Timeout"),
            *("Environment", "Tags", "Architectures", "LoggingConfig"),
        }
        assert (about["MemorySize"], about["Timeout"]) == SIZES[function]
        assert (
            about["Runtime"] == "python3.13"
        )  # what the dependencies are compiled for, see functions/Makefile
        assert deployment.resources[function]["Metadata"] == {"BuildMethod": "makefile"}


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_functions_run_on_the_processor_that_is_asked_for(
    translated: dict[str, Any], architecture: str
) -> None:
    functions = deploy(translated, Architecture=architecture).of_type("AWS::Lambda::Function").values()
    assert {json.dumps(about["Architectures"]) for about in functions} == {f'["{architecture}"]'}


def test_a_function_ends_before_those_who_wait_give_up(deployment: Deployment) -> None:
    functions = deployment.of_type("AWS::Lambda::Function")
    for permission in deployment.of_type("AWS::Lambda::Permission").values():
        function = permission["FunctionName"].removeprefix("shop-")
        assert functions[function]["Timeout"] < GATEWAY_S
    callback = functions["CallbackFunction"]["Timeout"]
    assert callback < connections.LOGIN_LEASE
    assert callback < state.FINISHING
    assert functions["DeauthorizeFunction"]["Timeout"] < connections.CHECK_LEASE
    assert functions["DeleteDataFunction"]["Timeout"] < connections.CHECK_LEASE


def test_one_call_to_aws_with_all_its_attempts_ends_within_the_function(deployment: Deployment) -> None:
    functions = deployment.of_type("AWS::Lambda::Function").values()
    timeouts = {about["Handler"].removesuffix(".handler"): about["Timeout"] for about in functions}
    for entry, seconds in emitted("shop", "WhatsAppConnect").longest_call.items():
        assert seconds < timeouts[entry], entry


def test_every_parameter_reaches_the_functions(translated: dict[str, Any]) -> None:
    functions = deploy(translated, **GIVEN).of_type("AWS::Lambda::Function")
    announce = functions["AnnounceFunction"]["Environment"]["Variables"]
    assert announce.pop("STACK_NAME") == "shop"
    assert announce.pop("CONNECT_URL") == "http://localhost:3000/connect"
    for name, about in functions.items():
        assert about["Environment"] == {"Variables": ENVIRONMENT}, name
    source = (FUNCTIONS / "whatsapp_connect/config.py").read_text()
    read = set(re.findall(r'environ\["([A-Z_]+)"\]', source))
    assert read == {name for name in ENVIRONMENT if not name.startswith(("POWERTOOLS_", "AWS_"))}
    assert set(re.findall(r'environ\.get\("([A-Z_]+)"', source)) == {"STACK_NAME", "CONNECT_URL"}


def test_a_key_of_the_stacks_own_reaches_the_functions(deployment: Deployment) -> None:
    for about in deployment.of_type("AWS::Lambda::Function").values():
        variables = about["Environment"]["Variables"]
        assert variables["TOKEN_KEY_ID"] == deployment.arn("TokenEncryptionKey")
        assert variables["PARAMETER_PREFIX"] == "/shop"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "https://shop-Api.execute-api.eu-west-1.amazonaws.com/connect"),
        ({"DomainName": "connect.shop.example"}, "https://connect.shop.example/connect"),
        (
            {"DomainName": "connect.shop.example", "PublicBaseUrl": "http://localhost:3000"},
            "http://localhost:3000/connect",
        ),
    ],
)
def test_events_hold_the_address_that_people_can_open(
    translated: dict[str, Any], given: dict[str, str], url: str
) -> None:
    announce = deploy(translated, CertificateArn="arn:aws:acm:", **given).properties("AnnounceFunction")
    assert announce["Environment"]["Variables"]["CONNECT_URL"] == url


def test_the_run_starts_every_hour_and_a_lost_start_is_found(deployment: Deployment) -> None:
    (schedule,) = deployment.of_type("AWS::Scheduler::Schedule").values()
    # No name: SAM's own is the same in every stack of the account. No retry goes on into the next hour.
    assert schedule == {
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:lambda:eu-west-1:111122223333:function:shop-RenewFunction",
            "RoleArn": "arn:aws:iam::111122223333:role/shop-RenewScheduleRole",
            "DeadLetterConfig": {"Arn": "arn:aws:sqs:eu-west-1:111122223333:shop-RenewFailures"},
            "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 1800},
        },
    }


def test_a_run_that_fails_is_not_repeated_and_is_found(deployment: Deployment) -> None:
    (invocation,) = deployment.of_type("AWS::Lambda::EventInvokeConfig").values()
    assert invocation == {
        "FunctionName": "shop-RenewFunction",
        "Qualifier": "$LATEST",
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {
            "OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:111122223333:shop-RenewFailures"}
        },
    }


def test_every_change_is_announced_from_the_first_on_as_long_as_the_stream_keeps_it(
    deployment: Deployment,
) -> None:
    """Attempts are without limit by default. The function reports how far it came, and one bad change is told apart."""
    (stream,) = deployment.of_type("AWS::Lambda::EventSourceMapping").values()
    assert stream == {
        "EventSourceArn": deployment.value({"Fn::GetAtt": ["ConnectionTable", "StreamArn"]}),
        "FunctionName": "shop-AnnounceFunction",
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 10,
        "MaximumRecordAgeInSeconds": 24 * 3600,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {
            "OnFailure": {"Destination": "arn:aws:sqs:eu-west-1:111122223333:shop-AnnounceFailures"}
        },
    }


def test_logs_end_when_the_operator_wants(translated: dict[str, Any]) -> None:
    groups = deploy(translated, LogRetentionDays=7).of_type("AWS::Logs::LogGroup").values()
    names = [group["LogGroupName"] for group in groups]
    assert sorted(names) == sorted(
        ["/aws/apigateway/shop", *(f"/aws/lambda/shop-{name}" for name in NAMES.values())]
    )
    for group in groups:
        assert group.keys() == {"LogGroupName", "RetentionInDays"}
        assert group["RetentionInDays"] == 7
