"""`whatsapp-connect links revoke`: revoke links by their IDs, or all that fit."""

import click

from whatsapp_connect.links import Link
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import NotFoundError, RefusedError
from whatsapp_connect_cli.known_links import as_json, find_link, show_links, state
from whatsapp_connect_cli.options import CommonOptions, Duration, common_options
from whatsapp_connect_cli.output import count, say, show_json
from whatsapp_connect_cli.selection import link_digits


@click.command()
@click.argument("link_ids", metavar="[LINK]...", nargs=-1)
@click.option("--search", default="", help="Links with this text in connection ID, label or tag.")
@click.option("--created-within", type=Duration(), help="Links created in the last time, for example 2d.")
@click.option("--dry-run", is_flag=True, help="Only list the links that would be revoked.")
@click.option("--yes", is_flag=True, help="With --search or --created-within: do not ask for confirmation.")
@common_options
@click.pass_obj
def revoke(
    options: CommonOptions,
    link_ids: tuple[str, ...],
    *,
    search: str,
    created_within: int | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Revoke links.

    A LINK is its ID as in the list, or the first digits of that, or its whole address. Or choose all links that can be
    used and fit the options. A login that has started with a revoked link fails. To end what was made by a link, see
    links show.
    """
    if bool(link_ids) == bool(search or created_within):
        raise click.UsageError("Give LINKS, or choose links with --search or --created-within.")
    deployment = options.find()
    found = _named(deployment, link_ids) or _chosen(deployment, search=search, created_within=created_within)
    if dry_run or not link_ids:
        _show_chosen(
            found, now=deployment.clock(), in_json=options.json and dry_run, silent=options.json and not dry_run
        )
    if dry_run:
        return
    if found and not link_ids and not yes and not click.confirm(f"Revoke {count(len(found), 'link')}?", err=True):
        raise RefusedError("Not confirmed. Nothing was changed.")
    for link in found:
        deployment.links.revoke(link.hash)
        if not options.json:
            say(f"The link {link.id} for {link.connection_id} is revoked.")
    if options.json:
        show_json([{"link_id": one.id, "connection_id": one.connection_id, "state": "revoked"} for one in found])


def _named(deployment: Deployment, link_ids: tuple[str, ...]) -> list[Link]:
    """Return the links with these IDs or addresses. Raises NotFoundError if one does not exist."""
    links = list(deployment.links.list()) if link_ids else []
    found = [find_link(links, link_digits(one)) for one in link_ids]
    known = [link for link in found if link]
    if len(known) < len(found):
        # What was typed is not repeated: it can be a link.
        raise NotFoundError("There is no such link. Nothing was changed.")
    return known


def _chosen(deployment: Deployment, *, search: str, created_within: int | None) -> list[Link]:
    """Return the links that can be used and fit."""
    now = deployment.clock()
    found = [
        link
        for link in deployment.links.list()
        if state(link, now=now) == "good"
        and (created_within is None or link.created_at >= now - created_within)
        and any(search.casefold() in text.casefold() for text in (link.connection_id, link.label, *link.tags.values()))
    ]
    return sorted(found, key=lambda link: (link.valid_until, link.hash))


def _show_chosen(links: list[Link], *, now: float, in_json: bool, silent: bool) -> None:
    if in_json:
        show_json([as_json(link, now=now) for link in links])
    elif not links:
        say("No link fits. Nothing was changed.")
    elif not silent:
        show_links(links, now=now)
