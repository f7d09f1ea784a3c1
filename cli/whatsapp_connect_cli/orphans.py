"""`whatsapp-connect orphans`: parameters without a record, and records without their parameters."""

from collections.abc import Callable, Mapping
from time import monotonic

import click

from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.deployment import Deployment
from whatsapp_connect_cli.errors import RefusedError
from whatsapp_connect_cli.options import Asked, common_options
from whatsapp_connect_cli.output import say, show_json, show_table
from whatsapp_connect_cli.publish import mark

READS_PER_SECOND = 10.0
"""Parameter Store answers 40 reads a second for the account and Region, and the functions need them."""
_PROGRESS = 1_000
_LEAVES = frozenset({"access-token", "metadata"})


@click.command()
@click.option("--delete", is_flag=True, help="Delete the parameters that have no record.")
@click.option("--yes", is_flag=True, help="With --delete: do not ask.")
@common_options
@click.pass_obj
def orphans(asked: Asked, *, delete: bool, yes: bool) -> None:
    """Find parameters that have no record, and records that lack a parameter.

    Reads every parameter of the connections, slowly. What a record lacks is put by whatsapp-connect publish ID.
    """
    deployment = asked.find()
    there = _parameters(deployment)
    # Read after the parameters: whoever connects meanwhile has a record by now.
    known, lacking = _records(deployment, there)
    alone = {connection_id: leaves for connection_id, leaves in there.items() if connection_id not in known}
    if asked.json and not delete:
        show_json({"parameters_without_record": _listed(alone), "records_without_parameters": _listed(lacking)})
        return
    if not asked.json:
        _show(alone, lacking)
    if not delete:
        return
    if alone and not yes and not click.confirm(f"Delete the parameters of {len(alone)} connections?", err=True):
        raise RefusedError("Not confirmed. Nothing was changed.")
    deleted = _delete(deployment, alone)
    if asked.json:
        show_json({"deleted": deleted})
    else:
        say(f"Connections whose parameters were deleted: {len(deleted)}.")


def _parameters(deployment: Deployment) -> dict[str, set[str]]:
    """Return by connection id which parameters there are."""
    found: dict[str, set[str]] = {}
    names = deployment.parameters.names(before_page=_pace(deployment, READS_PER_SECOND))
    for number, (connection_id, leaf) in enumerate(names, 1):
        if leaf in _LEAVES:
            found.setdefault(connection_id, set()).add(leaf)
        if number % _PROGRESS == 0:
            say(f"Reading parameters: {number} ...")
    return found


def _records(deployment: Deployment, there: Mapping[str, set[str]]) -> tuple[set[str], dict[str, set[str]]]:
    """Return the ids that have a record, and by id what is missing of those that should be published."""
    known: set[str] = set()
    lacking: dict[str, set[str]] = {}
    for record in deployment.connections.all(on_unreadable=known.add):
        known.add(record.connection_id)
        missing = _wanted(deployment, record) - there.get(record.connection_id, set())
        # Published since the parameters were read, perhaps: look again.
        if missing := {leaf for leaf in missing if not _is_there(deployment, record.connection_id, leaf)}:
            lacking[record.connection_id] = missing
    return known, lacking


def _is_there(deployment: Deployment, connection_id: str, leaf: str) -> bool:
    if leaf == "metadata":
        return deployment.parameters.metadata(connection_id) is not None
    return deployment.parameters.token_version(connection_id) > 0


def _wanted(deployment: Deployment, record: ConnectionRecord) -> set[str]:
    """Return which parameters a record must have: none while it waits to be published."""
    if record.status == "forgotten" or record.publish_at is not None:
        return set()
    wanted = {"access-token"} if record.token is not None else set()
    return wanted | ({"metadata"} if deployment.settings.metadata else set())


def _delete(deployment: Deployment, alone: Mapping[str, set[str]]) -> list[str]:
    """Delete the parameters of connections that still have no record; return the ids."""
    pace = _pace(deployment, deployment.settings.parameter_writes_per_second)
    deleted = []
    for connection_id in sorted(alone):
        if deployment.connections.load(connection_id):
            continue
        pace()
        deployment.parameters.delete_token(connection_id)
        pace()
        deployment.parameters.delete_metadata(connection_id)
        deleted.append(connection_id)
        if record := deployment.connections.load(connection_id):
            mark(deployment, record)  # somebody connected in between: give readers what was taken from them
    return deleted


def _pace(deployment: Deployment, per_second: float) -> Callable[[], None]:
    """Return what waits until the next call of Parameter Store may be made."""
    next_at = 0.0

    def wait() -> None:
        nonlocal next_at
        now = monotonic()
        if next_at > now:
            deployment.pause(next_at - now)
        next_at = max(now, next_at) + 1 / per_second

    return wait


def _show(alone: Mapping[str, set[str]], lacking: Mapping[str, set[str]]) -> None:
    if not alone and not lacking:
        say("Every parameter has a record, and every record its parameters.")
        return
    show_table(
        ("CONNECTION", "PARAMETERS", "WHAT"),
        [
            *((one, ", ".join(sorted(leaves)), "no record") for one, leaves in sorted(alone.items())),
            *(
                (one, ", ".join(sorted(leaves)), f"missing: whatsapp-connect publish {one}")
                for one, leaves in sorted(lacking.items())
            ),
        ],
    )


def _listed(found: Mapping[str, set[str]]) -> list[dict[str, object]]:
    return [{"connection_id": one, "parameters": sorted(leaves)} for one, leaves in sorted(found.items())]
