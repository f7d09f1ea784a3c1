"""What operators may give the stack, what is refused, and what CloudFormation itself thinks of the template."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint  # type: ignore[import-untyped]

from tests.template.resolve import deploy

ROOT = Path(__file__).parents[2]
GOOD: dict[str, list[Any]] = {
    "MetaAppId": ["12345", "12345678901234567890"],
    "ParameterPrefix": ["", "/shop", "/a.b_c-d/E/9", "/1" * 12, "/my-aws", "/a/aws", "/paws"],
    "RequiredScopes": ["one", "whatsapp_business_management,whatsapp_business_messaging"],
    "LoginConfigId": ["", "1234567890"],
    "PublicConnect": ["enabled", "disabled"],
    "Reconnect": ["enabled", "disabled"],
    "ReturnUrl": ["", "https://shop.example", "https://shop.example:8443/done?x=1&y=%20", "http://localhost:8000/done"],
    "ServiceName": ["", "Corner Shop", "Müller & Söhne", "متجر", "दुकान", "👩\u200d🍳 <Bakery>", "x" * 60],
    "LogoUrl": ["", "https://cdn.shop.example/logo.svg?v=2"],
    "AccentColor": ["", "#ffcc00", "#1A73E8"],
    "SupportContact": ["", "help@shop.example", "https://shop.example/help"],
    "PrivacyUrl": ["", "https://shop.example", "https://shop.example:8443/a?b=c&d=%20e"],
    "TermsUrl": ["", "https://shop.example", "https://shop.example:8443/a?b=c&d=%20e"],
    "DomainName": ["", "connect.shop.example", "a-1.b"],
    "CertificateArn": ["", "arn:aws:acm:eu-west-1:111122223333:certificate/1", "arn:aws-us-gov:acm:x"],
    "HostedZoneId": ["", "Z0123456789ABC"],
    "TokenKey": [
        "",
        "arn:aws:kms:eu-west-1:111122223333:key/0b4ccf6c-3c4f-4a0b-9d5a-6a5c1f7a9d10",
        "arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1234",
    ],
    "AlertEmail": ["", "ops@shop.example", "o.p+s@a.b.c"],
    "PreviousTokenKey": ["", "arn:aws:kms:eu-west-1:111122223333:key/0b4ccf6c-3c4f-4a0b-9d5a-6a5c1f7a9d10"],
    "Publishing": ["enabled", "paused"],
    "Checking": ["enabled", "paused"],
    "Metadata": ["enabled", "disabled"],
    "ParameterWritesPerSecond": [0.1, 2.5, 10],
    "LoginMinutes": [10, 60, 1440],
    "SubscribeApp": ["enabled", "disabled"],
    "RegisterNumbers": ["enabled", "disabled"],
    "ForwardWebhooks": ["enabled", "disabled"],
    "SyncBusinessApp": ["enabled", "disabled"],
    "PermissionsBoundary": [
        "",
        "arn:aws:iam::111122223333:policy/boundary",
        "arn:aws:iam::aws:policy/PowerUserAccess",
    ],
    "LogRetentionDays": [1, 7, 90, 3653],
    "Architecture": ["arm64", "x86_64"],
    "GraphVersion": ["v26.0", "v100.12"],
    "GraphUrl": ["https://graph.facebook.com", "http://127.0.0.1:4000"],
    "DialogUrl": ["https://www.facebook.com", "http://127.0.0.1:4000"],
    "SdkUrl": ["https://connect.facebook.net", "http://127.0.0.1:4000"],
    "SignupMode": ["redirect", "embedded"],
    "SignupFeatures": ["", "whatsapp_business_app_onboarding", "whatsapp_business_app_onboarding,app_only_install"],
    "PublicBaseUrl": ["", "https://connect.shop.example", "https://connect.shop.example:8443"],
    "LocalBaseUrl": ["", "http://localhost:3000"],
    "AwsEndpointUrl": ["", "http://127.0.0.1:4566"],
}
BAD: dict[str, list[Any]] = {
    "MetaAppId": ["", "12a45", "1234", "1" * 21],
    "ParameterPrefix": [
        *("shop", "/", "/shop/", "//shop", "/sh op", "/shop\n", "/é", "/1" * 13),
        *("/aws/shop", "/AWS/x", "/aWs", "/ssm", "/Ssm/x", "/awsome"),
    ],
    "RequiredScopes": ["", "a, b", "A", "a,,b", "a,"],
    "LoginConfigId": ["a", "1 2"],
    "PublicConnect": ["yes", "", "Enabled"],
    "Reconnect": ["true", "", "Enabled"],
    "ReturnUrl": [
        *("http://shop.example", "https://", "https://shop example", "shop.example", "https://u@shop.example/"),
        *(
            "https://shop.example/#x",
            "http://localhost.evil.example/",
            "https://shöp.example",
            "https://a/" + "x" * 400,
        ),
    ],
    "ServiceName": ["x" * 61, "a\nb", "a\x00b", "a\u202eb", "a\u2066b", "a\u200fb", "a\u2028b"],
    "LogoUrl": [
        *("http://cdn.shop.example/logo.svg", "https://cdn.shop.example", "data:image/png;base64,x", "logo.svg"),
        *("https://cdn.shop.example/a;b", "https://cdn.shop.example/a b", "https://u@cdn.shop.example/logo.svg"),
    ],
    "AccentColor": ["ffcc00", "#fc0", "red", "#ffcc0g", "#ffcc00;", "var(--x)"],
    "SupportContact": ["http://shop.example", "javascript:alert(1)", "help", "a b@shop.example", "<script>"],
    "PrivacyUrl": [
        "http://shop.example",
        "https://",
        "https://a b",
        "shop.example",
        "https://u@shop.example/",
        "https://shop.example/#x",
        "https://shop.example/'x",
    ],
    "TermsUrl": [
        "http://shop.example",
        "https://",
        "https://a b",
        "shop.example",
        "https://u@shop.example/",
        "https://shop.example/#x",
        "https://shop.example/'x",
    ],
    "DomainName": ["https://connect.example.com", "localhost", "Connect.example", "a.b/c", ".a.b"],
    "CertificateArn": ["arn:aws:iam:x", "certificate", "arn:aws:acm:"],
    "HostedZoneId": ["z1", "/hostedzone/Z1"],
    "TokenKey": [
        *("aws/ssm", "stack", "alias/mine", "arn:aws:kms:eu-west-1:111122223333:alias/mine"),
        "arn:aws:kms:eu-west-1:1111:key/1",
    ],
    "AlertEmail": ["ops", "ops@shop", "a b@shop.example", "a@b@c.d"],
    "PreviousTokenKey": ["stack", "alias/mine", "arn:aws:kms:eu-west-1:111122223333:alias/mine"],
    "Publishing": ["disabled", "", "Enabled"],
    "Checking": ["disabled", "", "Enabled"],
    "Metadata": ["paused", "", "Enabled"],
    "ParameterWritesPerSecond": [0, 0.09, 10.1, 40],
    "LoginMinutes": [0, 9, 1441, -60],
    "SubscribeApp": ["true", "", "Enabled"],
    "RegisterNumbers": ["true", "", "Enabled"],
    "ForwardWebhooks": ["true", "", "Enabled"],
    "SyncBusinessApp": ["true", "", "Enabled"],
    "PermissionsBoundary": ["boundary", "arn:aws:iam::111122223333:role/x", "arn:aws:iam::1:policy/x"],
    "LogRetentionDays": [0, 2, 91, 9999],
    "Architecture": ["arm", "x86"],
    "GraphVersion": ["26.0", "v26", "v26.0.1", ""],
    "GraphUrl": ["https://graph.facebook.com/", "ftp://x", ""],
    "DialogUrl": ["https://www.facebook.com/", "www.facebook.com", ""],
    "SdkUrl": ["https://connect.facebook.net/", "ftp://x", "", "https://x;script-src", "https://x 'unsafe-inline'"],
    "SignupMode": ["popup", "", "Embedded"],
    "SignupFeatures": ["coexistence", "app_only_install,", ",app_only_install", "app_only_install, app_only_install"],
    "PublicBaseUrl": [
        *("http://localhost:3000", "http://connect.shop.example", "connect.shop.example", "https://localhost"),
        *("https://connect.shop.example/", "https://Connect.shop.example", "https://u@shop.example", "https://a.b?c"),
    ],
    "LocalBaseUrl": ["localhost:3000", "http://localhost:3000/", "http://shop.example:80", "https://localhost:3000"],
    "AwsEndpointUrl": ["127.0.0.1:4566", "http://127.0.0.1:4566/"],
}
DOMAIN = {"DomainName": "origin.shop.example", "CertificateArn": "arn:aws:acm:x"}
LOCAL = "http://127.0.0.1:4566"
DEFAULTS = {
    "ParameterPrefix": "",
    "RequiredScopes": "whatsapp_business_management,whatsapp_business_messaging",
    "LoginConfigId": "",
    "PublicConnect": "enabled",
    "Reconnect": "enabled",
    "ReturnUrl": "",
    "ServiceName": "",
    "LogoUrl": "",
    "AccentColor": "",
    "SupportContact": "",
    "PrivacyUrl": "",
    "TermsUrl": "",
    "DomainName": "",
    "CertificateArn": "",
    "HostedZoneId": "",
    "TokenKey": "",
    "AlertEmail": "",
    "PreviousTokenKey": "",
    "Publishing": "enabled",
    "Checking": "enabled",
    "Metadata": "enabled",
    "LoginMinutes": 60,
    "SubscribeApp": "enabled",
    "RegisterNumbers": "disabled",
    "ForwardWebhooks": "disabled",
    "SyncBusinessApp": "enabled",
    "ParameterWritesPerSecond": 2.5,  # the quota of an account is 3
    "PermissionsBoundary": "",
    "LogRetentionDays": 90,
    "Architecture": "arm64",
    "GraphVersion": "v26.0",
    "GraphUrl": "https://graph.facebook.com",
    "DialogUrl": "https://www.facebook.com",
    "SdkUrl": "https://connect.facebook.net",
    "SignupMode": "redirect",
    "SignupFeatures": "",
    "PublicBaseUrl": "",
    "LocalBaseUrl": "",
    "AwsEndpointUrl": "",
}
LOG_RETENTION_DAYS = [
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2557, 3653),
]
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html: up to ten years."""


