"""`whatsapp-connect connections`: list, show, check, import, complete and disconnect connections, and show accounts."""

import sys
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

import click

from whatsapp_connect import events
from whatsapp_connect.deletions import DeletedConnection
from whatsapp_connect.errors import FacebookError, LoginError, TokenRefusedError
from whatsapp_connect.facebook_responses import is_access_token
from whatsapp_connect.links import ID_DIGITS
from whatsapp_connect.login import LoginFlow
from whatsapp_connect.model import AccessToken, ConnectionRecord
from whatsapp_connect.states import StateStore
from whatsapp_connect.transactions import TransactionRunner
from whatsapp_connect_cli import attention, story
from whatsapp_connect_cli.accounts import accounts
from whatsapp_connect_cli.check import check
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.disconnect import disconnect
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import BusinessId, CommonOptions, ConnectionId, WabaId, common_options
from whatsapp_connect_cli.output import ago, count, iso, moment, say, show_csv, show_json, show_line, show_table
from whatsapp_connect_cli.records import load, load_all, sentence, summary
from whatsapp_connect_cli.selection import Selection, link_digits, selection_options
from whatsapp_connect_cli.send_test import test

IMPORT_TIMEOUT_S = 30.0
"""For Facebook's answers and the transaction together."""
PUBLISH_WAIT_S = 10.0
"""How long to wait until the token's parameter is published."""


CSV_FIELDS = (
    "connection_id",
    "status",
    "status_reason",
    "business",
    "label",
    "days_left",
    "checked_at",
    "trouble",
    "notes",
)
_NEVER_DAYS = 10**6
SORTED_BY: dict[str, Callable[[ConnectionRecord, float, tuple[str, ...]], tuple[Any, ...]]] = {
    "trouble": lambda record, now, scopes: (_rank(record, now, scopes), _ends(record, now)),
    "id": lambda *_: (),
    "business": lambda record, *_: (story.business(record).casefold(),),
    "label": lambda record, *_: (record.label.casefold(),),
    "end": lambda record, now, _: (_ends(record, now),),
    "check": lambda record, *_: (record.checked_at,),
    "login": lambda record, *_: (-record.connected_at,),
}


@click.group()
@common_options
def connections() -> None:
    """List, show, check, test, import and disconnect connections, and show their accounts."""


connections.add_command(accounts)
connections.add_command(check)
connections.add_command(disconnect)
connections.add_command(test)


@connections.command("list")
@selection_options
@click.option(
    "--sort",
    type=click.Choice(list(SORTED_BY)),
    default="trouble",
    show_default=True,
    help="What comes first: those that need somebody, or by ID, business, label, end, last check, login.",
)
@click.option("--limit", type=click.IntRange(1), help="List at most so many.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--fields", help="With --json or --csv: names of fields, with commas.")
@common_options
@click.pass_obj
def list_(
    options: CommonOptions, selection: Selection, *, sort: str, limit: int | None, as_csv: bool, fields: str | None
) -> None:
    """List the connections. Those that need somebody come first."""
    if fields is not None and not (options.json or as_csv):
        raise click.UsageError("--fields needs --json or --csv.")
    deployment = options.find()
    now, scopes = deployment.clock(), deployment.settings.required_scopes
    known = load_all(deployment, without=() if selection.link else ("history", "token"))
    found = [record for record in known if selection.has(record, now=now)]
    key = SORTED_BY[sort]
    found.sort(key=lambda record: (*key(record, now, scopes), record.connection_id))
    shown = found[:limit]
    if options.json or as_csv:
        _show_data(deployment, shown, fields=fields, as_csv=as_csv)
        return
    if not known:
        say("There are no connections yet. To invite somebody: whatsapp-connect links create CONNECTION_ID")
        return
    if not found:
        say(f"None of {count(len(known), 'connection')} fits.")
        return
    troubles = [attention.trouble(record, now=now, required_scopes=scopes) for record in shown]
    show_table(
        ("CONNECTION", "STATUS", "BUSINESS", "LABEL", "DAYS LEFT", "LAST CHECK", "NOTES", "PHONE NUMBERS"),
        [
            (
                record.connection_id,
                record.status,
                story.business(record) or "-",
                record.label or "-",
                _days(record, now=now),
                ago(now - record.checked_at) if record.checked_at else "-",
                attention.notes(record, now=now, required_scopes=scopes) or "-",
                story.numbers(record, most=2) or "-",
            )
            for record in shown
        ],
        colors=["red" if one == "ended" else "yellow" if one else "" for one in troubles],
    )
    say(f"{len(shown)} of {count(len(known), 'connection')}. Need somebody: {sum(map(bool, troubles))}.")


def _show_data(
    deployment: Deployment, records: Sequence[ConnectionRecord], *, fields: str | None, as_csv: bool
) -> None:
    """Print records as JSON or CSV. Raises UsageError for a field that does not exist."""
    rows = [summary(deployment, record) for record in records]
    known = summary(deployment, ConnectionRecord("", revision=0))
    chosen = fields.split(",") if fields is not None else CSV_FIELDS if as_csv else list(known)
    if unknown := [one for one in chosen if one not in known]:
        raise click.UsageError(f"There is no field {', '.join(map(repr, unknown))}. Fields: {', '.join(known)}.")
    if as_csv:
        show_csv(chosen, rows)
    else:
        show_json([{name: row[name] for name in chosen} for row in rows])


