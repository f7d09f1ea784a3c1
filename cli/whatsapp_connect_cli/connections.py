"""`whatsapp-connect connections`: who is connected, for how long, and what to do about it."""

import sys
from collections.abc import Mapping
from time import monotonic
from typing import Any

import click

from whatsapp_connect import events
from whatsapp_connect.acceptance import accept
from whatsapp_connect.answers import is_access_token
from whatsapp_connect.errors import LoginError
from whatsapp_connect.keep import keep
from whatsapp_connect.model import AccessToken, Inspection, PhoneNumber
from whatsapp_connect_cli import story
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.disconnect import disconnect
from whatsapp_connect_cli.errors import FailedError, NotFoundError, RefusedError
from whatsapp_connect_cli.options import Asked, ConnectionId, common_options
from whatsapp_connect_cli.output import ago, iso, say, show_json, show_line, show_table

PATIENCE = 30.0
"""Seconds for Facebook's answers and other writers."""


@click.group()
@common_options
def connections() -> None:
    """Who is connected, and what to do about it."""


connections.add_command(disconnect)


@connections.command("list")
@common_options
@click.pass_obj
def list_(asked: Asked) -> None:
    """List the connections, those that need somebody first."""
    deployment = asked.find()
    now = deployment.clock()
    found = sorted(deployment.connections.list(), key=lambda record: _urgency(record, now=now))
    if asked.json:
        show_json([summary(record, now=now) for record in found])
        return
    if not found:
        say("Nobody is connected yet. To invite somebody: whatsapp-connect links create CONNECTION_ID")
        return
    show_table(
        ("CONNECTION", "STATUS", "DAYS LEFT", "LAST CHECK", "PHONE NUMBERS"),
        (
            (
                record["connection_id"],
                record["status"],
                _days(record, now=now),
                ago(now - int(record["checked_at"])) if "checked_at" in record else "-",
                story.numbers(record, most=2) or "-",
            )
            for record in found
        ),
    )


@connections.command()
@click.argument("connection_id", type=ConnectionId())
@common_options
@click.pass_obj
def show(asked: Asked, connection_id: str) -> None:
    """Tell one connection's story, and what to do next."""
    deployment = asked.find()
    record = load(deployment, connection_id)
    now = deployment.clock()
    told = story.tell(
        record,
        metadata=deployment.vault.metadata(connection_id),
        now=now,
        connect_url=deployment.settings.connect_url,
        required_scopes=deployment.settings.required_scopes,
    )
    if asked.json:
        show_json(summary(record, now=now) | {"story": told.sentences, "next": told.next})
        return
    for sentence in told.sentences:
        show_line(sentence)
    show_line("")
    show_line("What to do next:")
    for sentence in told.next:
        show_line(f"  {sentence}")


@connections.command()
@click.argument("connection_id", type=ConnectionId())
@common_options
@click.pass_obj
def renew(asked: Asked, connection_id: str) -> None:
    """Check a connection now, and extend its token if it ends within 30 days.

    Runs RenewFunction, which also does whatever else is due.
    """
    deployment = asked.find()
    before = load(deployment, connection_id)
    if not deployment.connections.make_due(connection_id):
        raise RefusedError(
            f"{connection_id} is {before['status']} and has no token: only connecting it again helps."
            f" See whatsapp-connect connections show {connection_id}."
        )
    say("Running RenewFunction; with many connections due this takes minutes ...")
    answer = deployment.functions.invoke(FunctionName=deployment.resources["RenewFunction"], Payload=b"{}")
    after = deployment.connections.load(connection_id)
    outcome = _outcome(before, after)
    if asked.json:
        show_json(
            {"connection_id": connection_id, "outcome": outcome} | _after(after, now=deployment.clock())
        )
    else:
        show_line(_OUTCOMES[outcome].format(connection_id=connection_id))
    if outcome in {"failed", "unchecked"}:
        raise FailedError("See `check failed` in RenewFunction's log, and whatsapp-connect doctor.")
    if "FunctionError" in answer:
        say("The run met another trouble: see RenewFunction's log.")


