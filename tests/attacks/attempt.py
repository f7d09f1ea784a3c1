"""Calls to AWS that somebody might try with rights that are not theirs: everything there is to everything that the stack has.

None of them would harm the stack if it were allowed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from local.deployment import STACK_NAME
from local.stack import Stack

MINE = "attacked-role"
"""The name of whatever has to be named."""

_ACTIONS = {"invoke": "InvokeFunction"}
_NEVER = {"ConditionExpression": "attribute_exists(never)"}
_CHANGE = {"UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}


@dataclass(frozen=True, slots=True)
class Attempt:
    service: str
    operation: str
    on: str
    """The resource, as tests/template/rights.py names it; empty for what nobody may do to any."""
    arguments: Mapping[str, Any]
    named: str = ""
    """The action, where it is not called like the operation."""

    @property
    def action(self) -> str:
        words = "".join(word.capitalize() for word in self.operation.split("_"))
        return f"{self.service.removesuffix('streams')}:{self.named or _ACTIONS.get(self.operation, words)}"

    def __str__(self) -> str:
        return f"{self.action} on {self.on or 'anything'}"

    def made_with(self, session: boto3.Session, endpoint_url: str) -> str:
        """Return the error code, or nothing if it succeeded."""
        client = session.client(self.service, endpoint_url=endpoint_url)  # type: ignore[call-overload]
        try:
            getattr(client, self.operation)(**self.arguments)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return ""


def attempts(stack: Stack) -> Iterator[Attempt]:
    """Yield all of them, for the resources of the template that was deployed."""
    formation = stack.session.client("cloudformation", endpoint_url=stack.endpoint_url)
    template: Mapping[str, Any] = formation.get_template(StackName=STACK_NAME, TemplateStage="Processed")[
        "TemplateBody"
    ]
    for logical_id, resource in template["Resources"].items():
        if logical_id in stack.resources:  # the others are not made under these parameters
            yield from _on(resource["Type"], logical_id, stack.resources[logical_id], resource.get("Properties", {}))
    yield from _on_parameters(stack.outputs["ParameterPrefix"])
    yield from _on_the_account()


def _on(kind: str, on: str, name: str, about: Mapping[str, Any]) -> Iterator[Attempt]:
    match kind:
        case "AWS::DynamoDB::Table":
            yield from _on_table(on, name, about)
        case "AWS::Lambda::Function":
            function = {"FunctionName": name}
            yield Attempt("lambda", "invoke", on, function | {"InvocationType": "DryRun"})
            yield Attempt("lambda", "get_function", on, function)
            yield Attempt("lambda", "update_function_configuration", on, function)
            yield Attempt("lambda", "update_function_code", on, function | {"ZipFile": b"no archive"})
        case "AWS::SQS::Queue":
            yield Attempt("sqs", "send_message", on, {"QueueUrl": name, "MessageBody": MINE, "DelaySeconds": 9999})
            queue = {"QueueUrl": name}
            yield Attempt("sqs", "receive_message", on, queue | {"VisibilityTimeout": 0})
            yield Attempt("sqs", "delete_message", on, queue | {"ReceiptHandle": MINE})
            yield Attempt("sqs", "get_queue_attributes", on, queue | {"AttributeNames": ["QueueArn"]})
            yield Attempt("sqs", "set_queue_attributes", on, queue | {"Attributes": {}})
            yield Attempt("sqs", "purge_queue", on, {"QueueUrl": f"{name}-nobody"})
        case "AWS::SNS::Topic":
            yield Attempt("sns", "publish", on, {"TopicArn": name, "Message": MINE})
            yield Attempt("sns", "subscribe", on, {"TopicArn": name, "Protocol": "email", "Endpoint": "a@b.example"})
        case "AWS::KMS::Key":
            yield from _on_key(on, name)
        case "AWS::Logs::LogGroup":
            group = {"logGroupName": name}
            events = {"logEvents": [{"timestamp": 1, "message": MINE}]}
            yield Attempt("logs", "create_log_stream", on, group | {"logStreamName": MINE})
            yield Attempt("logs", "put_log_events", on, group | {"logStreamName": MINE} | events)
            yield Attempt("logs", "filter_log_events", on, group)
            yield Attempt("logs", "delete_log_stream", on, group | {"logStreamName": "nobody"})
        case "AWS::IAM::Role":
            role = {"RoleName": name}
            arn = f"arn:aws:iam::000000000000:role/{name}"
            yield Attempt("sts", "assume_role", on, {"RoleArn": arn, "RoleSessionName": MINE})
            yield Attempt("iam", "get_role", on, role)
            yield Attempt("iam", "put_role_policy", on, role | {"PolicyName": MINE, "PolicyDocument": "none"})
            yield Attempt("iam", "update_assume_role_policy", on, role | {"PolicyDocument": "none"})


def _on_table(on: str, name: str, about: Mapping[str, Any]) -> Iterator[Attempt]:
    table = {"TableName": name}
    keys = [one["AttributeName"] for one in about["KeySchema"]]
    row = {"Key": {key: {"S": MINE} for key in keys}}
    yield Attempt("dynamodb", "get_item", on, table | row)
    yield Attempt("dynamodb", "put_item", on, table | {"Item": row["Key"]} | _NEVER)
    yield Attempt("dynamodb", "update_item", on, table | row | _CHANGE | _NEVER)
    yield Attempt("dynamodb", "delete_item", on, table | row | _NEVER)
    yield Attempt("dynamodb", "scan", on, table)
    yield Attempt("dynamodb", "query", on, table | _keyed(keys[0]))
    yield Attempt("dynamodb", "batch_get_item", on, {"RequestItems": {name: {"Keys": [row["Key"]]}}})
    yield Attempt("dynamodb", "batch_write_item", on, {"RequestItems": {name: [{"DeleteRequest": row}]}})
    delete = {"TransactItems": [{"Delete": table | row | _NEVER}]}
    yield Attempt("dynamodb", "transact_write_items", on, delete, named="DeleteItem")
    select = {"Statement": f'SELECT * FROM "{name}"'}
    yield Attempt("dynamodb", "execute_statement", on, select, named="PartiQLSelect")
    yield Attempt("dynamodb", "describe_table", on, table)
    yield Attempt("dynamodb", "update_table", on, table)
    yield Attempt("dynamodb", "create_backup", on, table | {"BackupName": MINE})
    for index in about.get("GlobalSecondaryIndexes", ()):
        of_index = table | {"IndexName": index["IndexName"]}
        (hash_key, *_) = (one["AttributeName"] for one in index["KeySchema"])
        yield Attempt("dynamodb", "query", f"/index/{index['IndexName']}", of_index | _keyed(hash_key))
        yield Attempt("dynamodb", "scan", f"/index/{index['IndexName']}", of_index)


def _keyed(key: str) -> dict[str, Any]:
    return {"KeyConditionExpression": f"{key} = :k", "ExpressionAttributeValues": {":k": {"S": MINE}}}


def _on_key(on: str, name: str) -> Iterator[Attempt]:
    key = {"KeyId": name}
    yield Attempt("kms", "encrypt", on, key | {"Plaintext": b"x"})
    yield Attempt("kms", "decrypt", on, key | {"CiphertextBlob": b"x"})
    yield Attempt("kms", "generate_data_key", on, key | {"KeySpec": "AES_256"})
    yield Attempt("kms", "describe_key", on, key)
    yield Attempt("kms", "get_key_policy", on, key | {"PolicyName": "default"})
    yield Attempt("kms", "put_key_policy", on, key | {"PolicyName": "default", "Policy": "none"})
    yield Attempt("kms", "create_grant", on, key | {"GranteePrincipal": MINE, "Operations": ["Decrypt"]})
    yield Attempt("kms", "disable_key_rotation", on, {"KeyId": "nobody"})
    yield Attempt("kms", "schedule_key_deletion", on, {"KeyId": "nobody"})


def _on_parameters(prefix: str) -> Iterator[Attempt]:
    for on, name in (
        ("/app-secret", f"{prefix}/app-secret"),
        ("/connections/*/access-token", f"{prefix}/connections/{MINE}/access-token"),
        ("/connections/*/metadata", f"{prefix}/connections/{MINE}/metadata"),
        ("/pins/*", f"{prefix}/pins/{MINE}"),
        ("/webhook-verify-token", f"{prefix}/webhook-verify-token"),
        ("", f"{prefix}/another"),
        ("", f"/another{prefix}/connections/{MINE}/access-token"),
    ):
        named = {"Name": name}
        # What exists is not overwritten, and the attempt to do so then refused for that reason.
        yield Attempt("ssm", "put_parameter", on, named | {"Value": MINE, "Type": "String"})
        yield Attempt("ssm", "get_parameter", on, named | {"WithDecryption": True})
        yield Attempt("ssm", "get_parameters", on, {"Names": [name], "WithDecryption": True})
        yield Attempt("ssm", "get_parameter_history", on, named | {"WithDecryption": True})
        yield Attempt("ssm", "label_parameter_version", on, named | {"Labels": [MINE], "ParameterVersion": 999})
        is_needed = on in {"/app-secret", "/webhook-verify-token"}
        if not is_needed:
            yield Attempt("ssm", "delete_parameter", on, named)
        yield Attempt("ssm", "delete_parameters", "", {"Names": [MINE if is_needed else name]})
    for on, path in (("/connections", f"{prefix}/connections"), ("", prefix), ("", "/")):
        yield Attempt("ssm", "get_parameters_by_path", on, {"Path": path, "Recursive": True})
    yield Attempt("ssm", "describe_parameters", "", {})


def _on_the_account() -> Iterator[Attempt]:
    for on, source in ((":event-bus/default", "whatsapp-connect"), ("", "attacker")):
        entry = {"Source": source, "DetailType": MINE, "Detail": "{}"}
        yield Attempt("events", "put_events", on, {"Entries": [entry]})
    yield Attempt("events", "put_rule", "", {"Name": MINE, "EventPattern": "none"})
    yield Attempt("events", "list_rules", "", {})
    yield Attempt("iam", "list_roles", "", {})
    yield Attempt("iam", "create_user", "", {"UserName": "\u00e9"})
    yield Attempt("lambda", "list_functions", "", {})
    yield Attempt("dynamodb", "list_tables", "", {})
    yield Attempt("dynamodb", "delete_table", "", {"TableName": "nobody"})
    yield Attempt("logs", "describe_log_groups", "", {})
    yield Attempt("logs", "delete_log_group", "", {"logGroupName": "nobody"})
    yield Attempt("cloudformation", "describe_stacks", "", {})
    yield Attempt("scheduler", "list_schedules", "", {})
    yield Attempt("apigatewayv2", "get_apis", "", {}, named="GET")
    yield Attempt("s3", "list_buckets", "", {}, named="ListAllMyBuckets")
    yield Attempt("s3", "list_objects_v2", "", {"Bucket": "artifacts"}, named="ListBucket")
    yield Attempt("secretsmanager", "list_secrets", "", {})
    yield Attempt("cloudwatch", "put_metric_data", "", {"Namespace": MINE, "MetricData": [{"MetricName": "x"}]})
