"""`whatsapp-connect links`: create, list and revoke connect links."""

from datetime import datetime
from typing import Any

import click

from whatsapp_connect.languages import NAMES
from whatsapp_connect.link_request import MAX_USES
from whatsapp_connect.links import Link, link_hash
from whatsapp_connect_cli.errors import NotFoundError, RefusedError
from whatsapp_connect_cli.options import CommonOptions, ConnectionId, Duration, Tag, WabaId, common_options
from whatsapp_connect_cli.output import is_terminal, iso, moment, say, show_json, show_line, show_qr_code, show_table

_MIN_ID_DIGITS = 4
_OPTIONS = {
    "connection_id": "connection ID",
    "label": "label",
    "tags": "tag",
    "lifetime_s": "lifetime",
    "uses": "number of uses",
    "accounts": "account",
    "return_url": "return URL",
    "language": "language",
}
"""What a field of the input is called here."""


@click.group()
@common_options
def links() -> None:
    """Create, list and revoke connect links."""


@links.command()
@click.argument("connection_id", type=ConnectionId())
@click.option(
    "--expires", type=Duration(), default="7d", show_default=True, help="Lifetime, for example 12h, 7d or 2w."
)
@click.option(
    "--uses", type=click.IntRange(1, MAX_USES), default=1, show_default=True, help="How many logins it allows."
)
@click.option("--any-user", is_flag=True, help="Allow another Facebook user than before.")
@click.option("--label", default="", help="Who the link is for. Pages, events and mails show it.")
@click.option(
    "--tag", "tags", type=Tag(), multiple=True, help="For your own use, in metadata and events. May be repeated."
)
@click.option(
    "--account",
    "waba_ids",
    type=WabaId(),
    multiple=True,
    help="A WhatsApp Business account to look for, if Facebook does not name it. May be repeated.",
)
@click.option("--return-url", default="", help="Where the browser goes after the login.")
@click.option("--language", type=click.Choice(list(NAMES)), help="Language of the pages. Default: the visitor's.")
@common_options
@click.pass_obj
def create(
    options: CommonOptions,
    connection_id: str,
    *,
    expires: int,
    uses: int,
    any_user: bool,
    label: str,
    tags: tuple[tuple[str, str], ...],
    waba_ids: tuple[str, ...],
    return_url: str,
    language: str | None,
) -> None:
    """Create a connect link for CONNECTION_ID.

    You choose the CONNECTION_ID, for example a customer number. Everybody who has the link can use it. It is shown
    once; the stack stores only its hash. A link preview does not use it up. Only a completed login does.
    """
    deployment = options.find()
    created = deployment.create_link(
        {
            "connection_id": connection_id,
            "label": label,
            "tags": dict(tags),
            "lifetime_s": expires,
            "uses": uses,
            "any_user": any_user,
            "accounts": list(waba_ids),
            "return_url": return_url,
            "language": language or "",
        }
    )
    if "error" in created:
        raise RefusedError(f"The {_OPTIONS[created['field']]} was refused. {created['message']}")
    if options.json:
        show_json({**created, "connection_id": connection_id})
        return
    show_line(created["url"])
    if is_terminal():
        show_qr_code(created["url"])
    times = "once" if uses == 1 else f"{uses} times"
    until = moment(int(datetime.fromisoformat(created["expires_at"]).timestamp()))
    say(f"Can be used {times} until {until} UTC, for the connection {connection_id}.")
    say(f"To revoke it: whatsapp-connect links revoke {created['link_id']}")


@links.command("list")
@click.option("--all", "everything", is_flag=True, help="Also list links that are used, expired or revoked.")
@common_options
@click.pass_obj
def list_(options: CommonOptions, *, everything: bool) -> None:
    """List the links that can be used. Those that expire first come first."""
    deployment = options.find()
    now = deployment.clock()
    found = sorted(deployment.links.list(), key=lambda link: (link.valid_until, link.hash))
    shown = [link for link in found if everything or state(link, now=now) == "good"]
    if options.json:
        show_json([_json(link, now=now) for link in shown])
        return
    if not shown:
        say("There are no links that can be used. To create one: whatsapp-connect links create CONNECTION_ID")
        return
    show_table(
        ("LINK", "VALID UNTIL (UTC)", "USES LEFT", "STATE", "CONNECTION", "LABEL"),
        (
            (
                link.id,
                moment(link.valid_until),
                str(max(0, link.uses_left)),
                state(link, now=now),
                link.connection_id,
                link.label,
            )
            for link in shown
        ),
    )


@links.command()
@click.argument("link")
@common_options
@click.pass_obj
def revoke(options: CommonOptions, link: str) -> None:
    """Revoke LINK.

    LINK is its ID as in the list, or the first digits of that, or its whole address. A login that has started with this
    link fails.
    """
    deployment = options.find()
    prefix = link_hash(link.partition("?")[0].rpartition("/")[2]) if "/" in link else link.lower()
    if len(prefix) < _MIN_ID_DIGITS:
        raise click.UsageError(f"Give at least {_MIN_ID_DIGITS} digits of the ID.")
    found = [one for one in deployment.links.list() if one.hash.startswith(prefix)]
    if not found:
        raise NotFoundError("There is no such link.")
    if len(found) > 1:
        raise RefusedError(f"{len(found)} links match. Give more digits. Nothing was changed.")
    deployment.links.revoke(found[0].hash)
    if options.json:
        show_json({"link_id": found[0].id, "connection_id": found[0].connection_id, "state": "revoked"})
    else:
        say(f"The link for {found[0].connection_id} is revoked.")


def state(link: Link, *, now: float) -> str:
    """Return "good", "used", "expired" or "revoked"."""
    if link.revoked:
        return "revoked"
    if link.uses_left < 1:
        return "used"
    return "expired" if link.valid_until <= now else "good"


def _json(link: Link, *, now: float) -> dict[str, Any]:
    return {
        "link_id": link.id,
        "connection_id": link.connection_id,
        "expires_at": iso(link.valid_until),
        "uses_left": max(0, link.uses_left),
        "state": state(link, now=now),
        "any_user": link.any_user,
        "created_at": iso(link.created_at),
        "label": link.label,
        "tags": dict(link.tags),
        "accounts": list(link.waba_ids),
        "return_url": link.return_url,
        "language": link.language,
    }
