"""`whatsapp-connect events`: list the events in a connection's record, and publish them again."""

from dataclasses import replace

import click

from whatsapp_connect import record_changes
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, common_options
from whatsapp_connect_cli.output import count, iso, moment, say, show_json, show_line, show_table
from whatsapp_connect_cli.publish import PUBLISHING_PAUSED
from whatsapp_connect_cli.records import load, write

PUBLISH_WAIT_S = 10.0
"""How long to wait for PublishFunction to finish with the record."""


@click.group()
@common_options
def events() -> None:
    """List a connection's events, or publish them again."""


@events.command("list")
@click.argument("connection_id", type=ConnectionId())
@common_options
@click.pass_obj
def list_(options: CommonOptions, connection_id: str) -> None:
    """List a connection's events.

    The record holds the unpublished events and the last 20 published ones.
    """
    record = load(options.find(), connection_id)
    last_sent = record.published.last_sent
    if options.json:
        show_json(
            [
                {
                    "sequence": event.sequence,
                    "event_id": f"{connection_id}-{event.sequence}",
                    "type": event.type,
                    "at": iso(event.at),
                    "published": event.sequence <= last_sent,
                }
                for event in record.history
            ]
        )
        return
    show_table(
        ("SEQUENCE", "TIME (UTC)", "PUBLISHED", "EVENT"),
        (
            (str(event.sequence), moment(event.at), "yes" if event.sequence <= last_sent else "no", event.type)
            for event in record.history
        ),
    )


@events.command()
@click.argument("connection_id", type=ConnectionId())
@click.option(
    "--from",
    "first",
    type=click.IntRange(min=0),
    required=True,
    help="The first sequence number to publish again, which is the end of an event_id; 0 for all that the record holds.",
)
@common_options
@click.pass_obj
def replay(options: CommonOptions, connection_id: str, *, first: int) -> None:
    """Publish a connection's events again.

    The events keep their event_id, so consumers can recognise them. Only events that the record still holds can be
    published again.
    """
    deployment = options.find()
    record = _wait_until_published(deployment, load(deployment, connection_id))
    again = [event.sequence for event in record.history if event.sequence >= first]
    if not again:
        last = f" The last one is {record.history[-1].sequence}." if record.history else ""
        raise RefusedError(f"{connection_id} has no event from sequence {first} on.{last} Nothing was changed.")
    now = deployment.clock()

    def mark_unsent(found: ConnectionRecord) -> ConnectionRecord:
        last_sent = min(found.published.last_sent, again[0] - 1)
        return record_changes.unpublished(
            replace(found, published=replace(found.published, last_sent=last_sent)), now=now
        )

    if write(deployment, record, mark_unsent) is None:
        raise FailedError(f"{connection_id} was deleted during the command.")
    if options.json:
        show_json({"connection_id": connection_id, "sequences": again})
    else:
        show_line(f"{count(len(again), 'event')} of {connection_id} will be published again.")
    if not deployment.settings.publishing:
        say(PUBLISHING_PAUSED)


def _wait_until_published(deployment: Deployment, record: ConnectionRecord) -> ConnectionRecord:
    """Return the record when PublishFunction is not working on it.

    PublishFunction would otherwise overwrite our change, and no event would be published again. Raises FailedError
    after PUBLISH_WAIT_S.
    """

    def load_published() -> ConnectionRecord | None:
        found = deployment.connections.load(record.connection_id) or record
        is_due = found.publish_at is not None and found.publish_not_before <= deployment.clock()
        return None if is_due and deployment.settings.publishing else found

    found = deployment.wait_for(load_published, seconds=PUBLISH_WAIT_S)
    if found is None:
        raise FailedError(f"{record.connection_id} is being published now. Try again in a minute.")
    return found
