"""Who reaches what listens on Docker's network: containers of this machine, and nobody else."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

import pytest

from local.place import ROOT
from tests.integration.network import WITHOUT_RIGHTS, Machine

pytestmark = pytest.mark.namespaces

DOCKER = "172.17.0.1"
# A service on the loopback address, like the emulator, and the bridge that leads to it.
SERVICE = """
import socket
from local.bridge import Bridge

with socket.create_server(("127.0.0.1", 0)) as service:
    port = service.getsockname()[1]
    with Bridge(f"http://127.0.0.1:{port}", say=lambda text: print(text, flush=True)):
        print(port, flush=True)
        while True:
            connection, _ = service.accept()
            with connection:
                connection.sendall(b"the emulator")
"""
# A program that holds the port on Docker's network, before the network is there, until its input ends.
HOLDER = """
import socket, sys

IP_FREEBIND = 15  # of Linux; Python does not name it
with socket.socket() as server:
    server.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    server.bind(("{address}", {port}))
    server.listen()
    print("listening", flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True, slots=True)
class Network:
    """A developer's machine, a container on it, and the machine on the next desk."""

    developer: Machine
    container: Machine
    neighbour: Machine
    port: int
    said: IO[str]
    """What the bridge says, line by line."""

    def start_docker(self, *, address: str = DOCKER, container_address: str = "172.17.0.2") -> None:
        """Make Docker's interface, and connect the container to it."""
        self.developer.ip("link add docker0 type bridge")
        self.developer.ip(f"address add {address}/16 dev docker0")
        self.developer.ip("link set docker0 up")
        self.developer.wire("veth0", self.container, "eth0")
        self.developer.ip("link set veth0 master docker0")
        self.container.ip(f"address add {container_address}/16 dev eth0")

    def stop_docker(self) -> None:
        """Remove the interface, and the container's cable with it."""
        self.developer.ip("link delete veth0")
        self.developer.ip("link delete docker0")

    def read_until_answered(self, address: str = DOCKER) -> str:
        """Connect from the container until the service answers, at most for ten seconds. Return the last result."""
        deadline = time.monotonic() + 10
        while (answer := self.container.read(address, self.port)) != "the emulator" and time.monotonic() < deadline:
            pass
        return answer


@pytest.fixture(params=[(), WITHOUT_RIGHTS], ids=["as-root", "as-ordinary-user"])
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    """Return the machines, where Docker has not started yet but the service has."""
    with ExitStack() as parts:
        developer, container, neighbour = (parts.enter_context(Machine()) for _ in range(3))
        developer.wire("eth0", neighbour, "eth0")
        developer.ip("address add 198.51.100.1/24 dev eth0")
        neighbour.ip("address add 198.51.100.2/24 dev eth0")
        neighbour.ip("route add 172.17.0.0/16 via 198.51.100.1")
        service = parts.enter_context(
            subprocess.Popen(
                developer.command(*request.param, sys.executable, "-c", SERVICE),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        parts.callback(service.kill)
        assert service.stdout
        yield Network(developer, container, neighbour, int(service.stdout.readline()), service.stdout)


def test_a_container_is_let_in_and_a_neighbour_on_the_network_is_refused(network: Network) -> None:
    network.start_docker()
    assert network.read_until_answered() == "the emulator"
    # Refused, and not lost on the way: the developer's machine has answered.
    assert network.neighbour.read(DOCKER, network.port) == "ConnectionRefusedError"
    assert network.neighbour.read("198.51.100.1", network.port) == "ConnectionRefusedError"


def test_a_container_is_let_in_after_docker_starts_again(network: Network) -> None:
    network.start_docker()
    assert network.read_until_answered() == "the emulator"
    network.stop_docker()
    network.start_docker()  # another interface with the same name and address
    assert network.read_until_answered() == "the emulator"


def test_a_container_is_let_in_after_dockers_network_has_another_address(network: Network) -> None:
    network.start_docker()
    assert network.read_until_answered() == "the emulator"
    network.stop_docker()
    network.start_docker(address="172.18.0.1", container_address="172.18.0.2")
    assert network.read_until_answered("172.18.0.1") == "the emulator"


def test_a_port_that_is_in_use_is_named_once_and_served_when_it_is_free(network: Network) -> None:
    holder = subprocess.Popen(
        network.developer.command(sys.executable, "-c", HOLDER.format(address=DOCKER, port=network.port)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == "listening\n"
        network.start_docker()
        said = network.said.readline()
        assert f"port {network.port} " in said
        holder.communicate()
    assert network.read_until_answered() == "the emulator"
