"""`whatsapp-connect token`: show a connection's token, masked unless --show is given."""

import sys
from hashlib import sha256

import click

from whatsapp_connect_cli.errors import RefusedError
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, common_options
from whatsapp_connect_cli.output import is_terminal, show_json, show_line
from whatsapp_connect_cli.records import published_token


@click.command()
@click.argument("connection_id", type=ConnectionId())
@click.option("--show", is_flag=True, help="Print the token itself.")
@click.option("--yes", is_flag=True, help="With --show: print it on a terminal without asking.")
@common_options
@click.pass_obj
def token(options: CommonOptions, connection_id: str, *, show: bool, yes: bool) -> None:
    """Show a connection's token, masked.

    The token comes from Parameter Store, as readers get it. With --show it is printed whole. On a terminal --show
    asks for confirmation, because the token would stay in the terminal's history.
    """
    if show and is_terminal() and not yes:
        if not sys.stdin.isatty():
            raise RefusedError("The token is not printed on a terminal without --yes.")
        if not click.confirm("Print the token on this screen?", err=True):
            raise RefusedError("Not confirmed. Nothing was printed.")
    deployment = options.find()
    name = deployment.parameters.token_name(connection_id)
    value, version = published_token(deployment, connection_id)
    digest = sha256(value.encode()).hexdigest()
    if options.json:
        about = {
            "connection_id": connection_id,
            "parameter": name,
            "version": version,
            "length": len(value),
            "sha256": digest,
        }
        show_json(about | ({"access_token": value} if show else {}))
    elif show:
        show_line(value)
    else:
        show_line(f"{value[:3]}{'*' * 12}  ({len(value)} characters, SHA-256 begins {digest[:12]})")
        show_line(f"Version {version} of {name}")
