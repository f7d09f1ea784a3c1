"""The doctor's checks of the stack itself."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
from botocore.exceptions import ClientError

from whatsapp_connect import events
from whatsapp_connect.errors import SetupError
from whatsapp_connect_cli.check_facebook import DASHBOARD, PATIENCE, put_app_secret
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, not_checked, ok, warning
from whatsapp_connect_cli.output import ago, say

Context = Mapping[str, str]
"""What a policy's conditions are told of a call."""

SKEW = 60
"""Seconds this machine's clock may differ from AWS's."""
STANDARD_PARAMETERS = 10_000
"""For a whole account and Region; from there on parameters become advanced ones, which cost."""
HEARTBEAT_S = 1_800
"""The schedule, which comes every five minutes, must have come to its end within this time."""

EMPTY_CALLBACK = 400
"""How a callback without a query is answered."""

_NOT_OFFERED = frozenset({"InvalidAction", "NotImplemented", "UnknownOperationException", "501"})
_SECRET_READERS = ("CallbackRole", "ScheduleRole", "CheckRole", "DeauthorizeRole", "DeleteDataRole")
_RECORD_WRITERS = (
    "CallbackRole",
    "PublishRole",
    "ScheduleRole",
    "CheckRole",
    "DeauthorizeRole",
    "DeleteDataRole",
)
_OF_RECORD: Context = {"kms:EncryptionContext:purpose": "access-token"}
_MANAGED_KEY = "alias/aws/ssm"


def app_secret(deployment: Deployment) -> Finding:
    """Look at the parameter with the app secret: type, key and shape, without showing the secret."""
    name = f"{deployment.settings.parameter_prefix}/app-secret"
    ssm = deployment.ssm
    try:
        kind = ssm.get_parameter(Name=name)["Parameter"]["Type"]
    except ssm.exceptions.ParameterNotFound:
        return broken(
            f"{name} is not there: nobody can connect.",
            f"Save the App secret of Meta's dashboard in app-secret.txt, then: {put_app_secret(deployment)}",
        )
    if kind != "SecureString":
        return broken(
            f"{name} is a {kind}: anybody who may list parameters can read it.",
            f"aws ssm delete-parameter --name {name}, reset the App secret in Meta's dashboard, and store the new one: "
            + put_app_secret(deployment),
        )
    about = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"]
    key = about[0].get("KeyId", _MANAGED_KEY) if about else _MANAGED_KEY
    if key != deployment.settings.token_key_id:
        why = (
            "so everybody in this account who can read parameters can decrypt it"
            if key == _MANAGED_KEY
            else "which the functions may not use"
        )
        return broken(f"{name} is encrypted with {key}, {why}.", f"Store it again: {put_app_secret(deployment)}")
    try:
        secrets = deployment.app_secrets.read()
    except SetupError as error:
        ignored = error.fields.get("ignored")
        what = ", ".join(ignored) if isinstance(ignored, list) else "it is empty"
        return broken(
            f"{name} holds no app secret: {what}.",
            f"In {DASHBOARD}, App settings, Basic: press Show at the App secret, save it alone in app-secret.txt,"
            f" then: {put_app_secret(deployment)}",
        )
    if secrets.ignored:
        return warning(
            f"{name} holds more than the app secret, which is ignored: {', '.join(secrets.ignored)}.",
            "Store the app secret alone, or the new and the old one on two lines while you rotate it: "
            + put_app_secret(deployment),
        )
    return ok(f"{name} is a SecureString under the stack's key.")


def address(deployment: Deployment) -> Finding:
    """Open the callback as a person's browser would, with nothing in it: this stack answers that with a 400."""
    url = deployment.callback_url
    try:
        status = requests.get(url, timeout=PATIENCE, allow_redirects=False).status_code
    except requests.RequestException as error:
        return broken(
            f"{url} cannot be reached from here ({type(error).__name__}): nobody can connect.",
            "With a DomainName: have its DNS record lead to the domain's API Gateway domain name, or deploy with"
            " HostedZoneId.",
        )
    if status != EMPTY_CALLBACK:
        return broken(
            f"Something else than this stack answers {url}, with {status}.",
            "With a DomainName: look where its DNS record leads, and at the API mappings of the domain.",
        )
    return ok(f"{url} is answered by this stack.")


