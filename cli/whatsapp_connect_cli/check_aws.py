"""Check the stack itself for the doctor: app secret, address, rights, alarms, quota and schedule."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
from botocore.exceptions import ClientError

from whatsapp_connect import events
from whatsapp_connect.errors import SetupError
from whatsapp_connect_cli.check_facebook import DASHBOARD, put_app_secret
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, not_checked, ok, warning
from whatsapp_connect_cli.output import ago, say

Context = Mapping[str, str]
"""Condition keys and their values, for one simulated call."""

MAX_CLOCK_SKEW_S = 60
"""The largest allowed difference between this machine's clock and AWS's."""
STANDARD_PARAMETERS = 10_000
"""The quota of an account in one Region. Parameters above it are advanced ones, which cost money."""
HEARTBEAT_S = 1_800
"""The schedule runs every five minutes. A run must have ended within this time."""

ADDRESS_TIMEOUT_S = 20.0
EMPTY_CALLBACK_STATUS = 400
"""The HTTP status of a callback without a query."""

_UNSUPPORTED = frozenset({"InvalidAction", "NotImplemented", "UnknownOperationException", "501"})
_SECRET_READERS = ("CallbackRole", "ScheduleRole", "CheckRole", "DeauthorizeRole", "DeleteDataRole")
_RECORD_WRITERS = (
    "CallbackRole",
    "PublishRole",
    "ScheduleRole",
    "CheckRole",
    "DeauthorizeRole",
    "DeleteDataRole",
)
_RECORD_CONTEXT: Context = {"kms:EncryptionContext:purpose": "access-token"}
_MANAGED_KEY = "alias/aws/ssm"


def app_secret(deployment: Deployment) -> Finding:
    """Check the type, the key and the format of the app secret's parameter. The finding never shows the secret."""
    name = f"{deployment.settings.parameter_prefix}/app-secret"
    ssm = deployment.ssm
    try:
        kind = ssm.get_parameter(Name=name)["Parameter"]["Type"]
    except ssm.exceptions.ParameterNotFound:
        return broken(
            f"{name} is missing: nobody can connect.",
            f"Copy the App secret from Meta's dashboard into app-secret.txt, then run: {put_app_secret(deployment)}",
        )
    if kind != "SecureString":
        return broken(
            f"{name} is a {kind}, which is not encrypted: everybody who can read parameters can read it.",
            f"Run aws ssm delete-parameter --name {name}, reset the App secret in Meta's dashboard, and store the new"
            f" one: {put_app_secret(deployment)}",
        )
    about = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"]
    key = about[0].get("KeyId", _MANAGED_KEY) if about else _MANAGED_KEY
    if key != deployment.settings.token_key_id:
        why = (
            "so everybody in this account who can read parameters can decrypt it"
            if key == _MANAGED_KEY
            else "which the functions are not allowed to use"
        )
        return broken(f"{name} is encrypted with {key}, {why}.", f"Store it again: {put_app_secret(deployment)}")
    try:
        secrets = deployment.app_secrets.read()
    except SetupError as error:
        ignored = error.fields.get("ignored")
        what = ", ".join(ignored) if isinstance(ignored, list) else "it is empty"
        return broken(
            f"{name} holds no app secret: {what}.",
            f"In {DASHBOARD}, App settings, Basic: press Show at the App secret, save only the secret in"
            f" app-secret.txt, then run: {put_app_secret(deployment)}",
        )
    if secrets.ignored:
        return warning(
            f"{name} holds more than the app secret. The functions ignore: {', '.join(secrets.ignored)}.",
            "Store only the app secret, or the new and the old one on two lines during a rotation: "
            + put_app_secret(deployment),
        )
    return ok(f"{name} is a SecureString under the stack's key.")


def address(deployment: Deployment) -> Finding:
    """Check that this stack answers at the callback's address. A request without a query gets a 400."""
    url = deployment.callback_url
    try:
        status = requests.get(url, timeout=ADDRESS_TIMEOUT_S, allow_redirects=False).status_code
    except requests.RequestException as error:
        return broken(
            f"{url} cannot be reached from this machine ({type(error).__name__}): nobody can connect.",
            "With a DomainName: point its DNS record at the domain's API Gateway domain name, or deploy with"
            " HostedZoneId.",
        )
    if status != EMPTY_CALLBACK_STATUS:
        return broken(
            f"Another server than this stack answers {url}, with status {status}.",
            "With a DomainName: check its DNS record and the API mappings of the domain.",
        )
    return ok(f"This stack answers {url}.")


