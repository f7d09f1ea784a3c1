"""`whatsapp-connect connections check`: have a connection checked now, and say what came of it."""

from time import monotonic

import click

from whatsapp_connect import token_rules
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import Asked, ConnectionId, common_options
from whatsapp_connect_cli.output import say, show_json, show_line
from whatsapp_connect_cli.records import load, summary

PATIENCE_S = 180.0
"""How long to wait: the second check within a minute is put off for a minute, and a check may take two."""
FACEBOOK_S = 20.0

_OUTCOMES = {
    "renewed": "{id} was extended, and readers get the new token.",
    "checked": "{id} works. It was too early to extend its token.",
    "not-extended": "{id} works. Facebook did not extend its token, and is asked again later.",
    "doubtful": (
        "{id} is in doubt: Facebook calls its token invalid and does not say why."
        " It ends if Facebook says the same an hour later."
    ),
    "braked": ("{id} is in doubt for more than an hour, and the brake holds it. See: whatsapp-connect brake show"),
    "expired": "{id} has expired: its token is removed.",
    "revoked": "{id} is revoked: its token is removed.",
    "compared": "{id} has no token that Facebook could be asked about; its parameters were compared with the record.",
    "gone": "{id} was deleted meanwhile.",
    "failed": "{id} could not be checked; its token is kept.",
    "unavailable": "{id} could not be checked, as Facebook does not answer the app; its token is kept.",
    "not-seen": "No check of {id} was seen.",
}
_FAILED = frozenset({"failed", "unavailable", "not-seen"})


@click.command()
@click.argument("connection_id", type=ConnectionId())
@common_options
@click.pass_obj
def check(asked: Asked, connection_id: str) -> None:
    """Check a connection now, and extend its token if it ends within 30 days.

    Puts it on CheckQueue, which does not wait behind what is due, and waits for the outcome. Two checks within a
    minute are one: the second takes a minute more.
    """
    deployment = asked.find()
    before = load(deployment, connection_id)
    if not deployment.settings.checking:
        raise RefusedError("Checking is paused. Deploy with Checking=enabled. Nothing was changed.")
    asked_at = deployment.clock()
    deployment.check_queue.send(connection_id)
    say("Waiting for CheckFunction ...")

    def seen() -> str | None:
        return outcome(before, deployment.connections.load(connection_id), asked_at=asked_at)

    found = deployment.wait_for(seen, seconds=PATIENCE_S) or "not-seen"
    if found == "not-seen":
        deployment.facebook.check_app(deadline=monotonic() + FACEBOOK_S)  # raises the reason, if it is Facebook
    after = deployment.connections.load(connection_id)
    if asked.json:
        about = {"connection": summary(deployment, after)} if after else {}
        show_json({"connection_id": connection_id, "outcome": found} | about)
    else:
        show_line(_OUTCOMES[found].format(id=connection_id))
    if found in _FAILED:
        raise FailedError("See `check failed` in CheckFunction's log, and whatsapp-connect doctor.")


def outcome(before: ConnectionRecord, after: ConnectionRecord | None, *, asked_at: float) -> str | None:
    """Return how a check ended, from the record before and after it, or None while none is seen."""
    if after is None or after.status == "forgotten":
        return "gone"
    if not after.is_alive and after.status != before.status:
        return after.status
    if after.failures > before.failures:
        return "failed"
    if after.checked_at != before.checked_at:
        return _checked(before, after)
    # A check that reached nobody leaves the connection due.
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
