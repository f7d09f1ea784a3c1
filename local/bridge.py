"""Forward ports from Docker's network to this machine's loopback address, so that containers reach them."""

import socket
import struct
import sys
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Self
from urllib.parse import urlsplit

from local.error import LocalError

# The host name of this machine inside a container.
HOST = "host.docker.internal"

_INTERFACE = "docker0"
_SIOCGIFADDR = 0x8915


class Bridge:
    """Forward the port of each URL from Docker's bridge to the loopback address.

    Only Docker on Linux needs this, because Docker Desktop forwards host.docker.internal by itself. The sockets are
    bound to the bridge's interface, which only containers of this machine can reach. Binding to its address would not
    be enough: Linux accepts packets to that address on every interface, also from other machines.
    """

    def __init__(self, *urls: str) -> None:
        address = _bridge_address()
        ports = [port for url in urls if (port := urlsplit(url).port)]
        self._servers = [_server(address, port) for port in ports] if address else []
        for server in self._servers:
            Thread(target=server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


def _bridge_address() -> str | None:
    """Return the address of this machine on Docker's default network; None if there is no such network."""
    if sys.platform != "linux":
        return None
    import fcntl  # noqa: PLC0415 - exists on Unix only

    with socket.socket() as probe:
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", _INTERFACE.encode()))
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def _server(address: str, port: int) -> ThreadingTCPServer:
    class Forward(_Forward):
        target = port

    try:
        return _Server((address, port), Forward)
    except PermissionError as error:
        raise LocalError(
            "This Linux allows only root to bind a socket to Docker's network. Use Linux 5.7 or later, or run as root."
        ) from error
    except OSError as error:
        raise LocalError(
            f"Port {port} is in use on Docker's network ({address}). Stop the program that uses it."
        ) from error


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    request_queue_size = 128
    daemon_threads = True

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, _INTERFACE.encode())
        super().server_bind()


class _Forward(BaseRequestHandler):
    target: int

    def handle(self) -> None:
        try:
            inside = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            return
        with inside:
            back = Thread(target=_pump, args=(inside, self.request), daemon=True)
            back.start()
            _pump(self.request, inside)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
