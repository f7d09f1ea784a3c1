"""Which Graph API version serves a request."""

import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

VERSION = "facebook.version"
"""Key of the WSGI environment: the version named in the path, or None."""

LIVE = ("v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0")

_PREFIX = re.compile(r"/(v\d+\.\d+)(?=/|$)")


class VersionPrefix:
    """Takes the version off the path, so that every route exists with and without one."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        prefix = _PREFIX.match(environ["PATH_INFO"])
        environ[VERSION] = prefix[1] if prefix else None
        if prefix:
            environ["SCRIPT_NAME"] += prefix[0]
            environ["PATH_INFO"] = environ["PATH_INFO"][prefix.end() :]
        return self._app(environ, start_response)


def serving(asked: str | None, default: str) -> str | None:
    """Tell the version that answers: the one asked for, the oldest live one if that has ended; None if it never existed."""
    if asked is None:
        return default
    if asked in LIVE:
        return asked
    return LIVE[0] if _number(asked) < _number(LIVE[0]) else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version[1:].split("."))
