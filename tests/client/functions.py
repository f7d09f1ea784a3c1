"""AWS Lambda over HTTP, with one prepared answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

LINK = (
    b'{"url": "https://c.example/connect/s3cret", "link_id": "0123456789abcdef", "expires_at": "2026-12-03T10:00:00Z"}'
)


@dataclass
class Function:
    """A function; `paths` and `inputs` are those of its invocations."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = LINK
    paths: list[str] = field(default_factory=list)
    inputs: list[dict[str, Any]] = field(default_factory=list)
    types: list[str | None] = field(default_factory=list)
    url: str = ""


@contextmanager
def serve() -> Iterator[Function]:
    """Serve a function on a free port."""
    function = Function()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            function.paths.append(self.path)
            function.types.append(self.headers["X-Amz-Invocation-Type"])
            function.inputs.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(function.status)
            for name, value in function.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(function.answer)))
            self.end_headers()
            self.wfile.write(function.answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        function.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield function
        finally:
            server.shutdown()
            thread.join()
