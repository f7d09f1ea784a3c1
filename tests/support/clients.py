"""The clients of AWS that the functions make, so that tests can stand between them and AWS."""

from collections.abc import Callable
from functools import cache
from typing import Any


class Clients:
    """Stands in for the session's `client`: the same client for the same options, so that hooks on it end with a test."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self._make = cache(make)
        self._made: dict[str, list[Any]] = {}
        self.owner = ""
        """The entry file that is being loaded."""

    def __call__(self, service: str, **options: Any) -> Any:
        client = self._make(service, **options)
        self._made.setdefault(self.owner, []).append(client)
        return client

    def of(self, entry: str) -> list[Any]:
        """Return the clients that an entry file has made."""
        return self._made.get(entry, [])
