"""Plain values instead of Ref, GetAtt, Sub, If and Join: the template as CloudFormation would deploy it.

Physical names are made up: the stack's name, a hyphen, the logical ID.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.template.translate import PARAMETERS

_NO_VALUE = object()
_UNNAMED_ARNS = {
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::IAM::ManagedPolicy": "iam::{account}:policy/{name}",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{name}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{name}",
    "AWS::Events::EventBus": "events:{region}:{account}:event-bus/{name}",
    "AWS::Events::Rule": "events:{region}:{account}:rule/{name}",
    "AWS::CloudWatch::Alarm": "cloudwatch:{region}:{account}:alarm:{name}",
}
_NAMED_BY = (
    "Name",
    "TableName",
    "QueueName",
    "FunctionName",
    "RoleName",
    "ManagedPolicyName",
    "LogGroupName",
    "TopicName",
    "DashboardName",
    "AlarmName",
    "DomainName",
)
_REFERRED_TO_BY_ARN = {"AWS::SNS::Topic", "AWS::IAM::ManagedPolicy"}


@dataclass(frozen=True)
class Deployment:
    """A translated template, deployed under a name with parameters."""

    translated: Mapping[str, Any]
    given: Mapping[str, Any]
    stack: str
    region: str = "eu-west-1"
    account: str = "111122223333"

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The value of every parameter. Raises KeyError for one that must be given and is not."""
        return {
            name: self.given[name] if name in self.given else declared["Default"]
            for name, declared in self.translated["Parameters"].items()
        }

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources that are made under these parameters, by logical ID."""
        return {
            name: self.value(resource)
            for name, resource in self.translated["Resources"].items()
            if "Condition" not in resource or self.condition(resource["Condition"])
        }

    @cached_property
    def outputs(self) -> dict[str, str]:
        return {
            name: self.value(output["Value"])
            for name, output in self.translated["Outputs"].items()
            if "Condition" not in output or self.condition(output["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of every resource of a type, by logical ID."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def properties(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources[name]["Properties"]
        return found

    def arn(self, name: str) -> str:
        resource = self._made(name)
        shape = _UNNAMED_ARNS[resource["Type"]]
        return f"arn:{self._pseudo['AWS::Partition']}:" + shape.format(
            region=self.region, account=self.account, name=self.name(name)
        )

    def name(self, name: str) -> str:
        """Return the physical name of a resource."""
        properties = self._made(name).get("Properties", {})
        given = next((properties[key] for key in _NAMED_BY if key in properties), None)
        return f"{self.stack}-{name}" if given is None else str(self.value(given))

    def value(self, node: Any) -> Any:
        """Return what a part of the template comes to. Raises KeyError or ValueError as CloudFormation would refuse it."""
        if isinstance(node, list):
            return [value for item in node if (value := self.value(item)) is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (function, argument), *_ = node.items()
            if evaluate := self._functions.get(function):
                return evaluate(argument)
            if function.startswith("Fn::"):
                raise ValueError(function)
        values = {key: self.value(item) for key, item in node.items()}
        return {key: value for key, value in values.items() if value is not _NO_VALUE}

    @cached_property
    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::If": lambda about: self.value(about[1] if self.condition(about[0]) else about[2]),
            "Fn::Join": lambda about: about[0].join(self.value(about[1])),
        }

    @cached_property
    def _pseudo(self) -> dict[str, Any]:
        return {
            "AWS::StackName": self.stack,
            "AWS::Region": self.region,
            "AWS::AccountId": self.account,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NoValue": _NO_VALUE,
        }

    def _made(self, name: str) -> dict[str, Any]:
        resource: dict[str, Any] = self.translated["Resources"][name]
        if "Condition" in resource and not self.condition(resource["Condition"]):
            raise ValueError(f"{name} is not made")
        return resource

    def _ref(self, name: str) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self.translated["Parameters"]:
            return self.parameters[name]
        kind = self._made(name)["Type"]
        if kind == "AWS::SQS::Queue":
            return f"https://sqs.{self.region}.amazonaws.com/{self.account}/{self.name(name)}"
        return self.arn(name) if kind in _REFERRED_TO_BY_ARN else self.name(name)

    def _get_att(self, about: Any) -> Any:
        name, attribute = about if isinstance(about, list) else about.split(".", 1)
        kind = self._made(name)["Type"]
        match attribute:
            case "Arn" if kind in _UNNAMED_ARNS:
                return self.arn(name)
            case "StreamArn" if kind == "AWS::DynamoDB::Table":
                return f"{self.arn(name)}/stream/2026-01-01T00:00:00.000"
            case "QueueName" if kind == "AWS::SQS::Queue":
                return self.name(name)
            case "Value" if kind == "AWS::SSM::Parameter":
                return self.value(self._made(name)["Properties"]["Value"])
            case "RegionalDomainName" | "RegionalHostedZoneId" if kind == "AWS::ApiGatewayV2::DomainName":
                return f"{attribute} of {self.name(name)}"
        raise ValueError(f"{kind} has no {attribute}")

    def _sub(self, about: Any) -> str:
        text, more = about if isinstance(about, list) else (about, {})

        def replace(found: re.Match[str]) -> str:
            name = found[1]
            if name in more:
                return str(self.value(more[name]))
            return str(self._get_att(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^!{}][^{}]*)\}", replace, text)

    def condition(self, node: Any) -> bool:
        if isinstance(node, str):
            return self.condition(self.translated["Conditions"][node])
        ((function, about),) = node.items()
        match function:
            case "Fn::Not":
                return not self.condition(about[0])
            case "Fn::And":
                return all(self.condition(one) for one in about)
            case "Fn::Or":
                return any(self.condition(one) for one in about)
            case "Fn::Equals":
                return bool(self.value(about[0]) == self.value(about[1]))
            case "Condition":
                return self.condition(about)
        raise ValueError(function)


def deploy(
    translated: Mapping[str, Any], stack: str = "shop", *, region: str = "eu-west-1", **parameters: Any
) -> Deployment:
    """Deploy what SAM made of the template, with the defaults where nothing else is given."""
    return Deployment(translated, PARAMETERS | parameters, stack, region)
