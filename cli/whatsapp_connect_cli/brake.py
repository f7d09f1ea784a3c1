"""`whatsapp-connect brake`: the limit on endings that Facebook does not explain."""

import click

from whatsapp_connect import token_rules
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import RefusedError
from whatsapp_connect_cli.options import Asked, Duration, common_options
from whatsapp_connect_cli.output import iso, moment, say, show_json, show_line
from whatsapp_connect_cli.records import load_all

_NAMED = 10


@click.group()
@common_options
def brake() -> None:
    """Show or lift the limit on endings that Facebook does not explain."""


@brake.command()
@common_options
@click.pass_obj
def show(asked: Asked) -> None:
    """Show how many endings were permitted in this hour, and which connections are in doubt."""
    deployment = asked.find()
    found = deployment.brake.show()
    doubted = in_doubt(deployment)
    if asked.json:
        show_json(
            {
                "permits": found.permits,
                "limit": found.limit or None,
                "released_until": iso(found.released_until) if not found.limit else None,
                "in_doubt": doubted,
            }
        )
        return
    limit = f"of at most {found.limit}" if found.limit else "without a limit"
    show_line(f"Unexplained endings permitted in this hour: {found.permits}, {limit}.")
    if not found.limit:
        show_line(f"The brake is released until {moment(found.released_until)} UTC.")
    names = ", ".join(doubted[:_NAMED]) + (", ..." if len(doubted) > _NAMED else "")
    show_line(f"Connections in doubt for an hour or more: {len(doubted)}{f' ({names})' if names else ''}.")


@brake.command()
@click.option("--for", "seconds", type=Duration(), default="1h", show_default=True, help="Such as 30m or 2h.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
@click.pass_obj
def release(asked: Asked, *, seconds: int, yes: bool) -> None:
    """Lift the limit for a while, and check what is in doubt for an hour or more.

    Tokens that Facebook still calls invalid are then removed, and only their people can connect them again.
    """
    deployment = asked.find()
    doubted = in_doubt(deployment)
    if not yes and not click.confirm(
        f"Let Facebook's word end {len(doubted)} connections in doubt, and others until then?", err=True
    ):
        raise RefusedError("Not confirmed. Nothing was changed.")
    until = int(deployment.clock()) + seconds
    deployment.brake.release(until=until)
    for connection_id in doubted:
        deployment.check_queue.send(connection_id)
    if asked.json:
        show_json({"released_until": iso(until), "checked": doubted})
        return
    show_line(f"The brake is released until {moment(until)} UTC.")
    say(f"Connections in doubt that are checked now: {len(doubted)}.")


def in_doubt(deployment: Deployment) -> list[str]:
    """Return the ids of the living connections that only the brake, or the next check, holds."""
    before = deployment.clock() - token_rules.DOUBT_S
    return sorted(
        record.connection_id for record in load_all(deployment) if record.is_alive and 0 < record.doubt_since <= before
    )
