"""What the front of the local stack passes on, seen by the server behind it."""

from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from local.port import claim
from local.proxy import Proxy


class Api(BaseHTTPRequestHandler):
    """Remembers the last request."""

    seen: ClassVar[list[tuple[str, str, list[tuple[str, str]], bytes]]] = []

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.seen[:] = [(self.command, self.path, self.headers.items(), body)]
        self.send_response_only(302)
        self.send_header("Location", "https://www.facebook.com/?a=%2F&b=c+d")
        self.send_header("Set-Cookie", "one=1; Path=/")
        self.send_header("Set-Cookie", "two=2; Expires=Wed, 01 Jan 2031 00:00:00 GMT")
        self.send_header("Content-Length", "4")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"done")

    do_GET = do_HEAD = do_POST = answer  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Api) as api:
        serving = Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        port = claim(0, variable="CONNECT_PORT")
        with Proxy(port=port, emulator_port=api.server_port, api_id="abcd1234"):
            yield port
        api.shutdown()
        serving.join()


def ask(port: int, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> HTTPResponse:
    connection = HTTPConnection("localhost", port, timeout=10)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    response.begin()
    connection.close()
    return response


def test_the_query_and_the_cookies_arrive_as_they_were_sent(port: int) -> None:
    path = "/callback?code=a%2Fb%252F+c&state=&state=x&e=%C3%A9&;=%"
    ask(port, "GET", path, {"Cookie": "a=1; b=2", "X-Forwarded-For": "203.0.113.7"})
    ((method, seen, headers, _),) = Api.seen
    assert (method, seen) == ("GET", path)
    assert ("Cookie", "a=1; b=2") in headers
    assert ("X-Forwarded-For", "203.0.113.7") in headers
    (host,) = [value for name, value in headers if name == "Host"]
    assert host.startswith("abcd1234.execute-api.localhost:")


def test_a_body_arrives_as_it_was_sent(port: int) -> None:
    body = b"signed_request=%2B\x00\xff"
    ask(port, "POST", "/deauthorize", {"Content-Type": "application/x-www-form-urlencoded"}, body)
    assert Api.seen[0][3] == body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_answer_comes_back_as_it_was_given(port: int, method: str) -> None:
    response = ask(port, method, "/connect", {})
    assert response.status == 302
    assert response.headers["Location"] == "https://www.facebook.com/?a=%2F&b=c+d"
    assert response.headers.get_all("Set-Cookie") == [
        "one=1; Path=/",
        "two=2; Expires=Wed, 01 Jan 2031 00:00:00 GMT",
    ]
