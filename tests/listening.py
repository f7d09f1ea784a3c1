"""Where the processes that a test started listen."""

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_STATES = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07"}
"""In each of /proc/net's tables, the state of a socket that anybody may send to."""
_GONE = FileNotFoundError, ProcessLookupError


class Listening(NamedTuple):
    """A socket that anybody who reaches its address may send to."""

    protocol: str
    address: IPv4Address | IPv6Address
    port: int

    def is_open_to_the_network(self) -> bool:
        """Tell whether another machine may reach it.

        What this machine sends to itself goes by the device lo, so a TCP socket that is bound to another device, as
        that of Docker's bridge, refuses it. A socket that takes it takes packets of any device.
        """
        if self.address.is_loopback:
            return False
        if not self.protocol.startswith("tcp"):
            return True
        try:
            socket.create_connection((str(self.address), self.port), timeout=5).close()
        except ConnectionRefusedError:
            return False
        return True


def listening(pid: int) -> set[Listening]:
    """Return every socket that listens for TCP or UDP in a process or one below it."""
    own = {inode for process in _tree(pid) for inode in _sockets(process)}
    return {found for inode, found in _found() if inode in own}


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in (_PROC / str(pid) / "task").glob("*/children"):
        with suppress(*_GONE):
            for child in task.read_text().split():
                yield from _tree(int(child))


def _sockets(pid: int) -> Iterator[str]:
    with suppress(*_GONE):
        for file in (_PROC / str(pid) / "fd").iterdir():
            with suppress(*_GONE):
                yield str(file.readlink()).removeprefix("socket:[").removesuffix("]")


def _found() -> Iterator[tuple[str, Listening]]:
    for protocol, state in _STATES.items():
        for line in (_PROC / "net" / protocol).read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == state:
                address, _, port = columns[1].partition(":")
                yield columns[9], Listening(protocol, _parsed(address), int(port, 16))


def _parsed(digits: str) -> IPv4Address | IPv6Address:
    words = [int(digits[at : at + 8], 16) for at in range(0, len(digits), 8)]
    packed = struct.pack(f"={len(words)}I", *words)  # in the machine's own byte order
    return IPv4Address(packed) if len(words) == 1 else IPv6Address(packed)
