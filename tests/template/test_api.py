"""Routes, throttles, access log and domain: each setting by what would go wrong without it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.template.resolve import Deployment, deploy
from whatsapp_connect.version import VERSION

EVENTS = Path(__file__).parents[2] / "events"
ROUTES = {
    "GET /connect": "AuthorizeFunction",
    "GET /connect/{link}": "AuthorizeFunction",
    "GET /reconnect/{connection_id}": "AuthorizeFunction",
    "GET /callback": "CallbackFunction",
    "POST /callback/signup": "CallbackFunction",
    "POST /deauthorize": "DeauthorizeFunction",
    "POST /data-deletion": "DeleteDataFunction",
    "GET /data-deletion/{code}": "DeleteDataFunction",
    "GET /whatsapp-webhook": "WhatsAppWebhookFunction",
    "POST /whatsapp-webhook": "WhatsAppWebhookFunction",
    "$default": "FallbackFunction",
}
EXECUTE_API = "shop-Api.execute-api.eu-west-1.amazonaws.com"
DOMAIN = {
    "DomainName": "connect.shop.example",
    "CertificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/1",
    "HostedZoneId": "Z0123456789",
}


def body(deployment: Deployment) -> dict[str, Any]:
    (api,) = deployment.of_type("AWS::ApiGatewayV2::Api").values()
    assert api.keys() == {"Body"}
    found: dict[str, Any] = api["Body"]
    return found


def stage(deployment: Deployment) -> dict[str, Any]:
    (found,) = deployment.of_type("AWS::ApiGatewayV2::Stage").values()
    return found


def routes(deployment: Deployment) -> dict[str, dict[str, Any]]:
    """Return every route's integration. The fallback takes any method and any path."""
    return {
        path if path.startswith("$") else f"{method.upper()} {path}": about
        for path, methods in body(deployment)["paths"].items()
        for method, about in methods.items()
    }


def test_every_route_leads_to_its_function(deployment: Deployment) -> None:
    found = routes(deployment)
    assert found.keys() == ROUTES.keys()
    for route, function in ROUTES.items():
        arn = deployment.arn(function)
        assert found[route]["x-amazon-apigateway-integration"] == {
            "httpMethod": "POST",
            "type": "aws_proxy",
            "uri": f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn}/invocations",
            "payloadFormatVersion": "2.0",
        }
    assert found["$default"]["isDefaultRoute"] is True


def test_every_event_file_is_for_a_route_of_the_template() -> None:
    for path in EVENTS.glob("*.json"):
        event = json.loads(path.read_text())
        assert event.get("routeKey", "$default") in ROUTES


def test_api_needs_no_sign_in_and_allows_no_other_site(deployment: Deployment) -> None:
    text = json.dumps(body(deployment))
    assert "security" not in text
    assert "cors" not in text.lower()


def test_a_flood_on_one_route_leaves_the_others_their_requests(deployment: Deployment) -> None:
    """Requests a second, and at once. Three people a second who log in come by six times, and Meta comes in bursts."""
    for_people = {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}
    for_few = {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10}
    assert stage(deployment)["RouteSettings"] == {
        "GET /connect": for_people,
        "GET /connect/{link}": for_people,
        "GET /reconnect/{connection_id}": for_people,
        "GET /callback": for_people,
        "POST /callback/signup": for_people,
        "POST /deauthorize": for_people,
        "POST /data-deletion": for_people,
        "GET /data-deletion/{code}": for_few,
        "GET /whatsapp-webhook": for_few,
        # The messages of all customers may come here.
        "POST /whatsapp-webhook": {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 200},
    }
    assert stage(deployment)["DefaultRouteSettings"] == for_few


def test_changes_of_the_api_are_deployed_without_a_path_in_front(deployment: Deployment) -> None:
    assert stage(deployment)["StageName"] == "$default"
    assert stage(deployment)["AutoDeploy"] is True
    assert stage(deployment)["ApiId"] == "shop-Api"


def test_the_access_log_holds_nothing_secret_and_nothing_that_strangers_can_make_long(
    deployment: Deployment,
) -> None:
    """Neither path nor query, cookie nor user agent; the route as the template writes it."""
    log = stage(deployment)["AccessLogSettings"]
    assert log.keys() == {"DestinationArn", "Format"}
    assert log["DestinationArn"] == "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/apigateway/shop:*"
    assert "\n" not in log["Format"]
    assert json.loads(log["Format"]) == {
        "requestId": "$context.requestId",
        "time": "$context.requestTime",
        "route": "$context.routeKey",
        "status": "$context.status",
        "sourceIp": "$context.identity.sourceIp",
        "latencyMs": "$context.responseLatency",
        "integrationLatencyMs": "$context.integrationLatency",
        "error": "$context.error.message",
        "integrationError": "$context.integrationErrorMessage",
    }


