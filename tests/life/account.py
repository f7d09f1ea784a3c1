"""Where the functions' AWS is: two implementations, the emulator and moto."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol


class Told(NamedTuple):
    """A lifecycle event as it came off the bus."""

    type: str
    detail: Mapping[str, Any]


class AwsAccount(Protocol):
    @property
    def prefix(self) -> str:
        """The root of the parameters."""

    @property
    def connection_table(self) -> str: ...

    def client(self, service: str) -> Any:
        """Make a client that may do everything."""

    def changes(self) -> Iterator[dict[str, Any]]:
        """Read the table's stream from where the last reading ended; AnnounceFunction gets the same."""

    def receive(self, *, seconds: int) -> Iterator[Told]:
        """Wait up to `seconds` for lifecycle events. Each is told once."""
