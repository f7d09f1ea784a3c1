"""Find and show the links in LinkTable for the commands."""

from collections.abc import Iterable
from typing import Any

from whatsapp_connect.links import Link
from whatsapp_connect_cli.errors import RefusedError
from whatsapp_connect_cli.output import iso, moment, show_table


def find_link(links: Iterable[Link], digits: str) -> Link | None:
    """Return the link whose hash begins with these digits, or None. Raises RefusedError if there are several."""
    found = [one for one in links if one.hash.startswith(digits)]
    if len(found) > 1:
        raise RefusedError(f"{len(found)} links match. Give more digits. Nothing was changed.")
    return found[0] if found else None


def sentence(link: Link, *, now: float) -> str:
    """Return one sentence about a link."""
    label = f" ({link.label})" if link.label else ""
    features = "" if link.signup_features is None else f", features: {', '.join(link.signup_features) or 'none'}"
    signup = f" Its sign-up is {link.signup or 'that of the stack'}{features}." if link.signup or features else ""
    return (
        f"The link {link.id} for {link.connection_id}{label} is {state(link, now=now)}: created"
        f" {moment(link.created_at)}, valid until {moment(link.valid_until)} UTC, uses left: {max(0, link.uses_left)}.{signup}"
    )


def show_links(links: Iterable[Link], *, now: float) -> None:
    """Print a table of links."""
    show_table(
        ("LINK", "VALID UNTIL (UTC)", "USES LEFT", "STATE", "CONNECTION", "LABEL"),
        [
            (
                link.id,
                moment(link.valid_until),
                str(max(0, link.uses_left)),
                state(link, now=now),
                link.connection_id,
                link.label,
            )
            for link in links
        ],
    )


def state(link: Link, *, now: float) -> str:
    """Return "good", "used", "expired" or "revoked"."""
    if link.revoked:
        return "revoked"
    if link.uses_left < 1:
        return "used"
    return "expired" if link.valid_until <= now else "good"


def as_json(link: Link, *, now: float) -> dict[str, Any]:
    """Return what --json prints of a link."""
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
        "signup": link.signup,
        "signup_features": None if link.signup_features is None else list(link.signup_features),
    }