def host_is_off(deployment: Deployment) -> bool:
    (server,) = body(deployment)["servers"]
    off: bool = server["x-amazon-apigateway-endpoint-configuration"]["disableExecuteApiEndpoint"]
    return off


def test_with_a_domain_there_is_no_other_host(translated: dict[str, Any]) -> None:
    deployment = deploy(translated, **DOMAIN)
    assert host_is_off(deployment)
    assert not host_is_off(deploy(translated))
    assert deployment.properties("CustomDomain") == {
        "DomainName": "connect.shop.example",
        "DomainNameConfigurations": [
            {
                "CertificateArn": DOMAIN["CertificateArn"],
                "EndpointType": "REGIONAL",
                "SecurityPolicy": "TLS_1_2",
            }
        ],
    }
    assert deployment.properties("CustomDomainMapping") == {
        "DomainName": "connect.shop.example",
        "ApiId": "shop-Api",
        "Stage": deployment.name("ApiApiGatewayDefaultStage"),
    }


def test_the_domain_gets_its_record_where_the_zone_is_ours(translated: dict[str, Any]) -> None:
    deployment = deploy(translated, **DOMAIN)
    assert deployment.properties("CustomDomainRecord") == {
        "HostedZoneId": "Z0123456789",
        "Name": "connect.shop.example",
        "Type": "A",
        "AliasTarget": {
            "DNSName": "RegionalDomainName of connect.shop.example",
            "HostedZoneId": "RegionalHostedZoneId of connect.shop.example",
        },
    }
    without_zone = deploy(translated, **DOMAIN | {"HostedZoneId": ""})
    assert "CustomDomainRecord" not in without_zone.resources
    assert "CustomDomain" in without_zone.resources
    without_domain = deploy(translated, **DOMAIN | {"DomainName": ""})
    assert not {name for name in without_domain.resources if name.startswith("CustomDomain")}


@pytest.mark.parametrize(
    ("given", "host", "api_host"),
    [
        ({}, EXECUTE_API, EXECUTE_API),
        (DOMAIN, "connect.shop.example", "connect.shop.example"),
        ({"PublicBaseUrl": "https://front.shop.example"}, "front.shop.example", EXECUTE_API),
        ({**DOMAIN, "PublicBaseUrl": "https://front.shop.example"}, "front.shop.example", "connect.shop.example"),
    ],
)
def test_outputs_are_what_operators_paste(
    translated: dict[str, Any], given: dict[str, str], host: str, api_host: str
) -> None:
    deployment = deploy(translated, **given)
    console = "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards:name="
    assert deployment.outputs == {
        "Version": VERSION,
        "ApiHost": api_host,
        "ConnectUrl": f"https://{host}/connect",
        "CallbackUrl": f"https://{host}/callback",
        "DeauthorizeUrl": f"https://{host}/deauthorize",
        "DataDeletionUrl": f"https://{host}/data-deletion",
        "WhatsAppWebhookUrl": f"https://{host}/whatsapp-webhook",
        "WebhookVerifyTokenParameter": "/shop/webhook-verify-token",
        "ParameterPrefix": "/shop",
        "AppSecretParameter": "/shop/app-secret",
        "TokenKeyArn": deployment.arn("TokenEncryptionKey"),
        "TokenReaderPolicyArn": deployment.arn("TokenReaderPolicy"),
        "CreateLinkFunctionName": "shop-CreateLinkFunction",
        "LinkCreatorPolicyArn": deployment.arn("LinkCreatorPolicy"),
        "CheckQueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/shop-CheckQueue",
        "StateTableName": "shop-StateTable",
        "ConnectionTableName": "shop-ConnectionTable",
        "LinkTableName": "shop-LinkTable",
        "AlertTopicArn": deployment.arn("AlertTopic"),
        "DashboardUrl": f"{console}shop-eu-west-1",
    }


def test_no_output_is_exported(translated: dict[str, Any]) -> None:
    """Names of exports are taken for a whole account and Region."""
    for output in translated["Outputs"].values():
        assert output.keys() <= {"Description", "Value", "Condition"}
