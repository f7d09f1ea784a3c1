"""The template, deployed to the emulator."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import sam
from local.emulator import Emulator

STACK_NAME = "whatsapp-connect"


@dataclass(frozen=True, slots=True)
class Deployment:
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    """Physical ids by logical id."""


def deploy(emulator: Emulator, parameters: Mapping[str, str], directory: Path) -> Deployment:
    """Deploy what was built, routes included."""
    emulator.session.client("s3", endpoint_url=emulator.url).create_bucket(Bucket="artifacts")
    sam.deploy(endpoint=emulator.url, parameters=parameters, directory=directory)
    formation = emulator.session.client("cloudformation", endpoint_url=emulator.url)
    stack = formation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    resources = formation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    deployment = Deployment(
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
        resources={one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources},
    )
    template: Mapping[str, Any] = formation.get_template(StackName=STACK_NAME, TemplateStage="Processed")[
        "TemplateBody"
    ]
    _make_routes(emulator, deployment, template)
    _set_time_to_live(emulator, deployment, template)
    return deployment


def _make_routes(emulator: Emulator, deployment: Deployment, template: Mapping[str, Any]) -> None:
    # SAM writes the routes of an HTTP API into an OpenAPI document, which the emulator does not read.
    gateway = emulator.session.client("apigatewayv2", endpoint_url=emulator.url)
    functions = emulator.session.client("lambda", endpoint_url=emulator.url)
    api_id = deployment.resources["Api"]
    for path, methods in template["Resources"]["Api"]["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            integration = operation["x-amazon-apigateway-integration"]
            name = deployment.resources[_function(integration["uri"]["Fn::Sub"])]
            made = gateway.create_integration(
                ApiId=api_id,
                IntegrationType="AWS_PROXY",
                IntegrationUri=functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"],
                PayloadFormatVersion=integration["payloadFormatVersion"],
            )
            gateway.create_route(
                ApiId=api_id,
                RouteKey=path if operation.get("isDefaultRoute") else f"{method.upper()} {path}",
                Target=f"integrations/{made['IntegrationId']}",
            )


def _set_time_to_live(emulator: Emulator, deployment: Deployment, template: Mapping[str, Any]) -> None:
    # The emulator makes tables without it.
    dynamodb = emulator.session.client("dynamodb", endpoint_url=emulator.url)
    for name, resource in template["Resources"].items():
        if wanted := resource["Properties"].get("TimeToLiveSpecification"):
            dynamodb.update_time_to_live(TableName=deployment.resources[name], TimeToLiveSpecification=wanted)


def _function(uri: str) -> str:
    """Return the logical id in `...functions/${AuthorizeFunction.Arn}/invocations`."""
    return uri.partition("functions/${")[2].partition(".Arn}")[0]
