"""Check for the doctor what the stack stores in: app secret, key, tables and Parameter Store; and the clock."""

from email.utils import parsedate_to_datetime
from time import monotonic, time

from whatsapp_connect.errors import SetupError
from whatsapp_connect_cli.check_facebook import DASHBOARD, STORE_APP_SECRET
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, not_checked, ok, warning
from whatsapp_connect_cli.output import say

MAX_CLOCK_SKEW_S = 60
"""The largest allowed difference between this machine's clock and AWS's."""
STANDARD_PARAMETERS = 10_000
"""The quota of an account in one Region. Parameters above it are advanced ones, which cost money."""
COUNT_S = 2.0
"""How long parameters are counted in a run of all checks. Counting them all can take a minute."""

_MANAGED_KEY = "alias/aws/ssm"
_READY = frozenset({"ACTIVE", "UPDATING"})


def app_secret(deployment: Deployment) -> Finding:
    """Check the type, the key and the format of the app secret's parameter. The finding never shows the secret."""
    name = f"{deployment.settings.parameter_prefix}/app-secret"
    ssm = deployment.ssm
    try:
        kind = ssm.get_parameter(Name=name)["Parameter"]["Type"]
    except ssm.exceptions.ParameterNotFound:
        return broken(
            f"{name} is missing: nobody can connect.",
            f"Copy the App secret from {DASHBOARD}, App settings, Basic, then run: {STORE_APP_SECRET}",
        )
    if kind != "SecureString":
        return broken(
            f"{name} is a {kind}, which is not encrypted: everybody who can read parameters can read it.",
            f"Run aws ssm delete-parameter --name {name}, reset the App secret in Meta's dashboard, and store the new"
            f" one: {STORE_APP_SECRET}",
        )
    about = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [name]}])["Parameters"]
    key = about[0].get("KeyId", _MANAGED_KEY) if about else _MANAGED_KEY
    if key != deployment.settings.token_key_id:
        why = (
            "so everybody in this account who can read parameters can decrypt it"
            if key == _MANAGED_KEY
            else "which the functions are not allowed to use"
        )
        return broken(f"{name} is encrypted with {key}, {why}.", f"Store it again: {STORE_APP_SECRET}")
    try:
        secrets = deployment.app_secrets.read()
    except SetupError as error:
        ignored = error.fields.get("ignored")
        what = ", ".join(ignored) if isinstance(ignored, list) else "it is empty"
        return broken(
            f"{name} holds no app secret: {what}.",
            f"In {DASHBOARD}, App settings, Basic: press Show at the App secret, then run: {STORE_APP_SECRET}",
        )
    if secrets.ignored:
        return warning(
            f"{name} holds more than the app secret. The functions ignore: {', '.join(secrets.ignored)}.",
            f"Store only the app secret: {STORE_APP_SECRET}",
        )
    return ok(f"{name} is a SecureString under the stack's key.")


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


def clock(deployment: Deployment) -> Finding:
    """Compare this machine's clock with AWS's. Commands take AWS's time, but AWS refuses requests that are 5 minutes off."""
    answer = deployment.sts.get_caller_identity()
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    if date is None:
        return not_checked("The answer of AWS had no date.")
    skew = int(time() - parsedate_to_datetime(date).timestamp())
    if abs(skew) > MAX_CLOCK_SKEW_S:
        return broken(
            f"This machine's clock is {abs(skew)} seconds {'fast' if skew > 0 else 'slow'}. AWS refuses requests that are 5"
            " minutes off.",
            "Switch on time synchronisation.",
        )
    return ok("This machine's clock agrees with AWS's.")


def quota(deployment: Deployment, *, complete: bool = False) -> Finding:
    """Count the parameters of the account in this Region, for COUNT_S, and stop at the quota of standard parameters.

    With `complete`, the time is not limited.
    """
    number = 0
    until = monotonic() + COUNT_S
    is_stopped = False
    for page in deployment.ssm.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 50}):
        before, number = number, number + len(page["Parameters"])
        if complete and number // 1000 > before // 1000:
            say(f"Counting parameters: {number} ...")
        is_stopped = not complete and monotonic() > until and "NextToken" in page
        if number > STANDARD_PARAMETERS or is_stopped:
            break
    free = STANDARD_PARAMETERS - number
    if free <= 0:
        return broken(
            f"All {STANDARD_PARAMETERS} standard parameters of this account and Region are used.",
            "Delete unused parameters. Otherwise new tokens become advanced parameters, at $0.05 a month each.",
        )
    if free < STANDARD_PARAMETERS // 10:
        return warning(
            f"Parameter Store has room for {free // 2} more connections{' or less' if is_stopped else ''}.",
            "Delete unused parameters, or plan another account or Region.",
        )
    if is_stopped:
        return not_checked(
            f"Parameter Store has at least {number} parameters. The count was stopped after {COUNT_S:g} seconds.",
            "Count them all: whatsapp-connect doctor --only quota",
        )
    return ok(f"Parameter Store has room for {free // 2} more connections.")


def key(deployment: Deployment) -> Finding:
    """Check that the keys of the stack can be used, and that its own is rotated."""
    current, previous = deployment.settings.token_key_id, deployment.stack_parameters.get("PreviousTokenKey", "")
    for one in (current, previous):
        state = deployment.kms.describe_key(KeyId=one)["KeyMetadata"]["KeyState"] if one else "Enabled"
        if state == "PendingDeletion":
            return broken(
                f"{one} will be deleted, and every token under it with it. Until then nothing can be decrypted.",
                f"aws kms cancel-key-deletion --key-id {one} && aws kms enable-key --key-id {one}",
            )
        if state != "Enabled":
            return broken(
                f"{one} is not enabled ({state}): no token can be stored or read.", f"aws kms enable-key --key-id {one}"
            )
    is_own = "TokenEncryptionKey" in deployment.resources
    if is_own and not deployment.kms.get_key_rotation_status(KeyId=current)["KeyRotationEnabled"]:
        return warning(
            "The stack's key is enabled, but not rotated.", f"aws kms enable-key-rotation --key-id {current}"
        )
    return ok("The stack's key is enabled" + (" and rotated." if is_own else "."))


def tables(deployment: Deployment) -> Finding:
    """Check that the tables exist, and that a damaged ConnectionTable can be restored."""
    settings = deployment.settings
    wrong = []
    for table in (
        settings.connection_table,
        settings.state_table,
        settings.link_table,
        settings.deletion_table,
        settings.brake_table,
        settings.account_table,
    ):
        try:
            status: str = deployment.dynamodb.describe_table(TableName=table)["Table"]["TableStatus"]
        except deployment.dynamodb.exceptions.ResourceNotFoundException:
            status = "does not exist"
        if status not in _READY:
            wrong.append(f"{table} ({status})")
    if wrong:
        return broken(
            f"Tables that cannot be used: {', '.join(wrong)}.", "Restore them: docs/recovery.md explains how."
        )
    if deployment.place.is_local:
        return ok("All tables can be used. A local stack has no backups.")
    table = settings.connection_table
    backups = deployment.dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    if backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] != "ENABLED":
        return warning(
            f"Point-in-time recovery is off for {table}: lost records cannot be restored.",
            f"aws dynamodb update-continuous-backups --table-name {table}"
            " --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true",
        )
    return ok("All tables can be used, and ConnectionTable can be restored.")
