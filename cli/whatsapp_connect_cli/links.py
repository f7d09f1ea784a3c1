"""`whatsapp-connect links`: invitations to connect, each for one connection."""

from typing import Any

import click
import segno

from whatsapp_connect.links import Link, link_hash
from whatsapp_connect_cli.errors import NotFoundError, RefusedError
from whatsapp_connect_cli.options import Asked, ConnectionId, Duration, common_options
from whatsapp_connect_cli.output import is_terminal, iso, moment, say, show_json, show_line, show_table

PREFIX = 12
"""Digits of the hash that stand for a link in a list."""
_SHORTEST_PREFIX = 4


@click.group()
@common_options
def links() -> None:
    """Invitations to connect: made, listed, taken back."""


@links.command()
@click.argument("connection_id", type=ConnectionId())
@click.option("--expires", type=Duration(), default="7d", show_default=True, help="Such as 12h, 7d or 2w.")
@click.option("--uses", type=click.IntRange(1, 1000), default=1, show_default=True, help="How often it may be used.")
@click.option("--any-user", is_flag=True, help="Another Facebook user than before may connect.")
@click.option("--note", default="", help="What you want to remember about it.")
@common_options
@click.pass_obj
def create(asked: Asked, connection_id: str, *, expires: int, uses: int, any_user: bool, note: str) -> None:
    """Make a link for CONNECTION_ID, a name of your own such as a customer's number.

    Whoever has the link may use it. It is shown once and kept hashed. Send it by any channel: a preview does not use
    it up, only a connection made does.
    """
    deployment = asked.find()
    link = deployment.links.create(connection_id, lifetime=expires, uses=uses, any_user=any_user, note=note)
    url = f"{deployment.settings.connect_url}/{link}"
    valid_until = int(deployment.clock()) + expires
    hash_ = link_hash(link)
    if asked.json:
        show_json(
            {
                "url": url,
                "hash": hash_,
                "connection_id": connection_id,
                "valid_until": iso(valid_until),
                "uses": uses,
                "any_user": any_user,
                "note": note,
            }
        )
        return
    show_line(url)
    if is_terminal():
        segno.make(url, micro=False).terminal(compact=True, border=2)
    times = "once" if uses == 1 else f"{uses} times"
    say(f"Good {times} until {moment(valid_until)} UTC, for the connection {connection_id}.")
    say(f"To take it back: whatsapp-connect links revoke {hash_[:PREFIX]}")


@links.command("list")
@click.option("--all", "everything", is_flag=True, help="Also links that can no longer be used.")
@common_options
@click.pass_obj
def list_(asked: Asked, *, everything: bool) -> None:
    """List the links that are good, the ones that end first at the top."""
    deployment = asked.find()
    now = deployment.clock()
    found = sorted(deployment.links.list(), key=lambda link: (link.valid_until, link.hash))
    shown = [link for link in found if everything or state(link, now=now) == "good"]
    if asked.json:
        show_json([_json(link, now=now) for link in shown])
        return
    if not shown:
        say("There are no links that can be used. To make one: whatsapp-connect links create CONNECTION_ID")
        return
    show_table(
        ("LINK", "VALID UNTIL (UTC)", "USES LEFT", "STATE", "CONNECTION", "NOTE"),
        (
            (
                link.hash[:PREFIX],
                moment(link.valid_until),
                str(max(0, link.uses_left)),
                state(link, now=now),
                link.connection_id,
                link.note,
            )
            for link in shown
        ),
    )


@links.command()
@click.argument("link")
@common_options
@click.pass_obj
def revoke(asked: Asked, link: str) -> None:
    """Take LINK back: the beginning of its hash, as in the list, or its whole address.

    A login that is under way with it ends without a connection.
    """
    deployment = asked.find()
    prefix = link_hash(link.rpartition("/")[2]) if "/" in link else link.lower()
    if len(prefix) < _SHORTEST_PREFIX:
        raise click.UsageError(f"Give at least {_SHORTEST_PREFIX} digits of the hash.")
    found = [one for one in deployment.links.list() if one.hash.startswith(prefix)]
    if not found:
        raise NotFoundError("There is no such link.")
    if len(found) > 1:
        raise RefusedError(f"{len(found)} links match: give more digits. Nothing was changed.")
    deployment.links.revoke(found[0].hash)
    if asked.json:
        show_json({"hash": found[0].hash, "connection_id": found[0].connection_id, "state": "revoked"})
    else:
        say(f"Taken back: the link for {found[0].connection_id}.")


def state(link: Link, *, now: float) -> str:
    """Say whether a link can be used, in a word."""
    if link.revoked:
        return "revoked"
    if link.uses_left < 1:
        return "used"
    return "expired" if link.valid_until <= now else "good"


def _json(link: Link, *, now: float) -> dict[str, Any]:
    return {
        "hash": link.hash,
        "connection_id": link.connection_id,
        "valid_until": iso(link.valid_until),
        "uses_left": max(0, link.uses_left),
        "state": state(link, now=now),
        "any_user": link.any_user,
        "created_at": iso(link.created_at),
        "note": link.note,
    }
