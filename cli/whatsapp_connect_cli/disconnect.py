"""`whatsapp-connect connections disconnect`: end a connection, here and at Facebook."""

from time import monotonic

import click

from whatsapp_connect.forget import ForgetFlow
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import Asked, ConnectionId, common_options
from whatsapp_connect_cli.output import say, show_json, show_line
from whatsapp_connect_cli.records import load, token_of

FACEBOOK_S = 30.0
"""How long Facebook's answers may take."""
PATIENCE_S = 60.0
"""How long to wait until everything here is deleted."""


@click.command()
@click.argument("connection_id", type=ConnectionId())
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--keep-at-facebook", is_flag=True, help="Only forget it here; the token stays good at Facebook.")
@common_options
@click.pass_obj
def disconnect(asked: Asked, connection_id: str, *, yes: bool, keep_at_facebook: bool) -> None:
    """End a connection: revoke it at Facebook, delete its token, metadata and record.

    A person's app permission ends as a whole, so that is left alone while they have other connections here.
    """
    deployment = asked.find()
    record = load(deployment, connection_id)
    if not yes and not click.confirm(
        f"Delete {connection_id} and its token? Services that read it stop working.", err=True
    ):
        raise RefusedError("Not confirmed. Nothing was changed.")
    is_here = record.status != "forgotten"
    revoked = is_here and not keep_at_facebook and _revoke(deployment, record)
    ForgetFlow(connections=deployment.connections, clock=deployment.clock).forget(connection_id, reason="disconnected")
    say("Waiting until its parameters and its record are deleted ...")
    is_deleted = deployment.wait_for(lambda: _is_deleted(deployment, connection_id), seconds=PATIENCE_S)
    if asked.json:
        show_json(
            {
                "connection_id": connection_id,
                "revoked_at_facebook": revoked,
                "deleted": bool(is_deleted),
            }
        )
    elif is_deleted:
        show_line(f"{connection_id} is {'revoked at Facebook and ' if revoked else ''}deleted here.")
    if not is_deleted:
        at_facebook = "revoked at Facebook and " if revoked else ""
        raise FailedError(
            f"{connection_id} is {at_facebook}forgotten, but readers may still find its token: publishing takes long."
            f" See whatsapp-connect connections show {connection_id}."
        )


def _is_deleted(deployment: Deployment, connection_id: str) -> bool | None:
    """Return True once the record is gone, or is that of a new login; None until then."""
    found = deployment.connections.load(connection_id)
    return True if found is None or found.status != "forgotten" else None


def _revoke(deployment: Deployment, record: ConnectionRecord) -> bool:
    """Take the app's right away at Facebook, and return whether that was done. Nothing is changed here."""
    deadline = monotonic() + FACEBOOK_S
    if record.token_type == "SYSTEM_USER":  # noqa: S105  a kind of token
        token = token_of(deployment, record)
        if token is None:
            return False
        say("Revoking the system user's token at Facebook ...")
        deployment.facebook.revoke(token, deadline=deadline)
        return True
    if others := _others(deployment, record):
        say(
            f"Facebook user {record.user_id} stays connected as {', '.join(others)}, so nothing is revoked at"
            " Facebook: that would end those, too."
        )
        return False
    say("Revoking the app's permissions at Facebook ...")
    deployment.facebook.remove_app(record.user_id, deadline=deadline)
    return True


def _others(deployment: Deployment, record: ConnectionRecord) -> list[str]:
    """Return the ids of the person's other connections."""
    loaded = map(deployment.connections.load, deployment.connections.of_user(record.user_id))
    return [
        one.connection_id
        for one in loaded
        if one and one.status != "forgotten" and one.connection_id != record.connection_id
    ]