@connections.command()
@click.argument("connection_id", type=ConnectionId())
@common_options
@click.pass_obj
def show(options: CommonOptions, connection_id: str) -> None:
    """Show one connection, its history, and what to do next.

    Of a deleted connection, shows when and why, for 90 days.
    """
    deployment = options.find()
    record = deployment.connections.load(connection_id)
    if record is None:
        _show_deleted(deployment, connection_id, as_json=options.json)
        return
    found = story.describe(
        record,
        parameter_name=deployment.parameters.token_name(connection_id),
        differs=_differs(deployment, record),
        now=deployment.clock(),
        reconnect_url=deployment.reconnect_url(connection_id),
        required_scopes=deployment.settings.required_scopes,
    )
    if options.json:
        past = [{"at": iso(one.at), "type": one.type, "about": one.about} for one in story.history(record)]
        show_json(summary(deployment, record) | {"story": found.sentences, "history": past, "next": found.next})
        return
    for line in found.sentences:
        show_line(line)
    show_line("")
    show_line("History (UTC), the last first:")
    for one in story.history(record):
        show_line(f"  {moment(one.at)}  {one.type}{f': {one.about}' if one.about else ''}")
    show_line("")
    show_line("What to do next:")
    for line in found.next:
        show_line(f"  {line}")


def _show_deleted(deployment: Deployment, connection_id: str, *, as_json: bool) -> None:
    """Show what is left of a deleted connection. Raises NotFoundError if nothing is."""
    deleted = deployment.deletions.connection(connection_id)
    if deleted is None:
        load(deployment, connection_id)  # raises
    elif as_json:
        show_json(_deleted_json(deleted))
    else:
        show_line(sentence(deleted))


def _deleted_json(deleted: DeletedConnection) -> dict[str, Any]:
    return {
        "connection_id": deleted.connection_id,
        "status": "deleted",
        "status_reason": deleted.reason,
        "deleted_at": iso(deleted.deleted_at),
        "link_id": deleted.link_id or None,
    }


@connections.command("deleted")
@click.option("--link", default="", help="Made by this link: its ID or whole address.")
@common_options
@click.pass_obj
def list_deleted(options: CommonOptions, link: str) -> None:
    """List the connections that were deleted within 90 days. The last deleted comes first."""
    deployment = options.find()
    digits = link_digits(link)[:ID_DIGITS] if link else ""
    found = sorted(
        (one for one in deployment.deletions.connections() if one.link_id.startswith(digits)),
        key=lambda one: (-one.deleted_at, one.connection_id),
    )
    if options.json:
        show_json([_deleted_json(one) for one in found])
    elif not found:
        say("No connection was deleted within 90 days." if not link else "No connection of this link was deleted.")
    else:
        show_table(
            ("CONNECTION", "DELETED (UTC)", "REASON", "LINK"),
            [(one.connection_id, moment(one.deleted_at), one.reason, one.link_id or "-") for one in found],
        )


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
    token = _typed_token("Token")
    _store(
        options,
        deployment,
        connection_id,
        token,
        any_user=any_user,
        waba_ids=waba_ids,
        deadline=monotonic() + IMPORT_TIMEOUT_S,
    )


@connections.command()
@click.argument("connection_id", type=ConnectionId())
@click.argument("business_id", type=BusinessId())
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
def complete(
    options: CommonOptions, connection_id: str, business_id: str, *, any_user: bool, waba_ids: tuple[str, ...]
) -> None:
    """Complete a sign-up that Meta finished and whose code was lost: fetch the business's token, and store it.

    Reads the token of your own system user from stdin, or from a prompt that does not show it. It needs
    business_management and belongs to this app. It is used for this one call and not stored. The business's token must
    pass the same checks as a login's.
    """
    deployment = options.find()
    own = _typed_token("Token of your own system user")
    deadline = monotonic() + IMPORT_TIMEOUT_S
    say(f"Fetching the token of business {business_id} ...")
    try:
        token = deployment.facebook.client_token(business_id, own, deadline=deadline)
    except (FacebookError, TokenRefusedError) as error:
        code = error.fields.get("facebook_code")
        raise FailedError(
            f"Facebook gives no token for business {business_id} ({error.reason}, code {code}). Your system user's token must"
            " belong to this app and have business_management, and the business must have finished the sign-up."
            " Nothing was changed."
        ) from None
    _store(options, deployment, connection_id, token, any_user=any_user, waba_ids=waba_ids, deadline=deadline)


def _typed_token(name: str) -> AccessToken:
    """Return a token that the operator types or pipes in. Raises RefusedError."""
    typed = sys.stdin.isatty()
    value = click.prompt(name, hide_input=True, err=True) if typed else sys.stdin.read(64 * 1024)
    value = value.strip()
    if not is_access_token(value):
        raise RefusedError("This is not an access token. Nothing was changed.")
    return AccessToken(value=value, expires_in=None)


def _store(
    options: CommonOptions,
    deployment: Deployment,
    connection_id: str,
    token: AccessToken,
    *,
    any_user: bool,
    waba_ids: tuple[str, ...],
    deadline: float,
) -> None:
    """Verify a token, store it, wait until readers find it, and say so. Raises LoginError."""
    flow = _login_flow(deployment)
    say("Verifying the token with Facebook's debugger ...")
    verified = flow.verify(token, deadline=deadline)
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


def _rank(record: ConnectionRecord, now: float, scopes: tuple[str, ...]) -> tuple[int, bool, bool]:
    trouble = attention.trouble(record, now=now, required_scopes=scopes)
    place = attention.TROUBLES.index(trouble) if trouble else len(attention.TROUBLES)
    return place, record.status == "forgotten", not attention.notes(record, now=now, required_scopes=scopes)


def _ends(record: ConnectionRecord, now: float) -> int:
    days = story.days_left(record, now=now)
    return _NEVER_DAYS if days is None else days