def is_taken(parameter: dict[str, Any], value: Any) -> bool:
    """Decide as CloudFormation does."""
    if "AllowedValues" in parameter:
        return value in parameter["AllowedValues"]
    if parameter["Type"] == "Number":
        return bool(parameter["MinValue"] <= value <= parameter["MaxValue"])
    return re.fullmatch(parameter["AllowedPattern"], value) is not None and len(value) <= parameter.get(
        "MaxLength", 4096
    )


def test_every_parameter_has_examples_and_a_kind(template: dict[str, Any]) -> None:
    parameters = template["Parameters"]
    assert parameters.keys() == GOOD.keys() == BAD.keys() == {"MetaAppId", *DEFAULTS}
    for name, about in parameters.items():
        assert about["Type"] == ("String" if isinstance(GOOD[name][0], str) else "Number"), name
        assert about["Description"].endswith("."), name
        assert about.keys() <= {
            *("Type", "Description", "Default", "AllowedPattern", "AllowedValues"),
            *("ConstraintDescription", "MaxLength", "MinValue", "MaxValue"),
        }


@pytest.mark.parametrize("name", GOOD)
def test_valid_parameter_values_are_accepted(template: dict[str, Any], name: str) -> None:
    parameter = template["Parameters"][name]
    assert [value for value in GOOD[name] if not is_taken(parameter, value)] == []
    assert [value for value in BAD[name] if is_taken(parameter, value)] == []


