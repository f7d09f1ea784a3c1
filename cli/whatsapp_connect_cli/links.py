"""`whatsapp-connect links`: create, list, show and revoke connect links."""

from datetime import datetime

import click

from whatsapp_connect.languages import NAMES
from whatsapp_connect.link_request import MAX_USES, SIGNUP_FEATURES, SIGNUP_MODES
from whatsapp_connect.links import ID_DIGITS
from whatsapp_connect_cli.create_links import create_all
from whatsapp_connect_cli.errors import NotFoundError, RefusedError
from whatsapp_connect_cli.known_links import as_json, find_link, sentence, show_links, state
from whatsapp_connect_cli.options import (
    NO_FEATURE,
    CommonOptions,
    ConnectionId,
    Duration,
    Tag,
    WabaId,
    chosen_features,
    common_options,
)
from whatsapp_connect_cli.output import is_terminal, iso, moment, say, show_json, show_line, show_qr_code
from whatsapp_connect_cli.records import load_all
from whatsapp_connect_cli.revoke_links import revoke
from whatsapp_connect_cli.selection import Selection, link_digits

_OPTIONS = {
    "connection_id": "connection ID",
    "label": "label",
    "tags": "tag",
    "lifetime_s": "lifetime",
    "uses": "number of uses",
    "accounts": "account",
    "return_url": "return URL",
    "language": "language",
    "signup": "sign-up",
    "signup_features": "choice of features",
}
"""What a field of the input is called here."""


@click.group()
@common_options
def links() -> None:
    """Create, list, show and revoke connect links."""


links.add_command(create_all)
links.add_command(revoke)


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
@click.option("--signup", type=click.Choice(SIGNUP_MODES), help="How Embedded Signup opens. Default: the stack's.")
@click.option(
    "--signup-feature",
    "signup_features",
    type=click.Choice([*SIGNUP_FEATURES, NO_FEATURE]),
    multiple=True,
    help="A feature of the embedded sign-up. May be repeated. Default: the stack's.",
)
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
    signup: str | None,
    signup_features: tuple[str, ...],
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
            "signup": signup or "",
            **({"signup_features": chosen_features(signup_features)} if signup_features else {}),
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
        show_json([as_json(link, now=now) for link in shown])
        return
    if not shown:
        say("There are no links that can be used. To create one: whatsapp-connect links create CONNECTION_ID")
        return
    show_links(shown, now=now)


@links.command()
@click.argument("link")
@common_options
@click.pass_obj
def show(options: CommonOptions, link: str) -> None:
    """Show LINK and every connection that was made by it.

    LINK is its ID, or the first digits of that, or its whole address. The link itself may be deleted already.
    """
    deployment = options.find()
    digits = link_digits(link)
    found = find_link(deployment.links.list(), digits)
    link_id = found.id if found else digits[:ID_DIGITS]
    now = deployment.clock()
    selection = Selection(link=link_id)
    made = sorted(
        (one for one in load_all(deployment) if selection.has(one, now=now)), key=lambda record: record.connection_id
    )
    deleted = sorted(
        (one for one in deployment.deletions.connections() if one.link_id and one.link_id.startswith(link_id)),
        key=lambda one: one.connection_id,
    )
    if found is None and not made and not deleted:
        raise NotFoundError("There is no such link, and no connection that was made by it.")
    if options.json:
        show_json(
            {
                "link": as_json(found, now=now) if found else None,
                "connections": [{"connection_id": one.connection_id, "status": one.status} for one in made],
                "deleted_connections": [
                    {"connection_id": one.connection_id, "deleted_at": iso(one.deleted_at), "reason": one.reason}
                    for one in deleted
                ],
            }
        )
        return
    show_line(sentence(found, now=now) if found else f"The link {link_id} is not in the table any more.")
    show_line(f"Connections made by it: {', '.join(f'{one.connection_id} ({one.status})' for one in made) or 'none'}.")
    if deleted:
        show_line(f"Deleted ones: {', '.join(f'{one.connection_id} ({one.reason})' for one in deleted)}.")
    if found and state(found, now=now) == "good":
        say(f"To revoke it: whatsapp-connect links revoke {link_id}")
    if made:
        say(f"To end these connections: whatsapp-connect connections disconnect --link {link_id}")
