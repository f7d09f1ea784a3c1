"""An app's side of what Facebook tells it: a tiny HTTP server that keeps what arrived."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Received:
    method: str
    path: str
    content_type: str | None
    body: str
    signature: str | None = None
    """The header X-Hub-Signature-256."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: str = ""
    content_type: str = "application/json"


@dataclass(slots=True)
class Receiver:
    """Answers what `replies` says for a path, else an empty 200. Repeats a challenge that has its verify token."""

    url: str
    verify_token: str = "the-verify-token"
    replies: dict[str, Reply] = field(default_factory=dict)
    received: Queue[Received] = field(default_factory=Queue)

    def next(self) -> Received:
        """Wait for the next request."""
        return self.received.get(timeout=10)

    def promise(self, body: str, *, content_type: str = "application/json") -> None:
        """Answer a deletion request like this."""
        self.replies["/data-deletion"] = Reply(200, body, content_type)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Serve on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            path, _, query = self.path.partition("?")
            sent = dict(parse_qsl(query))
            reply = receiver.replies.get(path, Reply())
            if sent.get("hub.mode") == "subscribe" and sent.get("hub.verify_token") == receiver.verify_token:
                reply = Reply(body=sent["hub.challenge"], content_type="text/plain")
            headers = self.headers
            receiver.received.put(
                Received(
                    self.command,
                    self.path,
                    headers.get("Content-Type"),
                    body,
                    headers.get("X-Hub-Signature-256"),
                )
            )
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body.encode())))
            self.end_headers()
            self.wfile.write(reply.body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
