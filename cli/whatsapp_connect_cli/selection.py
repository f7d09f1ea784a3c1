"""Choose connections by status, text, end and link, with options that several commands have."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from whatsapp_connect.links import ID_DIGITS, link_hash
from whatsapp_connect.model import ConnectionRecord
from whatsapp_connect_cli.options import Duration
from whatsapp_connect_cli.story import days_left

STATUSES = ("active", "expiring", "expired", "revoked", "forgotten")
DAY_S = 86_400
_MIN_LINK_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Selection:
    statuses: tuple[str, ...] = ()
    search: str = ""
    expires_within: int | None = None
    """Seconds."""
    link: str = ""
    """The first digits of a link's ID."""

    @property
    def is_everything(self) -> bool:
        return self == Selection()

    def has(self, record: ConnectionRecord, *, now: float) -> bool:
        """Return whether a connection fits every option that is given."""
        if self.statuses and record.status not in self.statuses:
            return False
        if self.link and not any(one.startswith(self.link) for one in link_ids(record)):
            return False
        if self.expires_within is not None:
            left = days_left(record, now=now)
            if left is None or left * DAY_S > self.expires_within:
                return False
        return not self.search or any(self.search.casefold() in text.casefold() for text in _texts(record))


def selection_options[F: Callable[..., Any]](command: F) -> F:
    """Add the options to a command, which gets them as `selection`."""

    @wraps(command)
    def with_selection(
        *args: Any, statuses: tuple[str, ...], search: str, expires_within: int | None, link: str, **more: Any
    ) -> Any:
        return command(*args, selection=Selection(statuses, search, expires_within, link), **more)

    for option in (
        click.option("--link", callback=_link_digits, default="", help="Made by this link: its ID or whole address."),
        click.option(
            "--expires-within",
            type=Duration(),
            help="Whose token ends within this time, for example 14d. Ended ones not.",
        ),
        click.option(
            "--search", default="", help="With this text in ID, label, business, number, tag or Facebook user."
        ),
        click.option(
            "--status",
            "statuses",
            type=click.Choice(STATUSES),
            multiple=True,
            help="With this status. May be repeated.",
        ),
    ):
        with_selection = option(with_selection)
    return with_selection  # type: ignore[return-value]  # click's decorators keep the signature


def link_digits(text: str) -> str:
    """Return the first digits of a link's ID, from these digits or from its address. Raises UsageError."""
    digits = link_hash(text.partition("?")[0].rstrip("/").rpartition("/")[2]) if "/" in text else text.lower()
    if len(digits) < _MIN_LINK_DIGITS:
        raise click.UsageError(f"Give at least {_MIN_LINK_DIGITS} digits of the link's ID.")
    return digits


def link_ids(record: ConnectionRecord) -> set[str]:
    """Return the IDs of the links that made a connection, as far as its record holds their logins."""
    return {record.link_id, *(str(event.facts.get("link_id") or "") for event in record.history)} - {""}


def _link_digits(_: click.Context, __: click.Parameter, value: str) -> str:
    # A record has 16 digits of the ID, an address gives all 64.
    return link_digits(value)[:ID_DIGITS] if value else ""


def _texts(record: ConnectionRecord) -> Iterator[str]:
    yield from (record.connection_id, record.label, record.user_id, *record.tags.values())
    for account in record.accounts:
        yield from (account.id, account.name)
        for number in account.numbers:
            digits = "".join(filter(str.isdigit, number.display_phone_number))
            yield from (number.id, number.verified_name, number.display_phone_number, digits)
