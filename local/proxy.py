"""Serve http://localhost:3000, and forward every request unchanged to the deployed HTTP API."""

import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "host",
    "content-length",
}
# Longer than Lambda's longest timeout, because a function may stop at a breakpoint.
_TIMEOUT_S = 1000


class Proxy:
    """Serve one HTTP API of the emulator on `port`. The emulator chooses the API by the Host header, as AWS does."""

    def __init__(self, *, port: int, emulator_port: int, api_id: str) -> None:
        class Relay(_Relay):
            target = emulator_port
            host = f"{api_id}.execute-api.localhost:{emulator_port}"

        self._server = _Server(("127.0.0.1", port), Relay)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # load tests connect many browsers at once

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a browser that closes its connection is normal
            super().handle_error(request, client_address)


class _Relay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: int
    host: str

    def relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        api = HTTPConnection("127.0.0.1", self.target, timeout=_TIMEOUT_S)
        try:
            api.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            api.putheader("Host", self.host)
            for name, value in self.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    api.putheader(name, value)
            if body:
                api.putheader("Content-Length", str(len(body)))
            api.endheaders(body or None)
            answer = api.getresponse()
            content = answer.read()
        except OSError:
            self.send_error(502, "The emulator does not answer")
            return
        finally:
            api.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = relay  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Log nothing, because query strings contain codes and states."""
