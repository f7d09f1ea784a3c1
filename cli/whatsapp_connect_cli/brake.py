"""`whatsapp-connect brake`: show or lift the hourly limit on unexplained endings of connections."""

import click

from whatsapp_connect import token_rules
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import RefusedError
from whatsapp_connect_cli.options import CommonOptions, Duration, common_options
from whatsapp_connect_cli.output import iso, moment, name_some, say, show_json, show_line
from whatsapp_connect_cli.records import load_all


@click.group()
@common_options
def brake() -> None:
    """Show or release the brake.

    The brake limits how many connections end in an hour without a reason from Facebook.
    """


@brake.command()
@common_options
@click.pass_obj
def show(options: CommonOptions) -> None:
    """Show permitted endings and connections in doubt."""
    deployment = options.find()
    found = deployment.brake.show()
    doubted = in_doubt(deployment)
    if options.json:
        show_json(
            {
                "permits": found.permits,
                "limit": found.limit or None,
                "released_until": iso(found.released_until) if not found.limit else None,
                "in_doubt": doubted,
            }
        )
        return
    limit = f"limit {found.limit}" if found.limit else "no limit"
    show_line(f"Unexplained endings permitted this hour: {found.permits} ({limit}).")
    if not found.limit:
        show_line(f"The brake is released until {moment(found.released_until)} UTC.")
    names = name_some(doubted)
    show_line(f"Connections in doubt for an hour or more: {len(doubted)}{f' ({names})' if names else ''}.")


@brake.command()
@click.option(
    "--for", "seconds", type=Duration(), default="1h", show_default=True, help="How long, for example 30m or 2h."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@common_options
@click.pass_obj
def release(options: CommonOptions, *, seconds: int, yes: bool) -> None:
    """Lift the limit for a while.

    Connections that have been in doubt for an hour or more are checked at once. Tokens that Facebook still calls
    invalid are then deleted. To get a new token, the person has to connect again.
    """
    deployment = options.find()
    doubted = in_doubt(deployment)
    if not yes and not click.confirm(
        f"End connections whenever Facebook calls their token invalid? {len(doubted)} are in doubt now.", err=True
    ):
        raise RefusedError("Not confirmed. Nothing was changed.")
    until = int(deployment.clock()) + seconds
    deployment.brake.release(until=until)
    for connection_id in doubted:
        deployment.check_queue.send(connection_id)
    if options.json:
        show_json({"released_until": iso(until), "checked": doubted})
        return
    show_line(f"The brake is released until {moment(until)} UTC.")
    say(f"Connections in doubt that will be checked now: {len(doubted)}.")


def in_doubt(deployment: Deployment) -> list[str]:
    """Return the sorted ids of the live connections that have been in doubt for DOUBT_S or longer."""
    before = deployment.clock() - token_rules.DOUBT_S
    return sorted(
        record.connection_id for record in load_all(deployment) if record.is_alive and 0 < record.doubt_since <= before
    )
