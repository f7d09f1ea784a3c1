"""`whatsapp-connect connections disconnect`: end a connection, here and at Facebook."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

import click

from whatsapp_connect.errors import NotKeptError
from whatsapp_connect.forget import forget
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import NotFoundError, RefusedError
from whatsapp_connect_cli.options import Asked, ConnectionId, common_options
from whatsapp_connect_cli.output import say, show_json, show_line

PATIENCE = 30.0
"""Seconds for Facebook's answers and other writers."""


@click.command()
@click.argument("connection_id", type=ConnectionId())
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--keep-at-facebook", is_flag=True, help="Only forget it here; the token stays good at Facebook."
)
@common_options
@click.pass_obj
def disconnect(asked: Asked, connection_id: str, *, yes: bool, keep_at_facebook: bool) -> None:
    """End a connection: revoke it at Facebook, delete its token, metadata and record.

    A person's app permission ends as a whole, so that is left alone while they have other connections here.
    """
    deployment = asked.find()
    record = deployment.connections.load(connection_id)
    if record is None:
        raise NotFoundError(f"There is no connection {connection_id}. See whatsapp-connect connections list.")
    others = [one for one in deployment.connections.of_user(record["user_id"]) if one != connection_id]
    if not yes and not click.confirm(
        f"Delete {connection_id} and its token? Services that read it stop working.", err=True
    ):
        raise RefusedError("Not confirmed. Nothing was changed.")
    revoked = False if keep_at_facebook else _revoke(deployment, record, others)
    _forget(deployment, connection_id, str(record["user_id"]))
    if asked.json:
        show_json({"connection_id": connection_id, "revoked_at_facebook": revoked})
    else:
        at_facebook = "revoked at Facebook and deleted here" if revoked else "deleted here"
        show_line(f"{connection_id} is {at_facebook}. Its metadata follows in a moment.")


def _revoke(deployment: Deployment, record: Mapping[str, Any], others: list[str]) -> bool:
    """Take the app's right away at Facebook, and return whether that was done. Nothing is changed here."""
    app_secret = deployment.vault.app_secret()
    deadline = monotonic() + PATIENCE
    if record.get("token_type") == "SYSTEM_USER":
        stored = deployment.vault.token(record["connection_id"])
        if stored is None:
            return False
        say("Revoking the system user's token at Facebook ...")
        deployment.facebook.revoke(stored.token, app_secret=app_secret, deadline=deadline)
        return True
    if others:
        say(
            f"Facebook user {record['user_id']} stays connected as {', '.join(others)}, so nothing is revoked at"
            " Facebook: that would end those, too."
        )
        return False
    say("Revoking the app's permissions at Facebook ...")
    deployment.facebook.remove_app(str(record["user_id"]), app_secret=app_secret, deadline=deadline)
    return True


def _forget(deployment: Deployment, connection_id: str, user_id: str) -> None:
    """Forget one connection, as when Meta tells that the person removed the app."""
    lease = deployment.connections.begin_forgetting(
        connection_id,
        user_id=user_id,
        reason="app-removed",
        connected_before=int(deployment.clock()),
        deadline=monotonic() + PATIENCE,
    )
    if lease is None:
        return  # Meta told, and it is forgotten already
    try:
        forget(lease, connections=deployment.connections, vault=deployment.vault)
    except NotKeptError:
        return  # likewise
