"""`whatsapp-connect connections disconnect`: end a connection in this stack and at Facebook."""

from time import monotonic

import click

from whatsapp_connect.errors import LoginError, TokenUnreadableError
from whatsapp_connect.forget import ForgetFlow
from whatsapp_connect.model import AccessToken, ConnectionRecord
from whatsapp_connect.unsubscription import Unsubscriber
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, common_options
from whatsapp_connect_cli.output import say, show_json, show_line
from whatsapp_connect_cli.records import decrypt_token, load

FACEBOOK_TIMEOUT_S = 30.0
DELETE_WAIT_S = 60.0
"""How long to wait until PublishFunction has deleted the parameters and the record."""


@click.command()
@click.argument("connection_id", type=ConnectionId())
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--keep-at-facebook", is_flag=True, help="Delete it only in this stack; Facebook still accepts the token."
)
@common_options
@click.pass_obj
def disconnect(options: CommonOptions, connection_id: str, *, yes: bool, keep_at_facebook: bool) -> None:
    """End a connection here and at Facebook.

    Unsubscribes the app from its accounts, unless another connection has them, and revokes it at Facebook. Deletes its
    token, metadata and record. Revoking a person's permission ends all of their connections. So nothing is revoked at
    Facebook while the same person, or the same token of a system user, has other connections in this stack.
    """
    deployment = options.find()
    record = load(deployment, connection_id)
    if not yes and not click.confirm(
        f"Delete {connection_id} and its token? Services that read it stop working.", err=True
    ):
        raise RefusedError("Not confirmed. Nothing was changed.")
    deadline = monotonic() + FACEBOOK_TIMEOUT_S
    if deployment.settings.subscribe_app and not keep_at_facebook:
        _unsubscriber(deployment).unsubscribe(record, deadline=deadline)  # needs the token, which revoking ends
    revoked = record.status != "forgotten" and not keep_at_facebook and _revoke(deployment, record, deadline=deadline)
    flow = ForgetFlow(connections=deployment.connections, unsubscriber=None, clock=deployment.clock)
    flow.forget(connection_id, reason="disconnected", deadline=deadline)
    say("Waiting until its parameters and its record are deleted ...")
    is_deleted = deployment.wait_for(lambda: _is_deleted(deployment, connection_id), seconds=DELETE_WAIT_S)
    at_facebook = "revoked at Facebook and " if revoked else ""
    if options.json:
        show_json({"connection_id": connection_id, "revoked_at_facebook": revoked, "deleted": bool(is_deleted)})
    elif is_deleted:
        show_line(f"{connection_id} is {at_facebook}deleted in this stack.")
    if not is_deleted:
        raise FailedError(
            f"{connection_id} is {at_facebook}marked for deletion, but readers may still find its token: publishing is"
            f" slow. See whatsapp-connect connections show {connection_id}."
        )


def _is_deleted(deployment: Deployment, connection_id: str) -> bool | None:
    """Return True once the record is deleted or belongs to a new login; None before."""
    found = deployment.connections.load(connection_id)
    return True if found is None or found.status != "forgotten" else None


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
