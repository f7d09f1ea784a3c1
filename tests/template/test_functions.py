"""Functions and what starts them: each setting by what would go wrong without it."""

import ast
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.support.filters import matches
from tests.template.emitted import emitted
from tests.template.resolve import Deployment, deploy
from whatsapp_connect import states
from whatsapp_connect.model import record_from
from whatsapp_connect.schedule_checks import QUEUED_S
from whatsapp_connect.settings import Settings

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
NAMES = {
    "AuthorizeFunction": "authorize",
    "CallbackFunction": "callback",
    "CreateLinkFunction": "create-link",
    "FallbackFunction": "fallback",
    "PublishFunction": "publish",
    "ScheduleFunction": "schedule",
    "CheckFunction": "check",
    "DeauthorizeFunction": "deauthorize",
    "DeleteDataFunction": "delete-data",
    "WhatsAppWebhookFunction": "whatsapp-webhook",
}
SIZES = {
    # A person waits: a whole processor.
    "AuthorizeFunction": (1769, 10),
    "CallbackFunction": (1769, 28),
    "FallbackFunction": (512, 10),
    "CreateLinkFunction": (512, 28),
    "DeauthorizeFunction": (512, 28),
    "DeleteDataFunction": (512, 28),
    "WhatsAppWebhookFunction": (512, 28),
    # A batch of ten at the pace of Parameter Store.
    "PublishFunction": (512, 120),
    # Over before the next one starts.
    "ScheduleFunction": (512, 240),
    "CheckFunction": (512, 120),
}
"""MB and seconds."""
OF_ONE_FUNCTION = {
    "AuthorizeFunction": {
        "SIGNUP_MODE": "embedded",
        "SIGNUP_FEATURES": "app_only_install",
        "SDK_URL": "http://sdk.example",
    },
    "CreateLinkFunction": {"SITE_URL": "http://localhost:3000", "SIGNUP_MODE": "embedded"},
    "PublishFunction": {"STACK_NAME": "shop", "SITE_URL": "http://localhost:3000"},
    "WhatsAppWebhookFunction": {"STACK_NAME": "shop", "WEBHOOK_BUS": "shop-webhooks"},
}
"""What not every function finds in its environment."""
GATEWAY_S = 30
SCHEDULE_S = 300
GIVEN: dict[str, Any] = {
    "MetaAppId": "42424242",
    "ParameterPrefix": "/of/ours",
    "RequiredScopes": "one,two",
    "LoginConfigId": "77",
    "SignupMode": "embedded",
    "SignupFeatures": "app_only_install",
    "PublicConnect": "disabled",
    "Reconnect": "disabled",
    "ReturnUrl": "https://shop.example/done",
    "ServiceName": "Corner Shop",
    "LogoUrl": "https://shop.example/logo.svg",
    "AccentColor": "#ffcc00",
    "SupportContact": "help@shop.example",
    "PrivacyUrl": "https://shop.example/privacy",
    "TermsUrl": "https://shop.example/terms",
    "TokenKey": "arn:aws:kms:eu-west-1:111122223333:key/mine",
    "Publishing": "paused",
    "Checking": "paused",
    "Metadata": "disabled",
    "ParameterWritesPerSecond": 9.5,
    "LoginMinutes": 99,
    "SubscribeApp": "disabled",
    "RegisterNumbers": "enabled",
    "ForwardWebhooks": "enabled",
    "SyncBusinessApp": "disabled",
    "GraphVersion": "v99.0",
    "GraphUrl": "http://graph.example",
    "DialogUrl": "http://dialog.example",
    "SdkUrl": "http://sdk.example",
    "LocalBaseUrl": "http://localhost:3000",
    "PublicBaseUrl": "https://connect.shop.example",
    "AwsEndpointUrl": "http://127.0.0.1:4566",
}
ENVIRONMENT = {
    "META_APP_ID": "42424242",
    "PARAMETER_PREFIX": "/of/ours",
    "REQUIRED_SCOPES": "one,two",
    "LOGIN_CONFIG_ID": "77",
    "PUBLIC_CONNECT": "disabled",
    "RECONNECT": "disabled",
    "RETURN_URL": "https://shop.example/done",
    "SERVICE_NAME": "Corner Shop",
    "LOGO_URL": "https://shop.example/logo.svg",
    "ACCENT_COLOR": "#ffcc00",
    "SUPPORT_CONTACT": "help@shop.example",
    "PRIVACY_URL": "https://shop.example/privacy",
    "TERMS_URL": "https://shop.example/terms",
    "STATE_TABLE": "shop-StateTable",
    "CONNECTION_TABLE": "shop-ConnectionTable",
    "LINK_TABLE": "shop-LinkTable",
    "DELETION_TABLE": "shop-DeletionTable",
    "BRAKE_TABLE": "shop-BrakeTable",
    "ACCOUNT_TABLE": "shop-AccountTable",
    "DUE_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/111122223333/shop-DueQueue",
    "CHECK_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/111122223333/shop-CheckQueue",
    "CHECK_QUEUE_ARN": "arn:aws:sqs:eu-west-1:111122223333:shop-CheckQueue",
    "PUBLISHING": "paused",
    "CHECKING": "paused",
    "SUBSCRIBE_APP": "disabled",
    "REGISTER_NUMBERS": "enabled",
    "SYNC_BUSINESS_APP": "disabled",
    "METADATA": "disabled",
    "PARAMETER_WRITES_PER_SECOND": 9.5,
    "LOGIN_MINUTES": 99,
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


def test_a_function_has_the_size_it_needs_and_the_runtime_it_is_built_for(deployment: Deployment) -> None:
    for function, about in deployment.of_type("AWS::Lambda::Function").items():
        assert about.keys() == {
            *("Code", "Description", "Handler", "MemorySize", "Role", "Runtime", "Timeout"),
            *("Environment", "Tags", "Architectures", "LoggingConfig"),
        }
        assert (about["MemorySize"], about["Timeout"]) == SIZES[function]
        assert about["Runtime"] == "python3.13"  # what the dependencies are compiled for, see functions/Makefile
        assert deployment.resources[function]["Metadata"] == {"BuildMethod": "makefile"}


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_functions_run_on_the_processor_that_is_asked_for(translated: dict[str, Any], architecture: str) -> None:
    functions = deploy(translated, Architecture=architecture).of_type("AWS::Lambda::Function").values()
    assert {json.dumps(about["Architectures"]) for about in functions} == {f'["{architecture}"]'}


def test_a_function_ends_before_those_who_wait_give_up(deployment: Deployment) -> None:
    functions = deployment.of_type("AWS::Lambda::Function")
    for permission in deployment.of_type("AWS::Lambda::Permission").values():
        function = permission["FunctionName"].removeprefix("shop-")
        assert functions[function]["Timeout"] < GATEWAY_S
    assert functions["CallbackFunction"]["Timeout"] < states.MAX_FINISHING_S
    assert functions["ScheduleFunction"]["Timeout"] < SCHEDULE_S


def test_one_call_to_aws_with_all_its_attempts_ends_within_the_function(deployment: Deployment) -> None:
    functions = deployment.of_type("AWS::Lambda::Function").values()
    timeouts = {about["Handler"].removesuffix(".handler"): about["Timeout"] for about in functions}
    for entry, seconds in emitted("shop", "WhatsAppConnect").longest_call.items():
        assert seconds < timeouts[entry], entry


def test_every_parameter_reaches_the_functions(translated: dict[str, Any]) -> None:
    functions = deploy(translated, **GIVEN).of_type("AWS::Lambda::Function")
    for name, about in functions.items():
        assert about["Environment"] == {"Variables": ENVIRONMENT | OF_ONE_FUNCTION.get(name, {})}, name
    read = {field.name.upper() for field in fields(Settings)}
    known = {*ENVIRONMENT}.union(*OF_ONE_FUNCTION.values())
    assert read == {name for name in known if not name.startswith(("POWERTOOLS_", "AWS_"))}


def test_without_forwarding_there_is_no_bus(deployment: Deployment) -> None:
    assert deployment.of_type("AWS::Events::EventBus") == {}
    assert "WebhookBusName" not in deployment.outputs
    webhook = deployment.of_type("AWS::Lambda::Function")["WhatsAppWebhookFunction"]
    assert webhook["Environment"]["Variables"]["WEBHOOK_BUS"] == ""


def test_key_of_the_stack_reaches_the_functions(deployment: Deployment) -> None:
    for about in deployment.of_type("AWS::Lambda::Function").values():
        variables = about["Environment"]["Variables"]
        assert variables["TOKEN_KEY_ID"] == deployment.arn("TokenEncryptionKey")
        assert variables["PARAMETER_PREFIX"] == "/shop"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "https://shop-Api.execute-api.eu-west-1.amazonaws.com"),
        ({"DomainName": "connect.shop.example"}, "https://connect.shop.example"),
        (
            {"DomainName": "connect.shop.example", "PublicBaseUrl": "https://front.shop.example"},
            "https://front.shop.example",
        ),
        (
            {"PublicBaseUrl": "https://front.shop.example", "LocalBaseUrl": "http://localhost:3000"},
            "http://localhost:3000",
        ),
    ],
)
def test_events_hold_the_address_that_people_can_open(
    translated: dict[str, Any], given: dict[str, str], url: str
) -> None:
    deployment = deploy(translated, CertificateArn="arn:aws:acm:", **given)
    for function in ("PublishFunction", "CreateLinkFunction"):
        assert deployment.properties(function)["Environment"]["Variables"]["SITE_URL"] == url


