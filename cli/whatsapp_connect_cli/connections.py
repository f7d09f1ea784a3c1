"""`whatsapp-connect connections`: who is connected, for how long, and what to do about it."""

import sys
from time import monotonic

import click

from whatsapp_connect import events
from whatsapp_connect.errors import LoginError
from whatsapp_connect.facebook_responses import is_access_token
from whatsapp_connect.login import LoginFlow
from whatsapp_connect.model import AccessToken, ConnectionRecord
from whatsapp_connect.states import StateStore
from whatsapp_connect.transactions import TransactionRunner
from whatsapp_connect_cli import story
from whatsapp_connect_cli.check import check
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.disconnect import disconnect
from whatsapp_connect_cli.errors import RefusedError
from whatsapp_connect_cli.options import Asked, ConnectionId, common_options
from whatsapp_connect_cli.output import ago, say, show_json, show_line, show_table
from whatsapp_connect_cli.records import load, load_all, summary

PATIENCE_S = 30.0
"""How long Facebook's answers and other writers may take."""
PUBLISHING_S = 10.0
"""How long to wait for what was stored to be published."""


@click.group()
@common_options
def connections() -> None:
    """Who is connected, and what to do about it."""


connections.add_command(check)
connections.add_command(disconnect)


@connections.command("list")
@common_options
@click.pass_obj
def list_(asked: Asked) -> None:
    """List the connections, those that need somebody first."""
    deployment = asked.find()
    now = deployment.clock()
    found = sorted(load_all(deployment), key=lambda record: _urgency(record, now=now))
    if asked.json:
        show_json([summary(deployment, record) for record in found])
        return
    if not found:
        say("Nobody is connected yet. To invite somebody: whatsapp-connect links create CONNECTION_ID")
        return
    show_table(
        ("CONNECTION", "STATUS", "DAYS LEFT", "LAST CHECK", "NOTES", "PHONE NUMBERS"),
        (
            (
                record.connection_id,
                record.status,
                _days(record, now=now),
                ago(now - record.checked_at) if record.checked_at else "-",
                story.notes(record, now=now) or "-",
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
    told = story.tell(
        record,
        parameter_name=deployment.parameters.token_name(connection_id),
        differs=_differs(deployment, record),
        now=deployment.clock(),
        connect_url=deployment.settings.connect_url,
        required_scopes=deployment.settings.required_scopes,
    )
    if asked.json:
        show_json(summary(deployment, record) | {"story": told.sentences, "next": told.next})
        return
    for sentence in told.sentences:
        show_line(sentence)
    show_line("")
    show_line("What to do next:")
    for sentence in told.next:
        show_line(f"  {sentence}")


@connections.command("import")
@click.argument("connection_id", type=ConnectionId())
@click.option("--any-user", is_flag=True, help="Another Facebook user than before may be behind it.")
@common_options
@click.pass_obj
def import_(asked: Asked, connection_id: str, *, any_user: bool) -> None:
    """Store a token made in Meta's Business Settings, from stdin or typed in unseen.

    Facebook's debugger must vouch for it as for a login's: made for this app, somebody's, with every permission, and
    good for a week or more.
    """
    deployment = asked.find()
    typed = sys.stdin.isatty()
    value = click.prompt("Token", hide_input=True, err=True) if typed else sys.stdin.read(64 * 1024)
    value = value.strip()
    if not is_access_token(value):
        raise RefusedError("That is no token. Nothing was changed.")
    deadline = monotonic() + PATIENCE_S
    flow = _login(deployment)
    say("Asking Facebook's debugger about the token ...")
    verified = flow.verify(AccessToken(value=value, expires_in=None), deadline=deadline)
    stored = flow.store(connection_id, verified, any_user=any_user, deadline=deadline)

    def published() -> ConnectionRecord | None:
        record = deployment.connections.load(connection_id)
        is_out = record and record.published.token_number >= stored.token_number
        return record if is_out else None

    record = deployment.wait_for(published, seconds=PUBLISHING_S)
    if asked.json:
        show_json(summary(deployment, record or load(deployment, connection_id)))
    elif record:
        name = deployment.parameters.token_name(connection_id)
        show_line(f"{connection_id} is connected: version {record.published.version} of {name}.")
    else:
        show_line(
            f"{connection_id} is connected. Readers do not find its token yet: see whatsapp-connect connections show"
            f" {connection_id}"
        )


def _login(deployment: Deployment) -> LoginFlow:
    settings = deployment.settings
    return LoginFlow(
        states=StateStore(
            client=deployment.dynamodb,
            table=settings.state_table,
            secure_cookies=settings.secure_cookies,
            clock=deployment.clock,
        ),
        links=deployment.links,
        connections=deployment.connections,
        transactions=TransactionRunner(client=deployment.dynamodb),
        cipher=deployment.cipher,
        parameters=deployment.parameters,
        facebook=deployment.facebook,
        app_id=settings.meta_app_id,
        required_scopes=settings.required_scopes,
        on_trouble=_on_trouble,
        clock=deployment.clock,
    )


def _on_trouble(message: str, exception: Exception) -> None:
    """Tell of what went wrong after the token was stored; the functions do it again."""
    reason = f" ({exception.reason})" if isinstance(exception, LoginError) else ""
    say(f"Stored; {message}{reason}. The functions try that again.")


def _differs(deployment: Deployment, record: ConnectionRecord) -> bool:
    """Return whether the parameters of a connection that is published are not as its record says."""
    if record.publish_at is not None:
        return False
    wanted = events.parameter_text(events.metadata(record)) if deployment.settings.metadata else None
    parameters = deployment.parameters
    return (
        parameters.token_version(record.connection_id) != record.published.version
        or parameters.metadata(record.connection_id) != wanted
    )


def _days(record: ConnectionRecord, *, now: float) -> str:
    left = story.days_left(record, now=now)
    if left is not None:
        return str(left)
    return "never ends" if record.is_alive else "-"


def _urgency(record: ConnectionRecord, *, now: float) -> tuple[int, bool, int, str]:
    order = ("revoked", "expired", "expiring", "active", "forgotten")
    left = story.days_left(record, now=now)
    return (
        order.index(record.status),
        not story.notes(record, now=now),
        10**6 if left is None else left,
        record.connection_id,
    )
