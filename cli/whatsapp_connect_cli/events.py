"""`whatsapp-connect events`: what happened to a connection, and telling it again."""

from dataclasses import replace

import click

from whatsapp_connect import record_changes
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import Asked, ConnectionId, common_options
from whatsapp_connect_cli.output import iso, moment, say, show_json, show_line, show_table
from whatsapp_connect_cli.records import load, write

PATIENCE_S = 10.0
"""How long to wait for a publishing that is under way."""


@click.group()
@common_options
def events() -> None:
    """List what happened to a connection, and tell it again."""


@events.command("list")
@click.argument("connection_id", type=ConnectionId())
@common_options
@click.pass_obj
def list_(asked: Asked, connection_id: str) -> None:
    """List the events that the record still holds: those not told yet, and the last 20 told."""
    record = load(asked.find(), connection_id)
    told = record.published.told
    if asked.json:
        show_json(
            [
                {
                    "sequence": event.sequence,
                    "event_id": f"{connection_id}-{event.sequence}",
                    "type": event.type,
                    "at": iso(event.at),
                    "told": event.sequence <= told,
                }
                for event in record.history
            ]
        )
        return
    show_table(
        ("SEQUENCE", "TIME (UTC)", "TOLD", "EVENT"),
        (
            (str(event.sequence), moment(event.at), "yes" if event.sequence <= told else "no", event.type)
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
    help="The first sequence number to tell again: the end of an event_id. 0 for all that are left.",
)
@common_options
@click.pass_obj
def replay(asked: Asked, connection_id: str, *, first: int) -> None:
    """Tell a connection's events again, from one on.

    They have the event_id that they had, so consumers that know it can drop them. Only events that the record still
    holds can be told again.
    """
    deployment = asked.find()
    record = _settled(deployment, load(deployment, connection_id))
    again = _from(record, first)
    if not again:
        last = f" The last one is {record.history[-1].sequence}." if record.history else ""
        raise RefusedError(f"{connection_id} has no event from {first} on.{last} Nothing was changed.")
    now = deployment.clock()

    def untold(found: ConnectionRecord) -> ConnectionRecord:
        told = min(found.published.told, again[0] - 1)
        return record_changes.unpublished(replace(found, published=replace(found.published, told=told)), now=now)

    if write(deployment, record, untold) is None:
        raise FailedError(f"{connection_id} was deleted meanwhile.")
    if asked.json:
        show_json({"connection_id": connection_id, "sequences": again})
    else:
        show_line(f"{len(again)} event{'' if len(again) == 1 else 's'} of {connection_id} will be told again.")
    if not deployment.settings.publishing:
        say("Publishing is paused: nothing is told before you deploy with Publishing=enabled.")


def _from(record: ConnectionRecord, first: int) -> list[int]:
    return [event.sequence for event in record.history if event.sequence >= first]


def _settled(deployment: Deployment, record: ConnectionRecord) -> ConnectionRecord:
    """Return the record once no publishing is under way, which would write back that everything was told."""

    def look() -> ConnectionRecord | None:
        found = deployment.connections.load(record.connection_id) or record
        is_due = found.publish_at is not None and found.publish_not_before <= deployment.clock()
        return None if is_due and deployment.settings.publishing else found

    found = deployment.wait_for(look, seconds=PATIENCE_S)
    if found is None:
        raise FailedError(f"{record.connection_id} is being published right now: try again in a minute.")
    return found
