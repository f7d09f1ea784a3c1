"""Read, change and show the records of connections for the commands."""

from collections.abc import Callable, Iterable
from typing import Any

from whatsapp_connect import events
from whatsapp_connect.deletions import DeletedConnection
from whatsapp_connect.errors import ConflictError
from whatsapp_connect.model import AccessToken, ConnectionRecord
from whatsapp_connect_cli import attention, story
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, NotFoundError
from whatsapp_connect_cli.output import iso, moment, say

_MAX_TRIES = 10


def load(deployment: Deployment, connection_id: str) -> ConnectionRecord:
    """Return the record of a connection. Raises NotFoundError."""
    record = deployment.connections.load(connection_id)
    if record:
        return record
    if deleted := deployment.deletions.connection(connection_id):
        raise NotFoundError(f"{sentence(deleted)} See whatsapp-connect connections list.")
    raise NotFoundError(f"There is no connection {connection_id}. See whatsapp-connect connections list.")


def sentence(deleted: DeletedConnection) -> str:
    """Return one sentence about a deleted connection."""
    link = f" It was made by the link {deleted.link_id}." if deleted.link_id else ""
    return f"{deleted.connection_id} was deleted on {moment(deleted.deleted_at)} UTC ({deleted.reason}).{link}"


def load_all(deployment: Deployment, *, without: Iterable[str] = ()) -> list[ConnectionRecord]:
    """Return every readable record, with defaults for the fields in `without`. Prints the ids of the others."""
    unreadable: list[str] = []
    found = list(deployment.connections.all(on_unreadable=unreadable.append, without=without))
    if unreadable:
        say(f"Records that cannot be read: {', '.join(sorted(unreadable))}. The functions skip them.")
    return found


def write(
    deployment: Deployment,
    record: ConnectionRecord,
    change: Callable[[ConnectionRecord], ConnectionRecord],
) -> ConnectionRecord | None:
    """Write a change to a record, and return the written record; None if it was deleted.

    Reads the record and tries again after a conflict. Raises FailedError after _MAX_TRIES conflicts.
    """
    found: ConnectionRecord | None = record
    for _ in range(_MAX_TRIES):
        if found is None:
            return None
        try:
            return deployment.connections.write(found, change(found))
        except ConflictError:
            found = deployment.connections.load(record.connection_id)
    raise FailedError(f"{record.connection_id} keeps changing. Nothing was changed. Try again.")


def decrypt_token(deployment: Deployment, record: ConnectionRecord) -> AccessToken | None:
    """Return the token in a record; None if it has none. Raises TokenUnreadableError."""
    if record.token is None:
        return None
    value, _ = deployment.cipher.decrypt(record.connection_id, record.token)
    return AccessToken(value, expires_in=None)


def published_token(deployment: Deployment, connection_id: str) -> tuple[str, int]:
    """Return a connection's token and its version, as readers get them from Parameter Store. Raises NotFoundError."""
    name = deployment.parameters.token_name(connection_id)
    try:
        parameter = deployment.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    except deployment.ssm.exceptions.ParameterNotFound:
        raise NotFoundError(
            f"Readers find no token of {connection_id}. See whatsapp-connect connections show {connection_id}."
        ) from None
    return parameter["Value"], parameter["Version"]


def summary(deployment: Deployment, record: ConnectionRecord) -> dict[str, Any]:
    """Return what --json prints of a connection: its metadata, and the state of its checks and its publishing."""
    now, scopes = deployment.clock(), deployment.settings.required_scopes
    return {
        "connection_id": record.connection_id,
        **events.metadata(record),
        "business": story.business(record),
        "link_id": record.link_id or None,
        "trouble": attention.trouble(record, now=now, required_scopes=scopes),
        "notes": attention.notes(record, now=now, required_scopes=scopes),
        "days_left": story.days_left(record, now=now),
        "access_token_parameter": deployment.parameters.token_name(record.connection_id),
        "connected_at": iso(record.connected_at),
        "renewed_at": iso(record.renewed_at),
        "checked_at": iso(record.checked_at),
        "next_check_at": iso(record.next_check_at),
        "doubt_since": iso(record.doubt_since),
        "failures": record.failures,
        "stuck": story.is_stuck(record),
        "unpublished_since": iso(record.publish_at),
        "publish_failures": record.published.failures,
    }
