"""`whatsapp-connect publish`: publish parameters and events again from the records."""

import click

from whatsapp_connect import record_changes
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, common_options
from whatsapp_connect_cli.output import count, say, show_json, show_line
from whatsapp_connect_cli.records import load, load_all, write

PUBLISHING_PAUSED = "Publishing is paused. To publish, deploy with Publishing=enabled."
_PROGRESS_RECORDS = 1_000


@click.command()
@click.argument("connection_id", type=ConnectionId(), required=False)
@click.option("--all", "everything", is_flag=True, help="Publish all connections.")
@common_options
@click.pass_obj
def publish(options: CommonOptions, connection_id: str | None, *, everything: bool) -> None:
    """Publish a connection again.

    Compares its parameters with its record, and writes those that differ. Marks the record, and PublishFunction then
    does the work. It does not write parameters that are right already. It writes all rows of AccountTable again.
    """
    if (connection_id is None) != everything:
        raise click.UsageError("Give a CONNECTION_ID, or --all.")
    deployment = options.find()
    records = [load(deployment, connection_id)] if connection_id else load_all(deployment)
    marked = 0
    for record in records:
        marked += mark(deployment, record)
        if marked and marked % _PROGRESS_RECORDS == 0:
            say(f"Marking records: {marked} of {len(records)} ...")
    if options.json:
        show_json({"marked": marked})
    else:
        show_line(f"{count(marked, 'connection')} will be published.")
    if not deployment.settings.publishing:
        say(PUBLISHING_PAUSED)


def mark(deployment: Deployment, record: ConnectionRecord) -> bool:
    """Mark a record to be published now. Return False if it was deleted."""
    now = deployment.clock()
    return write(deployment, record, lambda found: record_changes.republished(found, now=now)) is not None
