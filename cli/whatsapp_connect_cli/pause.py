"""`whatsapp-connect pause` and `resume`: stop all logins at once, and allow them again."""

import click

from whatsapp_connect.login_switch import REMEMBERED_S
from whatsapp_connect_cli.errors import FailedError, RefusedError
from whatsapp_connect_cli.options import CommonOptions, common_options
from whatsapp_connect_cli.output import iso, moment, say, show_json, show_line

CALLBACK_S = 30
"""A callback that has begun may run so long."""


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@common_options
@click.pass_obj
def pause(options: CommonOptions, *, yes: bool) -> None:
    """Stop all logins: by links, by the public connect link and by addresses for connecting again.

    People get a page that says so. Who is at Facebook can go on after resume, within the time of a login. Checks, tokens
    and events go on. A deployment does not resume logins.
    """
    deployment = options.find()
    if not yes and not click.confirm("Stop all logins? Nobody can connect until you run resume.", err=True):
        raise RefusedError("Not confirmed. Nothing was changed.")
    deployment.login_switch.pause()
    say(f"Waiting {REMEMBERED_S + 1} seconds, until every function has read it ...")
    deployment.pause(REMEMBERED_S + 1)
    paused_at = deployment.login_switch.paused_at()
    if paused_at is None:
        raise FailedError("Somebody has resumed logins meanwhile. They are not paused.")
    if options.json:
        show_json({"paused_at": iso(paused_at)})
        return
    show_line(f"Logins are paused since {moment(paused_at)} UTC.")
    say(
        f"A login that was being stored may still end within {CALLBACK_S} seconds. To allow logins: whatsapp-connect resume"
    )


@click.command()
@common_options
@click.pass_obj
def resume(options: CommonOptions) -> None:
    """Allow logins again after pause."""
    deployment = options.find()
    paused_at = deployment.login_switch.paused_at()
    deployment.login_switch.resume()
    if options.json:
        show_json({"paused_at": None})
    elif paused_at is None:
        show_line("Logins were not paused.")
    else:
        show_line(
            f"Logins are allowed again within {REMEMBERED_S} seconds. They were paused since {moment(paused_at)} UTC."
        )
