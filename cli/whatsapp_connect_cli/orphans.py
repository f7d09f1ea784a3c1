"""`whatsapp-connect orphans`: find parameters without a record, and records without their parameters."""

from collections.abc import Callable, Mapping
from time import monotonic

import click

from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import RefusedError
from whatsapp_connect_cli.options import CommonOptions, common_options
from whatsapp_connect_cli.output import say, show_json, show_table
from whatsapp_connect_cli.publish import mark

READS_PER_SECOND = 10.0
"""Parameter Store allows 40 reads a second for the account and Region. The functions need the rest."""
_PROGRESS_PARAMETERS = 1_000
_LEAVES = frozenset({"access-token", "metadata"})


@click.command()
@click.option("--delete", is_flag=True, help="Delete the parameters that have no record.")
@click.option("--yes", is_flag=True, help="With --delete: do not ask for confirmation.")
@common_options
@click.pass_obj
def orphans(options: CommonOptions, *, delete: bool, yes: bool) -> None:
    """Find parameters without a record.

    Also finds records that lack a parameter. Reads all parameters of the connections, 100 a second. To write the
    missing parameters of a record, run whatsapp-connect publish ID.
    """
    deployment = options.find()
    stored = _parameters(deployment)
    # The records are read after the parameters, so that a login in between does not look like an orphan.
    known, lacking = _records(deployment, stored)
    orphaned = {connection_id: leaves for connection_id, leaves in stored.items() if connection_id not in known}
    if options.json and not delete:
        show_json({"parameters_without_record": _json(orphaned), "records_without_parameters": _json(lacking)})
        return
    if not options.json:
        _show(orphaned, lacking)
    if not delete:
        return
    if orphaned and not yes and not click.confirm(f"Delete the parameters of {len(orphaned)} connections?", err=True):
        raise RefusedError("Not confirmed. Nothing was changed.")
    deleted = _delete(deployment, orphaned)
    if options.json:
        show_json({"deleted": deleted})
    else:
        say(f"Connections whose parameters were deleted: {len(deleted)}.")


def _parameters(deployment: Deployment) -> dict[str, set[str]]:
    """Return the last parts of the stored parameters' names, by connection id."""
    found: dict[str, set[str]] = {}
    names = deployment.parameters.names(before_page=_pace(deployment, READS_PER_SECOND))
    for number, (connection_id, leaf) in enumerate(names, 1):
        if leaf in _LEAVES:
            found.setdefault(connection_id, set()).add(leaf)
        if number % _PROGRESS_PARAMETERS == 0:
            say(f"Reading parameters: {number} ...")
    return found


def _records(deployment: Deployment, stored: Mapping[str, set[str]]) -> tuple[set[str], dict[str, set[str]]]:
    """Return the ids that have a record, and the missing parameters by id."""
    known: set[str] = set()
    lacking: dict[str, set[str]] = {}
    for record in deployment.connections.all(on_unreadable=known.add):
        known.add(record.connection_id)
        missing = _wanted(deployment, record) - stored.get(record.connection_id, set())
        # The parameter may have been published after the parameters were read, so read it again.
        if missing := {leaf for leaf in missing if not _exists(deployment, record.connection_id, leaf)}:
            lacking[record.connection_id] = missing
    return known, lacking


def _exists(deployment: Deployment, connection_id: str, leaf: str) -> bool:
    if leaf == "metadata":
        return deployment.parameters.metadata(connection_id) is not None
    return deployment.parameters.token_version(connection_id) > 0


def _wanted(deployment: Deployment, record: ConnectionRecord) -> set[str]:
    """Return the parameters that a record must have; none while it waits to be published."""
    if record.status == "forgotten" or record.publish_at is not None:
        return set()
    wanted = {"access-token"} if record.token is not None else set()
    return wanted | ({"metadata"} if deployment.settings.metadata else set())


def _delete(deployment: Deployment, orphaned: Mapping[str, set[str]]) -> list[str]:
    """Delete the parameters of connections that still have no record. Return the ids."""
    pace = _pace(deployment, deployment.settings.parameter_writes_per_second)
    deleted = []
    for connection_id in sorted(orphaned):
        if deployment.connections.load(connection_id):
            continue
        pace()
        deployment.parameters.delete_token(connection_id)
        pace()
        deployment.parameters.delete_metadata(connection_id)
        deleted.append(connection_id)
        if record := deployment.connections.load(connection_id):
            mark(deployment, record)  # a login came in between, and its parameters have to be published again
    return deleted


def _pace(deployment: Deployment, per_second: float) -> Callable[[], None]:
    """Return a function that waits until the next call may be made, so that calls keep below `per_second`."""
    next_at = 0.0

    def wait() -> None:
        nonlocal next_at
        now = monotonic()
        if next_at > now:
            deployment.pause(next_at - now)
        next_at = max(now, next_at) + 1 / per_second

    return wait


def _show(orphaned: Mapping[str, set[str]], lacking: Mapping[str, set[str]]) -> None:
    if not orphaned and not lacking:
        say("Every parameter has a record, and every record its parameters.")
        return
    show_table(
        ("CONNECTION", "PARAMETERS", "PROBLEM"),
        [
            *((one, ", ".join(sorted(leaves)), "no record") for one, leaves in sorted(orphaned.items())),
            *(
                (one, ", ".join(sorted(leaves)), f"missing: whatsapp-connect publish {one}")
                for one, leaves in sorted(lacking.items())
            ),
        ],
    )


def _json(found: Mapping[str, set[str]]) -> list[dict[str, object]]:
    return [{"connection_id": one, "parameters": sorted(leaves)} for one, leaves in sorted(found.items())]
