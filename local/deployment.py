"""Deploy the template to the emulator."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import sam
from local.emulator import REGION, Emulator

STACK_NAME = "whatsapp-connect"


@dataclass(frozen=True, slots=True)
class Deployment:
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    """Physical ids by logical id."""


def deploy(
    emulator: Emulator,
    parameters: Mapping[str, str],
    directory: Path,
    *,
    name: str = STACK_NAME,
    region: str = REGION,
) -> Deployment:
    """Deploy the built template with its routes, or update the stack of this name. Return outputs and resources."""
    sam.deploy(
        endpoint=emulator.url,
        name=name,
        region=region,
        bucket=make_bucket(emulator, region=region),
        parameters=parameters,
        directory=directory,
    )
    return complete(emulator, name=name, region=region)


def make_bucket(emulator: Emulator, *, region: str = REGION) -> str:
    """Make the bucket for the code of functions, and return its name. Lambda reads only one of its own Region."""
    bucket = f"artifacts-{region}"
    where: Any = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    _client(emulator, region)("s3").create_bucket(Bucket=bucket, **where)
    return bucket


def complete(emulator: Emulator, *, name: str, region: str = REGION) -> Deployment:
    """Make what the emulator's CloudFormation leaves out of a stack. Return outputs and resources."""
    client = _client(emulator, region)
    cloudformation = client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    deployment = Deployment(
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
        resources={one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources},
    )
    template: Mapping[str, Any] = cloudformation.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]
    _make_routes(client, deployment, template)
    _set_time_to_live(client, deployment, template)
    return deployment


def _client(emulator: Emulator, region: str) -> Callable[[str], Any]:
    def client(service: str) -> Any:
        return emulator.session.client(service, endpoint_url=emulator.url, region_name=region)  # type: ignore[call-overload]

    return client


def _make_routes(client: Callable[[str], Any], deployment: Deployment, template: Mapping[str, Any]) -> None:
    # SAM writes the routes of an HTTP API into an OpenAPI document. The emulator does not read it.
    gateway = client("apigatewayv2")
    functions = client("lambda")
    api_id = deployment.resources["Api"]
    existing = {route["RouteKey"] for route in gateway.get_routes(ApiId=api_id)["Items"]}
    for path, methods in template["Resources"]["Api"]["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            key = path if operation.get("isDefaultRoute") else f"{method.upper()} {path}"
            if key in existing:
                continue
            integration = operation["x-amazon-apigateway-integration"]
            function = deployment.resources[_function(integration["uri"]["Fn::Sub"])]
            made = gateway.create_integration(
                ApiId=api_id,
                IntegrationType="AWS_PROXY",
                IntegrationUri=functions.get_function(FunctionName=function)["Configuration"]["FunctionArn"],
                PayloadFormatVersion=integration["payloadFormatVersion"],
            )
            gateway.create_route(ApiId=api_id, RouteKey=key, Target=f"integrations/{made['IntegrationId']}")


def _set_time_to_live(client: Callable[[str], Any], deployment: Deployment, template: Mapping[str, Any]) -> None:
    # The emulator's CloudFormation ignores TimeToLiveSpecification.
    dynamodb = client("dynamodb")
    for name, resource in template["Resources"].items():
        if wanted := resource["Properties"].get("TimeToLiveSpecification"):
            dynamodb.update_time_to_live(TableName=deployment.resources[name], TimeToLiveSpecification=wanted)


def _function(uri: str) -> str:
    """Return the logical id in `...functions/${AuthorizeFunction.Arn}/invocations`."""
    return uri.partition("functions/${")[2].partition(".Arn}")[0]
