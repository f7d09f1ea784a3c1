"""Forward ports from Docker's network to this machine's loopback address, so that containers reach them."""

import socket
import struct
import sys
from collections.abc import Callable
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from local.error import LocalError

# The host name of this machine inside a container.
HOST = "host.docker.internal"

_INTERFACE = "docker0"
_SIOCGIFADDR = 0x8915
_LOOK_EVERY_S = 1.0


class _Network(NamedTuple):
    """Docker's default network, as this machine sees it now."""

    interface_index: int
    address: str


class Bridge:
    """Forward the port of each URL from Docker's bridge to the loopback address.

    Only Docker on Linux needs this, because Docker Desktop forwards host.docker.internal by itself. The sockets are
    bound to the bridge's interface, which only containers of this machine can reach. Binding to its address would not
    be enough: Linux accepts packets to that address on every interface, also from other machines.

    Docker can start or restart later, so a thread looks for the interface every second, and binds again when it is
    another one or has another address.
    """

    def __init__(self, *urls: str, say: Callable[[str], None] = lambda _: None) -> None:
        """Bind if Docker's network is there. Raises LocalError if that fails; later failures go to `say`."""
        self._ports = [port for url in urls if (port := urlsplit(url).port)]
        self._say = say
        self._network: _Network | None = None
        self._servers: list[_Server] = []
        self._stopping = Event()
        self._watcher = Thread(target=self._watch, daemon=True)
        if sys.platform == "linux":
            self._follow_network()
            self._watcher.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._watcher.is_alive():
            self._watcher.join()
        self._close()

    def _watch(self) -> None:
        said = ""
        while not self._stopping.wait(_LOOK_EVERY_S):
            try:
                self._follow_network()
            except LocalError as error:
                if str(error) != said:
                    said = str(error)
                    self._say(said)

    def _follow_network(self) -> None:
        network = _find_network()
        if network == self._network:
            return
        self._close()
        if network:
            try:
                for port in self._ports:
                    server = _server(network.address, port)
                    self._servers.append(server)
                    Thread(target=server.serve_forever, daemon=True).start()
            except LocalError:
                self._close()
                raise
        # Set last, so that a failure is tried again.
        self._network = network

    def _close(self) -> None:
        self._network = None
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()


def _find_network() -> _Network | None:
    """Return Docker's default network; None if its interface is missing or has no address."""
    import fcntl  # noqa: PLC0415 - exists on Unix only

    with socket.socket() as probe:
        try:
            index = socket.if_nametoindex(_INTERFACE)
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", _INTERFACE.encode()))
        except OSError:
            return None
    return _Network(index, socket.inet_ntoa(answer[20:24]))


def _server(address: str, port: int) -> "_Server":
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
            f"Containers cannot reach port {port} at {address} ({error.strerror}). Stop the program that uses this port"
            " on Docker's network."
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
