"""Simulate Lambda's Runtime API, from which a function's process gets events and to which it sends answers.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from queue import Queue
from threading import Thread

DEADLINE_S = 28
"""The timeout that a function sees."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request of the function's process."""

    kind: str
    """next, response or error."""
    at: float
    """The time of time.perf_counter()."""
    cpu: float
    """The CPU time of the process until then."""
    body: bytes


class RuntimeApi(ThreadingHTTPServer):
    """The Runtime API for one process. Put events into `events`, and get its requests from `arrivals`."""

    daemon_threads = True

    def __init__(self, cpu_seconds: Callable[[], float]) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self.events: Queue[bytes] = Queue()
        self.arrivals: Queue[Arrival] = Queue()
        self.numbers = count(1)
        self._cpu_seconds = cpu_seconds
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def arrived(self) -> tuple[float, float]:
        return time.perf_counter(), self._cpu_seconds()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    server: RuntimeApi

    def do_GET(self) -> None:
        self.server.arrivals.put(Arrival("next", *self.server.arrived(), b""))
        event = self.server.events.get()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": f"00000000-0000-4000-8000-{next(self.server.numbers):012}",
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + DEADLINE_S) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:benchmark",
        }
        self._answer(200, event, headers)

    def do_POST(self) -> None:
        at, cpu = self.server.arrived()
        kind = "response" if self.path.endswith("/response") else "error"
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or self._chunked()
        self.server.arrivals.put(Arrival(kind, at, cpu, body))
        self._answer(202, b"{}", {})

    def _chunked(self) -> bytes:
        body = b""
        while self.headers.get("Transfer-Encoding") == "chunked" and (size := int(self.rfile.readline(), 16)):
            body += self.rfile.read(size)
            self.rfile.readline()
        return body

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass
