"""`whatsapp-connect connections disconnect`: end connections in this stack and at Facebook."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Literal

import click

from whatsapp_connect.errors import LoginError, TokenUnreadableError
from whatsapp_connect.forget import ForgetFlow
from whatsapp_connect.model import AccessToken, ConnectionRecord
from whatsapp_connect.unsubscription import Unsubscriber
from whatsapp_connect_cli import story
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, RefusedError, as_click
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, common_options
from whatsapp_connect_cli.output import count, name_some, say, show_json, show_line, show_table
from whatsapp_connect_cli.records import decrypt_token, load, load_all
from whatsapp_connect_cli.selection import Selection, selection_options

FACEBOOK_TIMEOUT_S = 30.0
"""For Facebook's answers about one connection."""
DELETE_WAIT_S = 60.0
"""How long to wait until PublishFunction has deleted the parameters and the record of one connection."""
DELETE_WAIT_EACH_S = 2.0
"""How much longer for each further one: two deletions in Parameter Store at the stack's pace."""

Deletion = Literal["deleted", "connected-again", "not-seen"]


@dataclass(slots=True)
class Ending:
    """What happened to one connection."""

    connection_id: str
    revoked_at_facebook: bool = False
    deletion: Deletion = "not-seen"
    error: str = ""
    """Why nothing was changed; "" if it was."""

    @property
    def is_done(self) -> bool:
        return self.deletion == "deleted" and not self.error


@click.command()
@click.argument("connection_ids", nargs=-1, type=ConnectionId())
@selection_options
@click.option("--dry-run", is_flag=True, help="Only list the connections that would be deleted.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--keep-at-facebook", is_flag=True, help="Delete them only in this stack; Facebook still accepts the tokens."
)
@common_options
@click.pass_obj
def disconnect(
    options: CommonOptions,
    connection_ids: tuple[str, ...],
    selection: Selection,
    *,
    dry_run: bool,
    yes: bool,
    keep_at_facebook: bool,
) -> None:
    """End connections here and at Facebook.

    Name them, or choose them with the options of the list. Asks once. Unsubscribes the app from their accounts, unless
    another connection has these, and revokes them at Facebook. Deletes token, metadata and record. Revoking a person's
    permission ends all of their connections. So nothing is revoked at Facebook while the same person, or the same token
    of a system user, has other connections in this stack.
    """
    if bool(connection_ids) == (not selection.is_everything):
        raise click.UsageError(
            "Give CONNECTION_IDS, or choose connections with --status, --search, --expires-within or --link."
        )
    deployment = options.find()
    records = [load(deployment, one) for one in dict.fromkeys(connection_ids)] or _chosen(deployment, selection)
    if not connection_ids or dry_run:
        _show_chosen(records, as_json=options.json and dry_run, silent=options.json and not dry_run)
    if dry_run or not records:
        return
    what = (
        f"{records[0].connection_id} and its token" if len(records) == 1 else f"{len(records)} connections and tokens"
    )
    if not yes and not click.confirm(f"Delete {what}? Services that read them stop working.", err=True):
        raise RefusedError("Not confirmed. Nothing was changed.")
    endings = [_end(deployment, record, keep_at_facebook=keep_at_facebook) for record in records]
    say("Waiting until parameters and records are deleted ...")
    _wait_until_deleted(deployment, [one for one in endings if not one.error])
    _report(endings, as_json=options.json, single=len(connection_ids) == 1)


def _chosen(deployment: Deployment, selection: Selection) -> list[ConnectionRecord]:
    """Return the connections that are chosen, in the order of their IDs. Those that are being deleted are left out."""
    now = deployment.clock()
    found = [one for one in load_all(deployment) if one.status != "forgotten" and selection.has(one, now=now)]
    return sorted(found, key=lambda record: record.connection_id)


def _show_chosen(records: Sequence[ConnectionRecord], *, as_json: bool, silent: bool) -> None:
    if as_json:
        show_json([{"connection_id": one.connection_id, "status": one.status, "label": one.label} for one in records])
    elif not records:
        say("No connection fits. Nothing was changed.")
    elif not silent:
        show_table(
            ("CONNECTION", "STATUS", "BUSINESS", "LABEL"),
            [(one.connection_id, one.status, story.business(one) or "-", one.label or "-") for one in records],
        )


def _end(deployment: Deployment, record: ConnectionRecord, *, keep_at_facebook: bool) -> Ending:
    """End one connection at Facebook, and mark it for deletion. A failure is noted, so that the others go on."""
    ending = Ending(record.connection_id)
    deadline = monotonic() + FACEBOOK_TIMEOUT_S
    try:
        if deployment.settings.subscribe_app and not keep_at_facebook:
            _unsubscriber(deployment).unsubscribe(record, deadline=deadline)  # needs the token, which revoking ends
        if record.status != "forgotten" and not keep_at_facebook:
            ending.revoked_at_facebook = _revoke(deployment, record, deadline=deadline)
        flow = ForgetFlow(connections=deployment.connections, unsubscriber=None, clock=deployment.clock)
        flow.forget(record.connection_id, reason="disconnected", deadline=deadline)
    except Exception as exception:  # noqa: BLE001  reported at the end
        ending.error = as_click(exception).format_message()
    return ending


def _wait_until_deleted(deployment: Deployment, endings: Iterable[Ending]) -> None:
    """Note what is seen of the deletions, until all are seen or the time is over."""
    waiting = list(endings)
    seconds = DELETE_WAIT_S + DELETE_WAIT_EACH_S * len(waiting)

    def look() -> bool | None:
        for ending in list(waiting):
            ending.deletion = _seen(deployment, ending.connection_id)
            if ending.deletion != "not-seen":
                waiting.remove(ending)
        return True if not waiting else None

    deployment.wait_for(look, seconds=seconds)


def _seen(deployment: Deployment, connection_id: str) -> Deletion:
    """Return what became of a connection that was marked for deletion."""
    record = deployment.connections.load(connection_id)
    if record is not None:
        return "not-seen" if record.status == "forgotten" else "connected-again"
    return "not-seen" if deployment.parameters.token_version(connection_id) else "deleted"


def _report(endings: Sequence[Ending], *, as_json: bool, single: bool) -> None:
    """Print what was seen. Raises FailedError if that is not what was asked for."""
    if as_json:
        rows = [
            {
                "connection_id": one.connection_id,
                "revoked_at_facebook": one.revoked_at_facebook,
                "deleted": one.is_done,
                "error": one.error or (None if one.is_done else one.deletion),
            }
            for one in endings
        ]
        show_json(rows)
    for one in endings:
        if one.is_done and not as_json:
            at_facebook = "revoked at Facebook and " if one.revoked_at_facebook else ""
            show_line(f"{one.connection_id} is {at_facebook}deleted in this stack.")
    failed = [one for one in endings if not one.is_done]
    if not failed:
        return
    for one in failed[:-1] if single else failed:
        say(_failure(one))
    if single:
        raise FailedError(_failure(failed[0]))
    raise FailedError(
        f"{count(len(failed), 'connection')} of {len(endings)} not seen deleted:"
        f" {name_some([one.connection_id for one in failed])}."
    )


def _failure(ending: Ending) -> str:
    connection_id = ending.connection_id
    if ending.error:
        return f"{connection_id} was not deleted. {ending.error}"
    at_facebook = "revoked at Facebook and " if ending.revoked_at_facebook else ""
    if ending.deletion == "connected-again":
        return f"{connection_id} was {at_facebook}deleted, and somebody has connected it again meanwhile."
    return (
        f"{connection_id} is {at_facebook}marked for deletion, but readers may still find its token: publishing is slow."
        f" See whatsapp-connect connections show {connection_id}."
    )


def _unsubscriber(deployment: Deployment) -> Unsubscriber:
    def on_trouble(message: str, _connection_id: str, exception: Exception) -> None:
        reason = f" ({exception.reason})" if isinstance(exception, LoginError) else ""
        say(f"At Facebook: {message}{reason}. Facebook may go on sending the account's webhooks to the app.")

    return Unsubscriber(
        connections=deployment.connections,
        account_index=deployment.account_index,
        cipher=deployment.cipher,
        whatsapp=deployment.whatsapp,
        on_trouble=on_trouble,
    )


def _revoke(deployment: Deployment, record: ConnectionRecord, *, deadline: float) -> bool:
    """Revoke the token or the person's permission at Facebook. Return whether it was revoked. Raises LoginError."""
    if record.token_type == "SYSTEM_USER":  # noqa: S105  a kind of token
        token = decrypt_token(deployment, record)
        if token is None:
            return False
        if others := _others_with(deployment, record, token):
            say(
                "Nothing is revoked at Facebook, because it would also end other connections with the same token:"
                f" {', '.join(others)}."
            )
            return False
        say("Revoking the system user's token at Facebook ...")
        deployment.facebook.revoke(token, deadline=deadline)
        return True
    if others := [one.connection_id for one in _others(deployment, record)]:
        say(
            f"Nothing is revoked at Facebook, because it would also end other connections of Facebook user"
            f" {record.user_id}: {', '.join(others)}."
        )
        return False
    say("Revoking the app's permissions at Facebook ...")
    deployment.facebook.remove_app(record.user_id, deadline=deadline)
    return True


def _others(deployment: Deployment, record: ConnectionRecord) -> list[ConnectionRecord]:
    """Return the other connections of the person or system user."""
    loaded = map(deployment.connections.load, deployment.connections.of_user(record.user_id))
    return [one for one in loaded if one and one.status != "forgotten" and one.connection_id != record.connection_id]


def _others_with(deployment: Deployment, record: ConnectionRecord, token: AccessToken) -> list[str]:
    """Return the ids of the other connections that have this token too, or whose token cannot be decrypted."""
    found = []
    for one in _others(deployment, record):
        try:
            has_token = decrypt_token(deployment, one) == token
        except TokenUnreadableError:
            has_token = True  # it may be the same one
        if has_token:
            found.append(one.connection_id)
    return found
