"""An HTTPS server on a free port, with a certificate authority of its own, which keeps what it is sent."""

import ssl
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import trustme

HANG = 0
"""Instead of a status: do not answer."""
PATIENCE_S = 20
"""How long the server holds a connection that it does not answer."""


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: Mapping[str, str]
    """The names are in lower case."""
    body: bytes


@dataclass(frozen=True, slots=True)
class HttpsReceiver:
    url: str
    authority: Path
    """The certificate of the authority, for SSL_CERT_FILE."""
    received: list[Received] = field(default_factory=list)
    answers: dict[str, deque[tuple[int, dict[str, str]]]] = field(default_factory=lambda: defaultdict(deque))
    """Statuses and headers of the next answers, by the header webhook-id. When there are none left: 204."""


@contextmanager
def https_receiver(folder: Path) -> Iterator[HttpsReceiver]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    stopped = Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            answers = receiver.answers[headers["webhook-id"]]
            status, more = answers.popleft() if answers else (204, {})
            if status == HANG:
                stopped.wait(PATIENCE_S)
                return
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        # The handshake is each connection's own, so that a client who breaks it off does not stop the server.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        receiver = HttpsReceiver(
            f"https://127.0.0.1:{server.server_port}/hook?key=s3cret-query", folder / "authority.pem"
        )
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            stopped.set()
            server.shutdown()
            thread.join()