def rights(deployment: Deployment) -> Finding:
    """Have IAM say what the functions' roles may do with the tokens, the key, the queues and the bus."""
    settings = deployment.settings
    key = settings.token_key_id
    secret, token, metadata = (
        deployment.parameter_arn(f"{settings.parameter_prefix}/{name}")
        for name in ("app-secret", "connections/doctor/access-token", "connections/doctor/metadata")
    )
    place = f"{deployment.region}:{deployment.account}"
    check_queue = settings.check_queue_arn
    due_queue = f"{check_queue.rpartition(':')[0]}:{settings.due_queue_url.rpartition('/')[2]}"
    bus = f"arn:{deployment.partition}:events:{place}:event-bus/default"
    connections = f"arn:{deployment.partition}:dynamodb:{place}:table/{settings.connection_table}"
    wanted: list[tuple[str, str, str, Context]] = [
        *((role, "ssm:GetParameter", secret, {}) for role in _SECRET_READERS),
        *((role, "dynamodb:UpdateItem", connections, {}) for role in _RECORD_WRITERS),
        ("CallbackRole", "ssm:PutParameter", token, {}),
        *(
            ("PublishRole", action, parameter, {})
            for action in ("ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter")
            for parameter in (token, metadata)
        ),
        ("PublishRole", "sqs:SendMessage", check_queue, {}),
        ("ScheduleRole", "sqs:SendMessage", due_queue, {}),
        ("CheckRole", "sqs:ReceiveMessage", check_queue, {}),
        ("CheckRole", "sqs:ReceiveMessage", due_queue, {}),
        ("CheckRole", "ssm:GetParameter", token, {}),
    ]
    if not deployment.place.is_local:  # the emulator simulates without the context
        wanted += [
            *((role, "kms:Decrypt", key, _of_parameter(secret)) for role in _SECRET_READERS),
            ("CallbackRole", "kms:Encrypt", key, _of_parameter(token)),
            ("PublishRole", "events:PutEvents", bus, {"events:source": events.SOURCE}),
            ("PublishRole", "kms:Encrypt", key, _of_parameter(token)),
            *((role, "kms:Encrypt", key, _OF_RECORD) for role in ("CallbackRole", "CheckRole")),
            *((role, "kms:Decrypt", key, _OF_RECORD) for role in ("PublishRole", "CheckRole")),
        ]
    denied = []
    for role, action, resource, context in wanted:
        try:
            allowed = _may(deployment, role, action, resource, context)
        except NotImplementedError:
            return not_checked("IAM does not offer policy simulation here.")
        except ClientError as error:
            if error.response["Error"].get("Code") in _NOT_OFFERED:
                return not_checked("IAM does not offer policy simulation here.")
            raise
        if not allowed:
            denied.append(f"{role} {action}")
    if denied:
        return broken(
            f"Not allowed: {', '.join(dict.fromkeys(denied))}.",
            "Deploy the template again, and look for permission boundaries or key policies that take the right away.",
        )
    return ok(f"The functions may do what they need, by {len(wanted)} simulated calls.")


def _of_parameter(arn: str) -> Context:
    return {"kms:EncryptionContext:PARAMETER_ARN": arn}


def _may(deployment: Deployment, role: str, action: str, resource: str, context: Context) -> bool:
    answer = deployment.iam.simulate_principal_policy(
        PolicySourceArn=f"arn:{deployment.partition}:iam::{deployment.account}:role/{deployment.resources[role]}",
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=[
            {
                "ContextKeyName": name,
                "ContextKeyType": "string",
                "ContextKeyValues": [value],
            }
            for name, value in context.items()
        ],
    )
    return all(one["EvalDecision"] == "allowed" for one in answer["EvaluationResults"])


