"""Serve HTTPS in front of a local server, with a delay for each request, and make a certificate authority for it."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority, and its certificate for `localhost`."""

    certificate: bytes
    """The certificate to add to a trust store."""
    context: ssl.SSLContext

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root = _certificate("Benchmark CA", root_key, issuer="Benchmark CA", issuer_key=root_key)
        leaf = _certificate("localhost", key, issuer="Benchmark CA", issuer_key=root_key)
        path = folder / "localhost.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + leaf.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return cls(root.public_bytes(serialization.Encoding.PEM), context)


class Front(ThreadingTCPServer):
    """Terminate TLS and forward to a local port. Counts connections, and delays each request by `delay` seconds."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, authority: Authority, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.context, self.target = authority.context, port
        self.url = f"https://localhost:{self.server_address[1]}"
        self.delay = 0.0
        self.connections = 0

    @contextmanager
    def serving(self) -> Iterator["Front"]:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()


class _Connection(BaseRequestHandler):
    server: Front

    def handle(self) -> None:
        self.server.connections += 1
        answered = Event()
        answered.set()
        with suppress(OSError):
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            outside = self.server.context.wrap_socket(self.request, server_side=True)
            with outside, socket.create_connection(("127.0.0.1", self.server.target)) as inside:
                inside.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                Thread(target=_answers, args=(inside, outside, answered), daemon=True).start()
                while data := outside.recv(65_536):
                    if answered.is_set():  # the first piece of a request
                        answered.clear()
                        time.sleep(self.server.delay)
                    inside.sendall(data)


def _answers(inside: socket.socket, outside: ssl.SSLSocket, answered: Event) -> None:
    with suppress(OSError):
        while data := inside.recv(65_536):
            answered.set()
            outside.sendall(data)


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, *, issuer: str, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=key is issuer_key, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if key is issuer_key:
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
