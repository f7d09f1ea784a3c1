"""The helper that finds listening sockets: it must see what it is there to find."""

import os
import socket
import subprocess
import sys
from ipaddress import ip_address

import pytest

from tests.support.listening import Listening, listening

pytestmark = pytest.mark.linux


@pytest.mark.parametrize(
    ("kind", "address", "is_open"),
    [
        (socket.SOCK_STREAM, "127.0.0.1", False),
        (socket.SOCK_STREAM, "0.0.0.0", True),
        (socket.SOCK_STREAM, "::1", False),
        (socket.SOCK_STREAM, "::", True),
        (socket.SOCK_DGRAM, "127.0.0.1", False),
        (socket.SOCK_DGRAM, "0.0.0.0", True),
    ],
)
@pytest.mark.parametrize("device", ["", "lo"])
def test_a_socket_is_found_with_its_address_and_device(kind: int, address: str, device: str, *, is_open: bool) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        server.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            server.listen()
        port = server.getsockname()[1]
        (found,) = [one for one in listening(os.getpid()) if one.port == port]
        protocol = "tcp" if kind == socket.SOCK_STREAM else "udp"
        assert found == Listening(protocol, ip_address(address), port, device)
        assert found.is_open_to_the_network() == is_open


def test_only_the_device_of_docker_keeps_the_network_out() -> None:
    everywhere = ip_address("172.17.0.1")
    assert Listening("tcp", everywhere, 1).is_open_to_the_network()
    assert Listening("tcp", everywhere, 1, "eth0").is_open_to_the_network()
    assert not Listening("tcp", everywhere, 1, "docker0").is_open_to_the_network()


def test_a_socket_of_a_process_further_down_is_found() -> None:
    program = "import socket; server = socket.create_server(('127.0.0.1', 0)); print(server.getsockname()[1]); input()"
    shell = ["sh", "-c", '"$0" -u -c "$1"; true', sys.executable, program]
    with subprocess.Popen(shell, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        assert {one.port for one in listening(process.pid)} == {port}
        process.communicate("\n")


def test_a_connected_socket_does_not_listen() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        ports = {one.port for one in listening(os.getpid())}
        assert server.getsockname()[1] in ports
        assert client.getsockname()[1] not in ports
