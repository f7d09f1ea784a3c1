"""The helper that finds listening sockets: it must see what it is there to find."""

import os
import socket
import subprocess
import sys
from ipaddress import ip_address

import pytest

from tests.listening import Listening, listening

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
def test_a_socket_is_found_and_known_to_be_open_or_not(kind: int, address: str, *, is_open: bool) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as server:
        server.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            server.listen()
        port = server.getsockname()[1]
        (found,) = [one for one in listening(os.getpid()) if one.port == port]
        assert found.address == ip_address(address)
        assert found.is_open_to_the_network() == is_open


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
        assert client.getsockname()[1] not in ports
        assert Listening("tcp", ip_address("127.0.0.1"), server.getsockname()[1]) in listening(os.getpid())
