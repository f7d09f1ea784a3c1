"""Where the processes that a test started listen."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import NamedTuple

_ADDRESS = re.compile(r"\[?(?P<address>[^%\]]+)\]?(%(?P<device>[^:\]]+))?\]?:(?P<port>[0-9]+)")


class Listening(NamedTuple):
    """A socket that anybody who reaches its address may send to, by any device or by one."""

    protocol: str
    address: IPv4Address | IPv6Address
    port: int
    device: str = ""

    def is_open_to_the_network(self) -> bool:
        """Tell whether another machine may reach it: on Docker's bridge there are only containers of this one."""
        return not self.address.is_loopback and self.device != "docker0"


def listening(pid: int) -> set[Listening]:
    """Return every socket that listens for TCP or UDP in a process or one below it."""
    shown = subprocess.run(["ss", "-Hlntup"], check=True, capture_output=True, text=True).stdout
    tree = {str(process) for process in _tree(pid)}
    return {_parsed(line) for line in shown.splitlines() if tree & set(re.findall(r"pid=([0-9]+)", line))}


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            for child in children.read_text().split():
                yield from _tree(int(child))


def _parsed(line: str) -> Listening:
    protocol, _, _, _, local, *_ = line.split()
    found = _ADDRESS.fullmatch(local.replace("*", "::", 1) if local.startswith("*") else local)
    assert found, line
    return Listening(protocol, ip_address(found["address"]), int(found["port"]), found["device"] or "")
