"""The doctor's checks of the connections: are they read, published and checked."""

from whatsapp_connect.errors import TokenUnreadableError
from whatsapp_connect.token_rules import DOUBT_S
from whatsapp_connect_cli.check_facebook import living, named
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.finding import Finding, broken, ok, warning
from whatsapp_connect_cli.output import ago, moment
from whatsapp_connect_cli.story import is_stuck

UNPUBLISHED_S = 900
OVERDUE_S = 7_200
"""As the alarms have it."""
TRIED = 5
"""Tokens that are decrypted where no key is being changed."""


def records(deployment: Deployment) -> Finding:
    """Look for records that the functions cannot read, and therefore skip."""
    found, unreadable = deployment.survey
    if unreadable:
        return broken(
            f"{len(unreadable)} records cannot be read, and nobody watches their tokens: {named(unreadable)}.",
            f"Look at these items in {deployment.settings.connection_table}: an attribute is missing or wrong. Delete"
            " an item that cannot be repaired, and have its person connect again.",
        )
    return ok(f"All {len(found)} records can be read.")


def keys(deployment: Deployment) -> Finding:
    """Look whether the tokens are under a key that the functions may use: all while a key is changed, else a few."""
    key, previous = deployment.settings.token_key_id, deployment.stack_parameters.get("PreviousTokenKey", "")
    alive = living(deployment)
    other: dict[str, list[str]] = {}
    unreadable: list[str] = []
    for record in alive if previous else alive[:TRIED]:
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
            f"{len(unreadable)} tokens cannot be decrypted: {named(unreadable)}. They are kept, but not checked.",
            "See whether the key that encrypted them is enabled, and whether your policy lets you use it.",
        )
    for one, ids in other.items():
        if one != previous:
            return broken(
                f"{len(ids)} connections are encrypted with {one}, which the functions may not use: {named(ids)}.",
                f"Deploy with PreviousTokenKey={one}, until the checks have encrypted them again.",
            )
        return warning(
            f"{len(ids)} connections are still encrypted with {one}: {named(ids)}.",
            "whatsapp-connect publish --all for the parameters; the checks encrypt the records again within a day."
            " Then deploy with an empty PreviousTokenKey.",
        )
    return ok("The tokens are encrypted with the stack's key.")


def publishing(deployment: Deployment) -> Finding:
    """Look whether what is stored reaches the services that read it."""
    now = deployment.clock()
    late = [
        record
        for record in deployment.survey[0]
        if record.publish_at is not None and now - record.publish_at > UNPUBLISHED_S
    ]
    if not deployment.settings.publishing:
        return warning(
            f"Publishing is paused; {len(late)} connections wait.",
            "Deploy with Publishing=enabled when you are ready.",
        )
    if late:
        return broken(
            f"{len(late)} connections have waited to be published for 15 minutes and more:"
            f" {named([record.connection_id for record in late])}.",
            f"See `not published` and `not told` in the log group {deployment.resources['PublishLogGroup']}. It is"
            " tried again by itself; at once with whatsapp-connect publish ID.",
        )
    return ok("Nothing waits to be published.")


def checks(deployment: Deployment) -> Finding:
    """Look whether the checks keep up."""
    if not deployment.settings.checking:
        return warning("Checking is paused: no token is watched.", "Deploy with Checking=enabled.")
    oldest = deployment.connections.oldest_due_at()
    if oldest is not None and deployment.clock() - oldest > OVERDUE_S:
        return broken(
            f"{deployment.connections.number_due()} checks are due, the oldest since"
            f" {ago(deployment.clock() - oldest)}.",
            "See whether Facebook answers the app, above, and whatsapp-connect due.",
        )
    stuck = [record.connection_id for record in deployment.survey[0] if is_stuck(record)]
    if stuck:
        return warning(
            f"{len(stuck)} connections could not be checked ten times and more: {named(stuck)}.",
            f"See `check failed` in the log group {deployment.resources['CheckLogGroup']}.",
        )
    return ok("The checks keep up.")


def brake(deployment: Deployment) -> Finding:
    """Look whether Facebook calls tokens invalid without a reason, and whether the brake still holds."""
    now = deployment.clock()
    doubted = [
        record.connection_id
        for record in living(deployment)
        if record.doubt_since and now - record.doubt_since > 2 * DOUBT_S
    ]
    found = deployment.brake.show()
    if doubted:
        return broken(
            f"Facebook has called {len(doubted)} tokens invalid for hours, and does not say why: {named(doubted)}."
            " The brake holds them.",
            "See https://metastatus.com. If they are really dead: whatsapp-connect brake release --for 1h",
        )
    if not found.limit:
        return warning(
            f"The brake is released until {moment(found.released_until)} UTC.",
            "It holds again by itself after that.",
        )
    return ok(f"It holds, at {found.limit} unexplained endings an hour; {found.permits} in this hour.")


def dead_letters(deployment: Deployment) -> Finding:
    """Look for messages that nobody could process."""
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
            "CheckFailures: see why CheckFunction crashed; the records stay due, so purge the queue then."
            " AlertFailures: mails that were not sent; each message is the event.",
        )
    return ok("No message was given up.")
