"""Decide which version of the Graph API serves a request."""

import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

VERSION = "facebook.version"
"""Key of the WSGI environment for the version in the path, or None."""

BATCH_PATH = "/_batch"
"""The path of batch requests, which Facebook takes at the version alone. `/` is the developers' page here."""

LIVE = ("v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0")

_PREFIX = re.compile(r"/(v\d+\.\d+)(?=/|$)")


class VersionPrefix:
    """Remove the version from the path, so that every route works with and without one."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        prefix = _PREFIX.match(environ["PATH_INFO"])
        environ[VERSION] = prefix[1] if prefix else None
        if prefix:
            environ["SCRIPT_NAME"] += prefix[0]
            rest = environ["PATH_INFO"][prefix.end() :]
            environ["PATH_INFO"] = rest if rest.strip("/") else BATCH_PATH
        return self._app(environ, start_response)


def serving(asked: str | None, default: str) -> str | None:
    """Return the version that answers: `asked`, or the oldest live one if `asked` has ended; None if it never existed."""
    if asked is None:
        return default
    if asked in LIVE:
        return asked
    return LIVE[0] if _number(asked) < _number(LIVE[0]) else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version[1:].split("."))
