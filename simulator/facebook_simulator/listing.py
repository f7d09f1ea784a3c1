"""Answer with the requested fields of a node, and with lists in pages."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from facebook_simulator import errors
from facebook_simulator.errors import GraphError

_PAGE_ITEMS = 25


def select(
    node: dict[str, Any], default: tuple[str, ...], node_type: str, unset: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the fields named in `fields`, else the default ones, and always `id`. Raises GraphError.

    The fields `unset` exist but have no value here, so they are left out, as Facebook does.
    """
    asked = [name.strip() for name in request.args.get("fields", "").split(",") if name.strip()] or list(default)
    for name in asked:
        if name not in node and name not in unset:
            raise GraphError(errors.nonexisting_field(name, node_type))
    return {name: node[name] for name in dict.fromkeys([*asked, "id"]) if name in node}


def page[Item](items: Sequence[Item], describe: Callable[[Item], dict[str, Any]], token: str) -> dict[str, Any]:
    """Return a page of a list. The link to the next page contains the token, as Facebook's does. Raises GraphError."""
    limit = _limit(request.args.get("limit"))
    start = _position(request.args.get("after")) + 1
    shown = items[start : start + limit]
    body: dict[str, Any] = {"data": [describe(item) for item in shown]}
    if shown:
        last = start + len(shown) - 1
        body["paging"] = {"cursors": {"before": _cursor(start), "after": _cursor(last)}}
        if last + 1 < len(items):
            query = {"access_token": token, "limit": limit, "after": _cursor(last)}
            if "fields" in request.args:
                query["fields"] = request.args["fields"]
            body["paging"]["next"] = f"{request.base_url}?{urlencode(query)}"
    return body


def _limit(text: str | None) -> int:
    return max(1, min(int(text), 100)) if text and text.isdecimal() else _PAGE_ITEMS


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"position:{position}".encode()).decode()


def _position(cursor: str | None) -> int:
    """Return the index that a cursor points to; -1 without a cursor. Raises GraphError."""
    if not cursor:
        return -1
    try:
        return int(base64.urlsafe_b64decode(cursor).decode().removeprefix("position:"))
    except (ValueError, binascii.Error):
        raise GraphError(errors.invalid_parameter("after", "is not a cursor")) from None
