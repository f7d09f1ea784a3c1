"""Machines of a network, on this one: each is a network namespace, so they meet nothing but each other."""

import subprocess
import sys
from typing import Self

_READ = "import socket; print(socket.create_connection(({address!r}, {port}), timeout=5).makefile().read())"
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Put before a command: runs it with no more rights than an ordinary user's on Linux."""


class Machine:
    """One machine. It is gone when its process ends, which is with the test at the latest."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == "up\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    @property
    def pid(self) -> int:
        """Return the process whose network it is."""
        return self._process.pid

    def ip(self, command: str) -> None:
        """Run `ip` with these words."""
        subprocess.run([*self.command("ip"), *command.split()], check=True)

    def wire(self, device: str, other: "Machine", other_device: str) -> None:
        """Lay a cable to another machine, and switch it on at both ends."""
        link = f"link add {device} type veth peer name {other_device} netns {other.pid}"
        self.ip(link)
        self.ip(f"link set {device} up")
        other.ip(f"link set {other_device} up")

    def command(self, *command: str) -> list[str]:
        """Return a command that runs `command` on this machine."""
        return ["nsenter", f"--net=/proc/{self._process.pid}/ns/net", "--", *command]

    def read(self, address: str, port: int) -> str:
        """Connect, and return what is said there, or the exception's name."""
        program = _READ.format(address=address, port=port)
        run = subprocess.run(
            self.command(sys.executable, "-c", program),
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
        return run.stdout.strip() or run.stderr.splitlines()[-1].partition(":")[0]
