"""Serve HTTP/1.1 as Facebook does: connections stay open, and each answer is sent at once.

Werkzeug's own handler closes the connection after each answer, and loses later requests on it.
"""

import itertools
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.client import responses
from io import BytesIO
from threading import Lock, Thread, current_thread
from typing import Any
from wsgiref.types import WSGIApplication

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

CONNECTION = "facebook.connection"
"""Key of the WSGI environment for the connection's number, with which a test can see that a connection was reused."""

_STOP_TIMEOUT_S = 2.0


class ConnectionHandler(WSGIRequestHandler):
    """Serve one connection. If an answer's body raises ConnectionError, the connection is closed."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    server: "ConnectionServer"

    def setup(self) -> None:
        super().setup()
        self.number = self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.number)
        # The client may have closed the connection before it read the whole answer.
        with suppress(ConnectionError):
            super().finish()

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        environ[CONNECTION] = self.number
        # The whole body is read here, even if no view reads it, because the next request follows it on the connection.
        if not environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = BytesIO(self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0)))
        else:
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read())
        head: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], object]:
            head[:] = [(status, headers)]
            return self.wfile.write

        body = self.server.app(environ, start_response)
        try:
            self._send(*head[0], body)
        except ConnectionError:
            self.close_connection = True
        finally:
            if hasattr(body, "close"):
                body.close()

    def _send(self, status: str, headers: list[tuple[str, str]], body: Iterable[bytes]) -> None:
        chunks = iter(body)
        first = next(chunks, b"")
        code = int(status.partition(" ")[0])
        self.send_response(code, responses.get(code, ""))
        for key, value in headers:
            self.send_header(key, value)
        if not any(key.lower() == "content-length" for key, _ in headers):
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        for chunk in itertools.chain((first,), chunks):
            self.wfile.write(chunk)
            self.wfile.flush()

    def handle_expect_100(self) -> bool:
        # The client sends its body after this answer, so it must not stay in the buffer.
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def version_string(self) -> str:
        return "facebook-simulator"

    def log_request(self, code: object = "-", _size: object = "-") -> None:
        # Only the path is printed, because query strings contain codes, tokens and secrets.
        if self.server.verbose:
            path = self.path.partition("?")[0]
            print(f"{self.command} {path} {code}", file=sys.stderr, flush=True)

    def log_error(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        if self.server.verbose:
            super().log_error(format, *args)


class ConnectionServer(ThreadedWSGIServer):
    """A threaded server on the loopback address that can close all connections, also idle ones."""

    def __init__(self, port: int, app: WSGIApplication, *, verbose: bool = False) -> None:
        self.verbose = verbose
        self._numbers = itertools.count(1)
        self._open: dict[int, tuple[socket.socket, Thread]] = {}
        self._lock = Lock()
        super().__init__("127.0.0.1", port, app, ConnectionHandler)

    def opened(self, connection: socket.socket) -> int:
        """Register a new connection, and return its number."""
        with self._lock:
            number = next(self._numbers)
            self._open[number] = (connection, current_thread())
        return number

    def closed(self, number: int) -> None:
        """Remove a connection from the open ones."""
        with self._lock:
            self._open.pop(number, None)

    def hang_up(self) -> None:
        """Close all connections, and wait up to _STOP_TIMEOUT_S for each thread."""
        with self._lock:
            still_open = list(self._open.values())
        for connection, _ in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for _, thread in still_open:
            thread.join(_STOP_TIMEOUT_S)
