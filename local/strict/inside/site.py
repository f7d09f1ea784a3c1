"""Refuse requests to the emulator from web pages of other sites."""

from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app

from facebook_simulator.site import is_another_sites, names_this_machine
from local.strict.inside.patch import replace

Application = Callable[[dict[str, Any], Any, Callable[[dict[str, Any]], Awaitable[None]]], Awaitable[None]]

_API_HOST = ".execute-api.localhost"


def install() -> None:
    """Refuse requests from web pages of other sites, except those for the stack's HTTP API.

    The emulator's credentials are public, and it allows scripts of every site to read its answers. So a page in the
    developer's browser could otherwise read tokens.
    """
    replace(app, "app", _for_this_machine)


def _for_this_machine(original: Application) -> Application:
    async def serve(scope: dict[str, Any], receive: Any, send: Callable[..., Awaitable[None]]) -> None:
        if scope["type"] == "lifespan" or _is_allowed(scope):
            await original(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    return serve


def _is_allowed(scope: dict[str, Any]) -> bool:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host", "")
    if not names_this_machine(host):
        return False
    # The emulator's own endpoints, such as the one that deletes everything, answer for every host name.
    if host.partition(":")[0].endswith(_API_HOST) and not scope["path"].startswith("/_"):
        return True
    return not is_another_sites(headers.get("sec-fetch-site"), headers.get("origin"))
