"""Who reaches what listens on Docker's network: containers of this machine, and nobody else."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

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
    with Bridge(f"http://127.0.0.1:{port}"):
        print(port, flush=True)
        while True:
            connection, _ = service.accept()
            with connection:
                connection.sendall(b"the emulator")
"""


@dataclass(frozen=True, slots=True)
class Network:
    """A developer's machine, a container on it, and the machine on the next desk."""

    developer: Machine
    container: Machine
    neighbour: Machine
    port: int


@pytest.fixture(params=[(), WITHOUT_RIGHTS], ids=["as-root", "as-ordinary-user"])
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    with ExitStack() as parts:
        developer, container, neighbour = (parts.enter_context(Machine()) for _ in range(3))
        developer.ip("link add docker0 type bridge")
        developer.ip(f"address add {DOCKER}/16 dev docker0")
        developer.ip("link set docker0 up")
        developer.wire("veth0", container, "eth0")
        developer.ip("link set veth0 master docker0")
        container.ip("address add 172.17.0.2/16 dev eth0")
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
        yield Network(developer, container, neighbour, int(service.stdout.readline()))


def test_a_container_is_let_in_and_a_neighbour_on_the_network_is_refused(network: Network) -> None:
    assert network.container.read(DOCKER, network.port) == "the emulator"
    # Refused, and not lost on the way: the developer's machine has answered.
    assert network.neighbour.read(DOCKER, network.port) == "ConnectionRefusedError"
    assert network.neighbour.read("198.51.100.1", network.port) == "ConnectionRefusedError"
