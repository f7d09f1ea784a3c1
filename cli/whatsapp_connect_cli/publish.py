"""`whatsapp-connect publish`: have parameters and events made again from the records."""

import click

from whatsapp_connect import record_changes
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.options import Asked, ConnectionId, common_options
from whatsapp_connect_cli.output import say, show_json, show_line
from whatsapp_connect_cli.records import load, load_all, write

_PROGRESS = 1_000


@click.command()
@click.argument("connection_id", type=ConnectionId(), required=False)
@click.option("--all", "everything", is_flag=True, help="Every connection there is.")
@common_options
@click.pass_obj
def publish(asked: Asked, connection_id: str | None, *, everything: bool) -> None:
    """Compare a connection's parameters with its record, and write what differs.

    Marks the record, so that PublishFunction takes it up. What is as it should be is not written again.
    """
    if (connection_id is None) != everything:
        raise click.UsageError("Give a CONNECTION_ID, or --all.")
    deployment = asked.find()
    records = [load(deployment, connection_id)] if connection_id else load_all(deployment)
    marked = 0
    for record in records:
        marked += mark(deployment, record)
        if marked and marked % _PROGRESS == 0:
            say(f"Marked: {marked} of {len(records)} ...")
    if asked.json:
        show_json({"marked": marked})
    else:
        show_line(f"{marked} connection{'' if marked == 1 else 's'} will be published.")
    if not deployment.settings.publishing:
        say("Publishing is paused: nothing is published before you deploy with Publishing=enabled.")


def mark(deployment: Deployment, record: ConnectionRecord) -> bool:
    """Have a record published now; return False if it is gone by now."""
    now = deployment.clock()
    return write(deployment, record, lambda found: record_changes.unpublished(found, now=now)) is not None