def test_the_schedule_runs_every_five_minutes_and_what_is_lost_waits_for_the_next(
    deployment: Deployment,
) -> None:
    (schedule,) = deployment.of_type("AWS::Scheduler::Schedule").values()
    # No name: SAM's own is the same in every stack of the account.
    assert schedule == {
        "ScheduleExpression": "rate(5 minutes)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:lambda:eu-west-1:111122223333:function:shop-ScheduleFunction",
            "RoleArn": "arn:aws:iam::111122223333:role/shop-ScheduleInvokeRole",
            "RetryPolicy": {"MaximumRetryAttempts": 0},
        },
    }
    assert asynchronous(deployment)["shop-ScheduleFunction"] == (0, SCHEDULE_S)


def test_link_is_not_created_for_nobody(deployment: Deployment) -> None:
    """An asynchronous invocation has no answer, so a second try would only make a second link that nobody gets."""
    assert asynchronous(deployment).keys() == {"shop-ScheduleFunction", "shop-CreateLinkFunction"}
    assert asynchronous(deployment)["shop-CreateLinkFunction"] == (0, 60)


def asynchronous(deployment: Deployment) -> dict[str, tuple[int, int]]:
    """Return how often and for how many seconds functions are invoked again."""
    return {
        about["FunctionName"]: (about["MaximumRetryAttempts"], about["MaximumEventAgeInSeconds"])
        for about in deployment.of_type("AWS::Lambda::EventInvokeConfig").values()
    }