def time_to_live(deployment: Deployment) -> Finding:
    """Look whether DynamoDB deletes old states, links and receipts of deletions."""
    settings = deployment.settings
    off = []
    for table in (settings.state_table, settings.link_table, settings.deletion_table):
        about = deployment.dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if about.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            off.append(table)
    if off:
        return broken(
            f"Time to live is off for {', '.join(off)}: the table grows for ever.",
            "; ".join(
                f"aws dynamodb update-time-to-live --table-name {table}"
                " --time-to-live-specification Enabled=true,AttributeName=expires_at"
                for table in off
            ),
        )
    return ok("Old states, links and receipts of deletions are deleted.")


def alarms(deployment: Deployment) -> Finding:
    """Look whether anybody is told."""
    topic = deployment.outputs["AlertTopicArn"]
    subscriptions = deployment.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    pending = [one for one in subscriptions if one["SubscriptionArn"] == "PendingConfirmation"]
    if len(subscriptions) > len(pending):
        return ok(f"{len(subscriptions) - len(pending)} subscribed to the alarms.")
    if pending:
        return broken(
            "Nobody is told of alarms: the subscription is not confirmed.",
            "Follow the link in the mail from AWS Notifications, or deploy again with AlertEmail to get another.",
        )
    if deployment.place.is_local:
        return not_checked("A local stack alarms nobody.")
    return broken(
        "Nobody is told of alarms, nor of tokens that end.",
        "Deploy with AlertEmail=you@example.com, and confirm the mail.",
    )


def clock(deployment: Deployment) -> Finding:
    """Compare this machine's clock with AWS's: links are dated by it."""
    answer = deployment.sts.get_caller_identity()
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if date is None:
        return not_checked("AWS did not say what time it is.")
    skew = int(deployment.clock() - parsedate_to_datetime(date).timestamp())
    if abs(skew) > SKEW:
        return broken(
            f"This machine's clock is {abs(skew)} seconds {'fast' if skew > 0 else 'slow'}.",
            "Switch time synchronisation on: links made here end at the wrong time, and AWS refuses what is 5 minutes off.",
        )
    return ok("This machine's clock agrees with AWS's.")


def quota(deployment: Deployment) -> Finding:
    """Count the parameters of the account in this Region, as far as it matters."""
    number = 0
    for page in deployment.ssm.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 50}):
        before, number = number, number + len(page["Parameters"])
        if number // 1000 > before // 1000:
            say(f"Counting parameters: {number} ...")
        if number > STANDARD_PARAMETERS:
            break
    left = STANDARD_PARAMETERS - number
    if left <= 0:
        return broken(
            f"All {STANDARD_PARAMETERS} standard parameters of this account and Region are used.",
            "Delete what nobody needs, or accept that further tokens become advanced parameters, at $0.05 a month each.",
        )
    if left < STANDARD_PARAMETERS // 10:
        return warning(
            f"Parameter Store has room for {left // 2} more connections.",
            "Delete what nobody needs, or plan another account or Region.",
        )
    return ok(f"Parameter Store has room for {left // 2} more connections.")


def heartbeat(deployment: Deployment) -> Finding:
    """Look for the end of a schedule's run in its log."""
    now = deployment.clock()
    group = deployment.resources["ScheduleLogGroup"]
    pages = deployment.logs.get_paginator("filter_log_events").paginate(
        logGroupName=group,
        startTime=int((now - HEARTBEAT_S) * 1000),
        filterPattern='"run ended"',
    )
    ended = [event["timestamp"] / 1000 for page in pages for event in page["events"] if "run ended" in event["message"]]
    if ended:
        return ok(f"The schedule last ran {ago(max(0.0, now - max(ended)))}.")
    if now - deployment.created_at < HEARTBEAT_S:
        return not_checked("The stack is new, and the schedule has not run yet.")
    since = datetime.fromtimestamp(now - HEARTBEAT_S, UTC)
    return broken(
        f"The schedule has not come to its end since {since:%H:%M} UTC: tokens are not watched.",
        f"Look at the log group {group}, and whether the schedule of ScheduleFunction is enabled.",
    )