def rights(deployment: Deployment) -> Finding:
    """Check by simulation in IAM that the functions' roles may use the parameters, table, key, queues and bus."""
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
    if not deployment.place.is_local:  # the emulator's simulation ignores the context
        wanted += [
            *((role, "kms:Decrypt", key, _parameter_context(secret)) for role in _SECRET_READERS),
            ("CallbackRole", "kms:Encrypt", key, _parameter_context(token)),
            ("PublishRole", "events:PutEvents", bus, {"events:source": events.SOURCE}),
            ("PublishRole", "kms:Encrypt", key, _parameter_context(token)),
            *((role, "kms:Encrypt", key, _RECORD_CONTEXT) for role in ("CallbackRole", "CheckRole")),
            *((role, "kms:Decrypt", key, _RECORD_CONTEXT) for role in ("PublishRole", "CheckRole")),
        ]
    denied = []
    for role, action, resource, context in wanted:
        try:
            allowed = _may(deployment, role, action, resource, context)
        except NotImplementedError:
            return not_checked("This IAM endpoint does not support policy simulation.")
        except ClientError as error:
            if error.response["Error"].get("Code") in _UNSUPPORTED:
                return not_checked("This IAM endpoint does not support policy simulation.")
            raise
        if not allowed:
            denied.append(f"{role} {action}")
    if denied:
        return broken(
            f"Not allowed: {', '.join(dict.fromkeys(denied))}.",
            "Deploy the template again, and look for permission boundaries or key policies that deny these actions.",
        )
    return ok(f"The functions have the rights they need, by {len(wanted)} simulated calls.")


def _parameter_context(arn: str) -> Context:
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
    """Check that DynamoDB deletes old states, links, deletion receipts and counts."""
    settings = deployment.settings
    off = []
    for table in (settings.state_table, settings.link_table, settings.deletion_table, settings.brake_table):
        about = deployment.dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if about.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            off.append(table)
    if off:
        return broken(
            f"Time to live is off for {', '.join(off)}: old rows are never deleted.",
            "; ".join(
                f"aws dynamodb update-time-to-live --table-name {table}"
                " --time-to-live-specification Enabled=true,AttributeName=expires_at"
                for table in off
            ),
        )
    return ok("DynamoDB deletes old states, links, deletion receipts and counts.")


def alarms(deployment: Deployment) -> Finding:
    """Check that somebody has subscribed to the alarms and confirmed the subscription."""
    topic = deployment.outputs["AlertTopicArn"]
    subscriptions = deployment.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    pending = [one for one in subscriptions if one["SubscriptionArn"] == "PendingConfirmation"]
    if len(subscriptions) > len(pending):
        return ok(f"Confirmed subscriptions to the alarms: {len(subscriptions) - len(pending)}.")
    if pending:
        return broken(
            "Nobody gets the alarms: the subscription is not confirmed.",
            "Follow the link in the mail from AWS Notifications, or deploy again with AlertEmail to get another.",
        )
    if deployment.place.is_local:
        return not_checked("A local stack sends no alarms.")
    return broken(
        "Nobody gets the alarms and the mails about tokens that end.",
        "Deploy with AlertEmail=you@example.com, and follow the link in the mail from AWS Notifications.",
    )


def clock(deployment: Deployment) -> Finding:
    """Compare this machine's clock with AWS's, because the times of records that are written here come from this clock."""
    answer = deployment.sts.get_caller_identity()
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if date is None:
        return not_checked("The answer of AWS had no date.")
    skew = int(deployment.clock() - parsedate_to_datetime(date).timestamp())
    if abs(skew) > MAX_CLOCK_SKEW_S:
        return broken(
            f"This machine's clock is {abs(skew)} seconds {'fast' if skew > 0 else 'slow'}: it shows and writes wrong"
            " times, and AWS refuses requests that are 5 minutes off.",
            "Switch on time synchronisation.",
        )
    return ok("This machine's clock agrees with AWS's.")


def quota(deployment: Deployment) -> Finding:
    """Count the parameters of the account in this Region, and stop at the quota of standard parameters."""
    number = 0
    for page in deployment.ssm.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 50}):
        before, number = number, number + len(page["Parameters"])
        if number // 1000 > before // 1000:
            say(f"Counting parameters: {number} ...")
        if number > STANDARD_PARAMETERS:
            break
    free = STANDARD_PARAMETERS - number
    if free <= 0:
        return broken(
            f"All {STANDARD_PARAMETERS} standard parameters of this account and Region are used.",
            "Delete unused parameters. Otherwise new tokens become advanced parameters, at $0.05 a month each.",
        )
    if free < STANDARD_PARAMETERS // 10:
        return warning(
            f"Parameter Store has room for {free // 2} more connections.",
            "Delete unused parameters, or plan another account or Region.",
        )
    return ok(f"Parameter Store has room for {free // 2} more connections.")


def heartbeat(deployment: Deployment) -> Finding:
    """Check in ScheduleFunction's log that a run ended within HEARTBEAT_S."""
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
        f"ScheduleFunction has not completed a run since {since:%H:%M} UTC: tokens are not checked.",
        f"Read the log group {group}, and check that the schedule of ScheduleFunction is enabled.",
    )
