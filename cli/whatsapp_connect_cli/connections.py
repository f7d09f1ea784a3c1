"""`whatsapp-connect connections`: list, show, check, import and disconnect connections, and show their accounts."""

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
from whatsapp_connect_cli.accounts import accounts
from whatsapp_connect_cli.check import check
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.disconnect import disconnect
from whatsapp_connect_cli.errors import RefusedError
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, WabaId, common_options
from whatsapp_connect_cli.output import ago, say, show_json, show_line, show_table
from whatsapp_connect_cli.records import load, load_all, summary

IMPORT_TIMEOUT_S = 30.0
"""For Facebook's answers and the transaction together."""
PUBLISH_WAIT_S = 10.0
"""How long to wait until the token's parameter is published."""


@click.group()
@common_options
def connections() -> None:
    """List, show, check, import and disconnect connections, and show their accounts."""


connections.add_command(accounts)
connections.add_command(check)
connections.add_command(disconnect)


@connections.command("list")
@common_options
@click.pass_obj
def list_(options: CommonOptions) -> None:
    """List the connections. Those that need attention come first."""
    deployment = options.find()
    now = deployment.clock()
    found = sorted(load_all(deployment), key=lambda record: _urgency(record, now=now))
    if options.json:
        show_json([summary(deployment, record) for record in found])
        return
    if not found:
        say("There are no connections yet. To invite somebody: whatsapp-connect links create CONNECTION_ID")
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
def show(options: CommonOptions, connection_id: str) -> None:
    """Show one connection and what to do next."""
    deployment = options.find()
    record = load(deployment, connection_id)
    found = story.describe(
        record,
        parameter_name=deployment.parameters.token_name(connection_id),
        differs=_differs(deployment, record),
        now=deployment.clock(),
        reconnect_url=deployment.reconnect_url(connection_id),
        required_scopes=deployment.settings.required_scopes,
    )
    if options.json:
        show_json(summary(deployment, record) | {"story": found.sentences, "next": found.next})
        return
    for sentence in found.sentences:
        show_line(sentence)
    show_line("")
    show_line("What to do next:")
    for sentence in found.next:
        show_line(f"  {sentence}")


@connections.command("import")
@click.argument("connection_id", type=ConnectionId())
@click.option("--any-user", is_flag=True, help="Allow another Facebook user than before.")
@click.option(
    "--account",
    "waba_ids",
    type=WabaId(),
    multiple=True,
    help="A WhatsApp Business account to look for, if Facebook does not name it. May be repeated.",
)
@common_options
@click.pass_obj
def import_(options: CommonOptions, connection_id: str, *, any_user: bool, waba_ids: tuple[str, ...]) -> None:
    """Store a token made in Meta's Business Settings. Reads it from stdin, or from a prompt that does not show it.

    The token must pass the same checks as a login's: Facebook's debugger says that it is valid, belongs to this app
    and to a user, has every required permission and does not end within seven days.
    """
    deployment = options.find()
    typed = sys.stdin.isatty()
    value = click.prompt("Token", hide_input=True, err=True) if typed else sys.stdin.read(64 * 1024)
    value = value.strip()
    if not is_access_token(value):
        raise RefusedError("This is not an access token. Nothing was changed.")
    deadline = monotonic() + IMPORT_TIMEOUT_S
    flow = _login_flow(deployment)
    say("Verifying the token with Facebook's debugger ...")
    verified = flow.verify(AccessToken(value=value, expires_in=None), deadline=deadline)
    stored = flow.store(connection_id, verified, any_user=any_user, waba_ids=waba_ids, deadline=deadline)

    def load_published() -> ConnectionRecord | None:
        record = deployment.connections.load(connection_id)
        is_published = record and record.published.token_number >= stored.token_number
        return record if is_published else None

    record = deployment.wait_for(load_published, seconds=PUBLISH_WAIT_S)
    if options.json:
        show_json(summary(deployment, record or load(deployment, connection_id)))
    elif record:
        name = deployment.parameters.token_name(connection_id)
        show_line(f"{connection_id} is connected: version {record.published.version} of {name}.")
    else:
        show_line(
            f"{connection_id} is connected, but readers do not find its token yet. See whatsapp-connect connections"
            f" show {connection_id}."
        )
    if stored.status_reason == "accounts-unknown":
        say(
            "Facebook shows no WhatsApp Business account for the token. If you know the account:"
            f" whatsapp-connect connections accounts {connection_id} --add WABA_ID"
        )


def _login_flow(deployment: Deployment) -> LoginFlow:
    settings = deployment.settings
    return LoginFlow(
        states=StateStore(
            client=deployment.dynamodb,
            table=settings.state_table,
            lifetime_s=settings.login_minutes * 60,
            secure_cookies=settings.secure_cookies,
            clock=deployment.clock,
        ),
        links=deployment.links,
        connections=deployment.connections,
        transactions=TransactionRunner(client=deployment.dynamodb),
        cipher=deployment.cipher,
        parameters=deployment.parameters,
        facebook=deployment.facebook,
        finder=deployment.finder,
        app_id=settings.meta_app_id,
        required_scopes=settings.required_scopes,
        on_trouble=_on_trouble,
        clock=deployment.clock,
    )


def _on_trouble(message: str, exception: Exception) -> None:
    """Print what failed after the token was stored. The functions try it again."""
    reason = f" ({exception.reason})" if isinstance(exception, LoginError) else ""
    say(f"The token is stored, but: {message}{reason}. The functions try again.")


def _differs(deployment: Deployment, record: ConnectionRecord) -> bool:
    """Return whether the parameters differ from the record, for a record that is not waiting to be published."""
    if record.publish_at is not None:
        return False
    wanted = events.parameter_text(events.metadata(record)) if deployment.settings.metadata else None
    parameters = deployment.parameters
    return (
        parameters.token_version(record.connection_id) != record.published.version
        or parameters.metadata(record.connection_id) != wanted
    )


def _days(record: ConnectionRecord, *, now: float) -> str:
    days = story.days_left(record, now=now)
    if days is not None:
        return str(days)
    return "never ends" if record.is_alive else "-"


def _urgency(record: ConnectionRecord, *, now: float) -> tuple[int, bool, int, str]:
    order = ("revoked", "expired", "expiring", "active", "forgotten")
    days = story.days_left(record, now=now)
    return (
        order.index(record.status),
        not story.notes(record, now=now),
        10**6 if days is None else days,
        record.connection_id,
    )