@connections.command("import")
@click.argument("connection_id", type=ConnectionId())
@click.option("--any-user", is_flag=True, help="Another Facebook user than before may be behind it.")
@common_options
@click.pass_obj
def import_(asked: Asked, connection_id: str, *, any_user: bool) -> None:
    """Adopt a token made in Meta's Business Settings, from stdin or typed in unseen.

    Facebook's debugger must vouch for it as for a login's: made for this app, somebody's, with every permission, and
    good for a week or more.
    """
    deployment = asked.find()
    typed = sys.stdin.isatty()
    value = click.prompt("Token", hide_input=True, err=True) if typed else sys.stdin.read(64 * 1024)
    value = value.strip()
    if not is_access_token(value):
        raise RefusedError("That is no token. Nothing was changed.")
    token = AccessToken(value=value, expires_in=None)
    deadline = monotonic() + PATIENCE
    app_secret = deployment.vault.app_secret()
    say("Asking Facebook's debugger about the token ...")
    inspection = deployment.facebook.inspect(token, app_secret=app_secret, deadline=deadline)
    accept(
        inspection,
        app_id=deployment.settings.meta_app_id,
        required_scopes=deployment.settings.required_scopes,
        now=deployment.clock(),
    )
    keep(
        connection_id,
        token,
        inspection,
        connections=deployment.connections,
        vault=deployment.vault,
        list_phone_numbers=lambda: _phone_numbers(deployment, token, inspection, deadline=deadline),
        deadline=deadline,
        links=deployment.links,
        new_user=any_user,
    )
    record = load(deployment, connection_id)
    if asked.json:
        show_json(summary(record, now=deployment.clock()))
        return
    show_line(
        f"{connection_id} is connected: version {record['token_version']} of {record['parameter_name']}."
    )


def load(deployment: Deployment, connection_id: str) -> Mapping[str, Any]:
    """Return the record of a connection. Raises NotFoundError."""
    record = deployment.connections.load(connection_id)
    if record is None:
        raise NotFoundError(f"There is no connection {connection_id}. See whatsapp-connect connections list.")
    return record


def summary(record: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """Return what --json says of a connection: what readers may know, and how it is looked after."""
    about = events.metadata(record) or {"user_id": record["user_id"], "status": record["status"]}
    return {
        "connection_id": record["connection_id"],
        **about,
        "days_left": story.days_left(record, now=now),
        "access_token_parameter": record["parameter_name"],
        **{
            name: iso(int(record.get(name) or 0))
            for name in ("connected_at", "renewed_at", "checked_at", "next_check_at")
        },
        "failures": int(record.get("failures", 0)),
    }


def _phone_numbers(
    deployment: Deployment, token: AccessToken, inspection: Inspection, *, deadline: float
) -> list[PhoneNumber]:
    try:
        return deployment.facebook.phone_numbers(
            inspection.waba_ids, token, app_secret=deployment.vault.app_secret(), deadline=deadline
        )
    except LoginError as error:
        say(f"The phone numbers could not be listed ({error.reason}); the next check tries again.")
        return []


_OUTCOMES = {
    "renewed": "{connection_id} was extended, and readers get the new token.",
    "checked": "{connection_id} works. Facebook did not extend it, or it is too early for that.",
    "expired": "{connection_id} has expired: its token was removed.",
    "revoked": "{connection_id} is revoked: its token was removed.",
    "forgotten": "{connection_id} was waiting to be deleted, and now is.",
    "failed": "{connection_id} could not be checked; its token is kept.",
    "unchecked": "{connection_id} was not checked: a login is at work on it, or the run came to its end before.",
}


def _outcome(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> str:
    """Say what a check did, from the record before and after it."""
    if after is None:
        return "forgotten"
    if after["status"] in {"expired", "revoked"}:
        return str(after["status"])
    if int(after.get("failures", 0)) > int(before.get("failures", 0)):
        return "failed"
    if not int(after["next_check_at"]):
        return "unchecked"
    return "renewed" if after.get("renewed_at") != before.get("renewed_at") else "checked"


def _after(record: Mapping[str, Any] | None, *, now: float) -> dict[str, Any]:
    return {} if record is None else {"connection": summary(record, now=now)}


def _days(record: Mapping[str, Any], *, now: float) -> str:
    left = story.days_left(record, now=now)
    if left is not None:
        return str(left)
    return "never ends" if record["status"] in {"active", "expiring"} else "-"


def _urgency(record: Mapping[str, Any], *, now: float) -> tuple[int, int, str]:
    order = ("revoked", "expired", "expiring", "pending", "active")
    left = story.days_left(record, now=now)
    return order.index(record["status"]), 10**6 if left is None else left, record["connection_id"]