def test_app_id_is_the_only_required_parameter(template: dict[str, Any]) -> None:
    defaults = {name: about["Default"] for name, about in template["Parameters"].items() if "Default" in about}
    assert defaults == DEFAULTS
    for name, value in defaults.items():
        assert is_taken(template["Parameters"][name], value), name


def test_a_prefix_leaves_room_for_the_names_below_it(template: dict[str, Any]) -> None:
    """Names have 1,011 characters with the ARN's beginning, and fifteen levels.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    parameter = template["Parameters"]["ParameterPrefix"]
    longest = "/" + "a" * 399
    assert is_taken(parameter, longest)
    assert not is_taken(parameter, longest + "a")


def test_log_retention_is_one_that_cloudwatch_allows(template: dict[str, Any]) -> None:
    assert template["Parameters"]["LogRetentionDays"]["AllowedValues"] == LOG_RETENTION_DAYS


def test_secrets_are_no_parameters(template: dict[str, Any]) -> None:
    assert not [name for name in template["Parameters"] if re.search("secret|password|token$", name, re.IGNORECASE)]


@pytest.mark.parametrize(
    ("given", "is_refused"),
    [
        ({}, False),
        ({"DomainName": "connect.shop.example"}, True),
        ({"DomainName": "connect.shop.example", "CertificateArn": "arn:aws:acm:x"}, False),
        # Who answers at these is sent the app secret.
        ({"GraphUrl": "https://elsewhere.example"}, True),
        ({"DialogUrl": "https://elsewhere.example"}, True),
        # This server's script runs on the page before the login.
        ({"SdkUrl": "https://elsewhere.example"}, True),
        ({"SdkUrl": LOCAL, "AwsEndpointUrl": LOCAL}, False),
        # Only a configuration of Facebook Login for Business opens Embedded Signup.
        ({"SignupMode": "embedded"}, True),
        ({"SignupMode": "embedded", "LoginConfigId": "77"}, False),
        ({"GraphUrl": LOCAL, "DialogUrl": LOCAL, "AwsEndpointUrl": LOCAL}, False),
        # Cookies are not Secure there.
        ({"LocalBaseUrl": "http://localhost:3000"}, True),
        ({"LocalBaseUrl": "http://localhost:3000", "AwsEndpointUrl": LOCAL}, False),
        ({"PublicBaseUrl": "https://connect.shop.example"}, False),
        ({"PublicBaseUrl": "https://connect.shop.example", **DOMAIN}, False),
    ],
)
def test_contradictory_parameters_are_refused(
    translated: dict[str, Any], given: dict[str, str], *, is_refused: bool
) -> None:
    deployment = deploy(translated, **given)
    wrong = [
        assertion
        for rule in translated["Rules"].values()
        if deployment.condition(rule["RuleCondition"])
        for assertion in rule["Assertions"]
        if not deployment.condition(assertion["Assert"])
    ]
    assert bool(wrong) == is_refused


def test_the_console_shows_every_parameter_once(template: dict[str, Any]) -> None:
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    shown = [name for group in groups for name in group["Parameters"]]
    assert sorted(shown) == sorted(template["Parameters"])


def test_it_is_a_template_for_sam(template: dict[str, Any]) -> None:
    assert template["AWSTemplateFormatVersion"] == "2010-09-09"
    assert template["Transform"] == "AWS::Serverless-2016-10-31"


def test_the_template_uses_no_yaml_alias() -> None:
    """CloudFormation does not read them: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html."""
    assert not re.search(r"(^|[\s:\[{,-])[&*][A-Za-z]", (ROOT / "template.yaml").read_text())


def test_the_environments_are_there() -> None:
    config = (ROOT / "samconfig.toml").read_text()
    for name in ("local", "dev", "prod"):
        assert f"[{name}.deploy.parameters]" in config


def test_cfn_lint_finds_nothing_in_what_cloudformation_gets(translated: dict[str, Any]) -> None:
    """SAM hides circular dependencies: they show in the translated template only."""
    found = lint(json.dumps(translated), config=ManualArgs(regions=["us-east-1"]))
    assert [f"{match.rule.id} {match.message}" for match in found] == []
