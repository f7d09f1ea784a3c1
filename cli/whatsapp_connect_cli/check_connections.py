"""Check the connections for the doctor: records, keys, publishing, checks, brake and dead letters."""

from whatsapp_connect.errors import TokenUnreadableError
from whatsapp_connect.token_rules import DOUBT_S
from whatsapp_connect_cli.check_facebook import live_records
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, ok, warning
from whatsapp_connect_cli.output import ago, moment, name_some
from whatsapp_connect_cli.story import is_stuck, send_problem

UNPUBLISHED_S = 900
"""The threshold of UnpublishedAlarm in template.yaml."""
OVERDUE_S = 7_200
"""The threshold of ChecksOverdueAlarm in template.yaml."""
TOKENS_DECRYPTED = 5
"""How many tokens are decrypted. While PreviousTokenKey is set, all are."""


def records(deployment: Deployment) -> Finding:
    """Find records that the functions cannot read and therefore skip."""
    found, unreadable = deployment.all_records
    if unreadable:
        return broken(
            f"{len(unreadable)} records cannot be read, so their tokens are not checked: {name_some(unreadable)}.",
            f"Look at these items in {deployment.settings.connection_table}: an attribute is missing or wrong. If you"
            " cannot repair an item, delete it and ask the person to connect again.",
        )
    return ok(f"All {len(found)} records can be read.")


def accounts(deployment: Deployment) -> Finding:
    """Check that every live connection is usable: an account is proven, subscribed and not blocked."""
    alive = live_records(deployment)
    unknown = [record.connection_id for record in alive if not record.proven_accounts]
    if unknown:
        return warning(
            f"No WhatsApp account is known of {len(unknown)} connections: {name_some(unknown)}.",
            "See whatsapp-connect connections show ID. If you know the account: whatsapp-connect connections accounts ID"
            " --add WABA_ID",
        )
    unusable = [record.connection_id for record in alive if not record.is_usable]
    if unusable:
        return warning(
            f"The app is subscribed to no account of {len(unusable)} connections, so nothing is received:"
            f" {name_some(unusable)}.",
            "See whatsapp-connect connections accounts ID, then whatsapp-connect connections check ID",
        )
    blocked: dict[str, list[str]] = {}
    for record in alive:
        if problem := send_problem(record):
            blocked.setdefault(problem, []).append(record.connection_id)
    if blocked:
        return warning(
            " ".join(f"{len(ids)} connections {problem}: {name_some(ids)}." for problem, ids in blocked.items()),
            "See whatsapp-connect connections accounts ID. The business adds a payment method in WhatsApp Manager.",
        )
    return ok(f"All {len(alive)} connections are usable.")


def keys(deployment: Deployment) -> Finding:
    """Check that the functions may use the keys of the tokens: some tokens, or all while PreviousTokenKey is set."""
    key, previous = deployment.settings.token_key_id, deployment.stack_parameters.get("PreviousTokenKey", "")
    alive = live_records(deployment)
    other: dict[str, list[str]] = {}
    unreadable: list[str] = []
    for record in alive if previous else alive[:TOKENS_DECRYPTED]:
        if record.token is None:
            continue
        try:
            _, used = deployment.cipher.decrypt(record.connection_id, record.token)
        except TokenUnreadableError:
            unreadable.append(record.connection_id)
            continue
        for one in {used, record.published.key_id} - {key, ""}:
            other.setdefault(one, []).append(record.connection_id)
    if unreadable:
        return broken(
            f"{len(unreadable)} tokens cannot be decrypted: {name_some(unreadable)}. They are not deleted, and not checked.",
            "Check that the key that encrypted them is enabled, and that your policy allows you to use it.",
        )
    for one, ids in other.items():
        if one != previous:
            return broken(
                f"{len(ids)} connections are encrypted with {one}, which the functions are not allowed to use:"
                f" {name_some(ids)}.",
                f"Deploy with PreviousTokenKey={one} until the checks have encrypted them again.",
            )
        return warning(
            f"{len(ids)} connections are still encrypted with {one}: {name_some(ids)}.",
            "Run whatsapp-connect publish --all to encrypt the parameters again. The checks encrypt the records again"
            " within a day. Then deploy with an empty PreviousTokenKey.",
        )
    return ok("The tokens are encrypted with the stack's key.")


def publishing(deployment: Deployment) -> Finding:
    """Check that no record has waited to be published for UNPUBLISHED_S."""
    now = deployment.clock()
    late = [
        record
        for record in deployment.all_records[0]
        if record.publish_at is not None and now - record.publish_at > UNPUBLISHED_S
    ]
    if not deployment.settings.publishing:
        return warning(
            f"Publishing is paused. {len(late)} connections are waiting.",
            "To publish, deploy with Publishing=enabled.",
        )
    if late:
        return broken(
            f"{len(late)} connections have waited 15 minutes or longer to be published:"
            f" {name_some([record.connection_id for record in late])}.",
            f"See `not published` and `not sent` in the log group {deployment.resources['PublishLogGroup']}."
            " PublishFunction tries again by itself. To try at once: whatsapp-connect publish ID",
        )
    return ok("No connection is waiting to be published.")


def checks(deployment: Deployment) -> Finding:
    """Check that no check is overdue and no connection is stuck."""
    if not deployment.settings.checking:
        return warning(
            "Checking is paused: no token is checked or extended.", "To check, deploy with Checking=enabled."
        )
    oldest = deployment.connections.oldest_due_at()
    if oldest is not None and deployment.clock() - oldest > OVERDUE_S:
        return broken(
            f"{deployment.connections.number_due()} checks are due. The oldest became due"
            f" {ago(deployment.clock() - oldest)}.",
            "See the check `app` above, and run whatsapp-connect due.",
        )
    stuck = [record.connection_id for record in deployment.all_records[0] if is_stuck(record)]
    if stuck:
        return warning(
            f"The last ten or more checks of {len(stuck)} connections failed: {name_some(stuck)}.",
            f"See `check failed` in the log group {deployment.resources['CheckLogGroup']}.",
        )
    return ok("No check is overdue.")


def brake(deployment: Deployment) -> Finding:
    """Find tokens that Facebook has called invalid without a reason for more than two hours, and a released brake."""
    now = deployment.clock()
    doubted = [
        record.connection_id
        for record in live_records(deployment)
        if record.doubt_since and now - record.doubt_since > 2 * DOUBT_S
    ]
    found = deployment.brake.show()
    if doubted:
        return broken(
            f"Facebook has called {len(doubted)} tokens invalid for hours and gives no reason: {name_some(doubted)}."
            " The brake keeps them.",
            "See https://metastatus.com. If the tokens really are dead: whatsapp-connect brake release --for 1h",
        )
    if not found.limit:
        return warning(
            f"The brake is released until {moment(found.released_until)} UTC.",
            "Nothing to do: the limit applies again after that.",
        )
    return ok(f"Unexplained endings permitted this hour: {found.permits} (limit {found.limit}).")


def dead_letters(deployment: Deployment) -> Finding:
    """Find messages in the dead-letter queues."""
    found = {
        name: int(
            deployment.sqs.get_queue_attributes(
                QueueUrl=deployment.resources[name], AttributeNames=["ApproximateNumberOfMessages"]
            )["Attributes"]["ApproximateNumberOfMessages"]
        )
        for name in ("CheckFailures", "AlertFailures")
    }
    if any(found.values()):
        waiting = ", ".join(f"{number} in {name}" for name, number in found.items() if number)
        return warning(
            f"Messages that could not be processed: {waiting}.",
            "CheckFailures: find out why CheckFunction crashed, then purge the queue; the records stay due."
            " AlertFailures: mails that were not sent; each message holds the event.",
        )
    return ok("The dead-letter queues are empty.")