def mapping(deployment: Deployment, source: str) -> dict[str, Any]:
    """Return what brings a function the messages or changes of a queue or a stream."""
    (found,) = (
        about
        for about in deployment.of_type("AWS::Lambda::EventSourceMapping").values()
        if about["EventSourceArn"] == source
    )
    return found


def test_stream_starts_at_the_first_change_and_filters_on_publish_at(deployment: Deployment) -> None:
    """One record that stops the function is told apart; the attempts end, as the schedule brings what is left."""
    stream = deployment.value({"Fn::GetAtt": ["ConnectionTable", "StreamArn"]})
    about = mapping(deployment, stream)
    patterns = [json.loads(one["Pattern"]) for one in about.pop("FilterCriteria")["Filters"]]
    assert about == {
        "EventSourceArn": stream,
        "FunctionName": "shop-PublishFunction",
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 10,
        "MaximumRetryAttempts": 3,
        "MaximumRecordAgeInSeconds": 3600,
        "BisectBatchOnFunctionError": True,
    }
    rows = emitted("shop", "WhatsAppConnect").rows["ConnectionTable"]

    def is_brought(change: dict[str, Any]) -> bool:
        return any(matches(pattern, {"dynamodb": change}) for pattern in patterns)

    brought = [row for row in rows if is_brought({"NewImage": row})]
    unpublished = [row for row in rows if record_from(row).publish_at is not None]
    assert brought == unpublished != []
    assert len(brought) < len(rows)
    assert not is_brought({"Keys": {}})  # a record that was deleted
    settled = next(row for row in rows if row not in brought)
    for lost in ("due", "next_check_at"):
        assert is_brought({"NewImage": {name: value for name, value in settled.items() if name != lost}})


@pytest.mark.parametrize(("checking", "enabled"), [("enabled", True), ("paused", False)])
def test_messages_are_brought_one_by_one_unless_checking_is_paused(
    translated: dict[str, Any], checking: str, *, enabled: bool
) -> None:
    """What was asked for has workers of its own, so that it does not wait behind what is due."""
    deployment = deploy(translated, Checking=checking)
    for queue, workers in (("DueQueue", 5), ("CheckQueue", 2)):
        assert mapping(deployment, deployment.arn(queue)) == {
            "EventSourceArn": deployment.arn(queue),
            "FunctionName": "shop-CheckFunction",
            "Enabled": enabled,
            "BatchSize": 1,
            "ScalingConfig": {"MaximumConcurrency": workers},
        }
    assert len(deployment.of_type("AWS::Lambda::EventSourceMapping")) == 3


def test_message_is_hidden_for_six_times_the_timeout_of_a_check(deployment: Deployment) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html."""
    for queue in ("DueQueue", "CheckQueue"):
        about = deployment.properties(queue)
        check = deployment.properties("CheckFunction")
        assert about["VisibilityTimeout"] >= 6 * check["Timeout"]
        # A check that stops the function is found before the queue forgets it.
        tries = about["RedrivePolicy"]["maxReceiveCount"]
        assert tries * about["VisibilityTimeout"] < about["MessageRetentionPeriod"]
    # A check that was queued again is not queued for ever.
    assert deployment.properties("DueQueue")["MessageRetentionPeriod"] <= 2 * QUEUED_S


def test_logs_end_when_the_operator_wants(translated: dict[str, Any]) -> None:
    groups = deploy(translated, LogRetentionDays=7).of_type("AWS::Logs::LogGroup").values()
    names = [group["LogGroupName"] for group in groups]
    assert sorted(names) == sorted(["/aws/apigateway/shop", *(f"/aws/lambda/shop-{name}" for name in NAMES.values())])
    for group in groups:
        assert group.keys() == {"LogGroupName", "RetentionInDays"}
        assert group["RetentionInDays"] == 7
