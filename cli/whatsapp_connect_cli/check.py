"""`whatsapp-connect connections check`: have a connection checked now, and show the result."""

from time import monotonic

import click

from whatsapp_connect import token_rules
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, common_options
from whatsapp_connect_cli.output import say, show_json, show_line
from whatsapp_connect_cli.records import load, summary

WAIT_S = 180.0
"""A second check within a minute starts one minute later, and a check takes up to two minutes."""
FACEBOOK_TIMEOUT_S = 20.0

_OUTCOMES = {
    "renewed": "{id} works. Its token was extended, and readers get the new token.",
    "checked": "{id} works. It was too early to extend its token.",
    "not-extended": "{id} works. Facebook did not extend its token. The next checks try again.",
    "doubtful": (
        "{id} is in doubt: Facebook calls its token invalid and gives no reason."
        " It ends if Facebook says the same an hour later."
    ),
    "braked": "{id} has been in doubt for more than an hour. The brake keeps it. See: whatsapp-connect brake show",
    "expired": "{id} has expired. Its token was deleted.",
    "revoked": "{id} is revoked. Its token was deleted.",
    "compared": "{id} has no token to check. Its parameters were compared with the record.",
    "gone": "{id} was deleted during the check.",
    "failed": "{id} could not be checked. Its token was not changed.",
    "unavailable": "{id} could not be checked, because Facebook does not answer the app. Its token was not changed.",
    "not-seen": "CheckFunction did not check {id} within three minutes.",
}
_FAILED = frozenset({"failed", "unavailable", "not-seen"})


@click.command()
@click.argument("connection_id", type=ConnectionId())
@common_options
@click.pass_obj
def check(options: CommonOptions, connection_id: str) -> None:
    """Check a connection now.

    Extends its token if it ends within 30 days. Sends the connection to CheckQueue, which does not wait for the
    checks that are due, and waits for the result. A second check within a minute starts one minute later.
    """
    deployment = options.find()
    before = load(deployment, connection_id)
    if not deployment.settings.checking:
        raise RefusedError("Checking is paused. To check, deploy with Checking=enabled. Nothing was changed.")
    asked_at = deployment.clock()
    deployment.check_queue.send(connection_id)
    say("Waiting for CheckFunction ...")

    def find_outcome() -> str | None:
        return outcome(before, deployment.connections.load(connection_id), asked_at=asked_at)

    found = deployment.wait_for(find_outcome, seconds=WAIT_S) or "not-seen"
    if found == "not-seen":
        # Raises the reason if Facebook is the cause.
        deployment.facebook.check_app(deadline=monotonic() + FACEBOOK_TIMEOUT_S)
    after = deployment.connections.load(connection_id)
    if options.json:
        about = {"connection": summary(deployment, after)} if after else {}
        show_json({"connection_id": connection_id, "outcome": found} | about)
    else:
        show_line(_OUTCOMES[found].format(id=connection_id))
    if found in _FAILED:
        raise FailedError("See `check failed` in CheckFunction's log, and whatsapp-connect doctor.")


def outcome(before: ConnectionRecord, after: ConnectionRecord | None, *, asked_at: float) -> str | None:
    """Return the key in _OUTCOMES of a check, from the records before and after it; None if no check ended yet."""
    if after is None or after.status == "forgotten":
        return "gone"
    if not after.is_alive and after.status != before.status:
        return after.status
    if after.failures > before.failures:
        return "failed"
    if after.checked_at != before.checked_at:
        return _checked(before, after)
    # A check that cannot reach Facebook makes the connection due at once.
    became_due = after.next_check_at < before.next_check_at and before.next_check_at > asked_at
    return "unavailable" if became_due else None


def _checked(before: ConnectionRecord, after: ConnectionRecord) -> str:
    if not after.is_alive:
        return "compared"
    if after.doubt_since:
        return "braked" if after.checked_at - after.doubt_since >= token_rules.DOUBT_S else "doubtful"
    if after.renewed_at != before.renewed_at:
        return "renewed"
    return "not-extended" if after.extensions_refused > before.extensions_refused else "checked"
