"""Say which connections need somebody, and which of them first. Pure; times are epoch seconds."""

from collections.abc import Iterable

from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.output import count
from whatsapp_connect_cli.story import has_unregistered_number, is_late, is_stuck, send_problem

TROUBLES = (
    "permission-missing",
    "no-account",
    "not-usable",
    "ends-soon",
    "stuck",
    "unpublished",
    "ended",
)
"""What can be wrong with a connection. What comes first in a list is first here."""


def trouble(record: ConnectionRecord, *, now: float, required_scopes: Iterable[str]) -> str | None:
    """Return the first of TROUBLES that a connection has; None if nobody has to do anything."""
    is_alive = record.is_alive
    has = {
        "permission-missing": is_alive and bool(missing_scopes(record, required_scopes)),
        "no-account": is_alive and not record.proven_accounts,
        "not-usable": is_alive
        and (
            not record.is_usable
            or record.status_reason is not None
            or bool(send_problem(record))
            or has_unregistered_number(record)
        ),
        "ends-soon": record.status == "expiring" or record.data_access_warned_days is not None,
        "stuck": is_stuck(record),
        "unpublished": is_late(record, now=now),
        "ended": record.status in {"revoked", "expired"},
    }
    return next((one for one in TROUBLES if has[one]), None)


def notes(record: ConnectionRecord, *, now: float, required_scopes: Iterable[str]) -> str:
    """Return the status reason and the problems, separated by commas; "" if there are none."""
    found = [f"lacks {scope}" for scope in missing_scopes(record, required_scopes)]
    found.append(record.status_reason or "")
    if record.is_alive and record.proven_accounts:
        found += ["" if record.is_usable else "not usable", send_problem(record)]
        found.append("number not registered" if has_unregistered_number(record) else "")
    if is_stuck(record):
        found.append("stuck")
    elif record.failures:
        found.append(count(record.failures, "failure"))
    if is_late(record, now=now):
        found.append("unpublished")
    return ", ".join(filter(None, found))


def missing_scopes(record: ConnectionRecord, required_scopes: Iterable[str]) -> list[str]:
    """Return the required permissions that a living connection lacks, in sorted order."""
    return sorted(set(required_scopes) - set(record.scopes)) if record.is_alive else []
