"""Check for the doctor, by simulation in IAM, that the functions' roles allow what the functions do."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from whatsapp_connect import events
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, ok

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import SimulatePolicyResponseTypeDef

_CALLS_AT_ONCE = 4
_SECRET_READERS = (
    "CallbackRole",
    "ScheduleRole",
    "CheckRole",
    "DeauthorizeRole",
    "DeleteDataRole",
    "WhatsAppWebhookRole",
)
_RECORD_WRITERS = (
    "CallbackRole",
    "PublishRole",
    "ScheduleRole",
    "CheckRole",
    "DeauthorizeRole",
    "DeleteDataRole",
)
_RECORD = ("kms:EncryptionContext:purpose", "access-token")


class Right(NamedTuple):
    role: str
    action: str
    resource: str
    context: tuple[str, str] | None = None
    """A condition key and its value."""

    @property
    def call(self) -> tuple[str, str, tuple[str, str] | None]:
        """What one simulated call can have in common. IAM simulates actions of different services in different calls."""
        return self.role, self.action.partition(":")[0], self.context


def rights(deployment: Deployment) -> Finding:
    """Simulate what the functions do with the parameters, tables, key, queues and bus."""
    wanted = _wanted(deployment)
    groups: dict[object, list[Right]] = {}
    for right in wanted:
        groups.setdefault(right.call, []).append(right)
    with ThreadPoolExecutor(_CALLS_AT_ONCE) as pool:
        allowed = set[Right]().union(*pool.map(lambda group: _allowed(deployment, group), groups.values()))
    if denied := [f"{right.role} {right.action}" for right in wanted if right not in allowed]:
        return broken(
            f"Not allowed: {', '.join(dict.fromkeys(denied))}.",
            "Deploy the template again, and look for permission boundaries or key policies that deny these actions.",
        )
    return ok(f"IAM's simulation allows the {len(wanted)} actions that the functions need.")


def _wanted(deployment: Deployment) -> list[Right]:
    settings = deployment.settings
    key = settings.token_key_id
    secret, verify_token, token, metadata = (
        deployment.parameter_arn(f"{settings.parameter_prefix}/{name}")
        for name in (
            "app-secret",
            "webhook-verify-token",
            "connections/doctor/access-token",
            "connections/doctor/metadata",
        )
    )
    place = f"{deployment.region}:{deployment.account}"
    states, connections, links, brake, accounts, deletions = (
        f"arn:{deployment.partition}:dynamodb:{place}:table/{table}"
        for table in (
            settings.state_table,
            settings.connection_table,
            settings.link_table,
            settings.brake_table,
            settings.account_table,
            settings.deletion_table,
        )
    )
    check_queue = settings.check_queue_arn
    due_queue = f"{check_queue.rpartition(':')[0]}:{settings.due_queue_url.rpartition('/')[2]}"
    bus = f"arn:{deployment.partition}:events:{place}:event-bus/default"
    rights = [
        *(Right(role, "ssm:GetParameter", secret) for role in _SECRET_READERS),
        *(Right(role, "dynamodb:UpdateItem", connections) for role in _RECORD_WRITERS),
        Right("AuthorizeRole", "dynamodb:PutItem", states),
        *(Right("AuthorizeRole", "dynamodb:GetItem", table) for table in (links, brake)),
        Right("CallbackRole", "dynamodb:GetItem", brake),
        Right("CreateLinkRole", "dynamodb:PutItem", links),
        *(Right("CallbackRole", "dynamodb:UpdateItem", table) for table in (states, links, brake)),
        Right("CallbackRole", "ssm:PutParameter", token),
        *(
            Right("PublishRole", action, parameter)
            for action in ("ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter")
            for parameter in (token, metadata)
        ),
        Right("PublishRole", "dynamodb:PutItem", deletions),
        Right("PublishRole", "sqs:SendMessage", check_queue),
        Right("ScheduleRole", "sqs:SendMessage", due_queue),
        Right("CheckRole", "sqs:ReceiveMessage", check_queue),
        Right("CheckRole", "sqs:ReceiveMessage", due_queue),
        Right("CheckRole", "ssm:GetParameter", token),
        Right("WhatsAppWebhookRole", "ssm:GetParameter", verify_token),
        Right("WhatsAppWebhookRole", "dynamodb:Query", accounts),
        Right("WhatsAppWebhookRole", "sqs:SendMessage", check_queue),
    ]
    if not deployment.place.is_local:  # the emulator's simulation ignores the context
        rights += [
            *(Right(role, "kms:Decrypt", key, _parameter(secret)) for role in _SECRET_READERS),
            Right("WhatsAppWebhookRole", "kms:Decrypt", key, _parameter(verify_token)),
            Right("CallbackRole", "kms:Encrypt", key, _parameter(token)),
            Right("PublishRole", "events:PutEvents", bus, ("events:source", events.SOURCE)),
            Right("PublishRole", "kms:Encrypt", key, _parameter(token)),
            *(Right(role, "kms:Encrypt", key, _RECORD) for role in ("CallbackRole", "CheckRole")),
            *(Right(role, "kms:Decrypt", key, _RECORD) for role in ("PublishRole", "CheckRole")),
        ]
    return rights


def _parameter(arn: str) -> tuple[str, str]:
    return "kms:EncryptionContext:PARAMETER_ARN", arn


def _allowed(deployment: Deployment, group: list[Right]) -> set[Right]:
    """Return which rights of a group IAM's simulation allows. One call simulates every action on every resource."""
    role, _, context = group[0].call
    answer = deployment.iam.simulate_principal_policy(
        PolicySourceArn=f"arn:{deployment.partition}:iam::{deployment.account}:role/{deployment.resources[role]}",
        ActionNames=list(dict.fromkeys(right.action for right in group)),
        ResourceArns=list(dict.fromkeys(right.resource for right in group)),
        ContextEntries=[
            {"ContextKeyName": name, "ContextKeyType": "string", "ContextKeyValues": [value]}
            for name, value in ([context] if context else [])
        ],
    )
    found = dict(_decisions(answer))
    left = [right for right in group if (right.action, right.resource) not in found]
    if len(left) == len(group):
        raise KeyError(role)
    allowed = {right for right in group if found.get((right.action, right.resource)) == "allowed"}
    return allowed | _allowed(deployment, left) if left else allowed  # the emulator simulates the first resource only


def _decisions(answer: "SimulatePolicyResponseTypeDef") -> Iterable[tuple[tuple[str, str], str]]:
    """Return the decisions by action and resource, from either place where IAM writes them."""
    for one in answer["EvaluationResults"]:
        yield (one["EvalActionName"], one.get("EvalResourceName", "")), one["EvalDecision"]
        for of_resource in one.get("ResourceSpecificResults", ()):
            yield (one["EvalActionName"], of_resource["EvalResourceName"]), of_resource["EvalResourceDecision"]
