"""Somebody on the other side of the API: a browser that keeps cookies as browsers do, or worse."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPConnection

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0 like Mac OS X) AppleWebKit/605.1.15"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: str

    def all(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for header, value in self.headers if header.lower() == name.lower()]

    def header(self, name: str) -> str:
        (value,) = self.all(name)
        return value

    @property
    def title(self) -> str:
        return self._find("<h1>(.*?)</h1>")

    @property
    def button(self) -> str:
        """Where the button of the page leads, or nothing."""
        return self._find('<a class="button" href="(.*?)"')

    @property
    def text(self) -> str:
        """The body without the reference, which no two answers share."""
        return re.sub("<p>Reference: .*?</p>", "", self.body)

    def _find(self, pattern: str) -> str:
        found = re.search(pattern, self.body)
        return unescape(found[1]) if found else ""


@dataclass(slots=True)
class Visitor:
    """Speaks to one API over HTTP, through no library that would mend what it sends."""

    port: int
    host: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Open a path, or an address of this API's."""
        return self.send("GET", target, headers)

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        absolute: bool = False,
    ) -> Answer:
        """Send a request; `headers` come on top of those of a browser, a host among them in place of the right one.

        An address is sent whole where it is to be `absolute`, as to a proxy.
        """
        own = f"https://{self.host}/"
        path = f"/{target.removeprefix(own)}" if target.startswith(own) and not absolute else target
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in self._headers(headers or {}, body).items():
                connection.putheader(name, value.encode())
            connection.endheaders(body or None)
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read().decode())
        finally:
            connection.close()
        self._keep(answer)
        return answer

    def _headers(self, more: Mapping[str, str], body: bytes) -> dict[str, str]:
        usual = {"Host": f"{self.host}:{self.port}", "User-Agent": PHONE}
        if self.cookies:
            usual["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body:
            usual["Content-Length"] = str(len(body))
        return usual | dict(more)

    def _keep(self, answer: Answer) -> None:
        for cookie in answer.all("Set-Cookie"):
            pair, *attributes = cookie.split("; ")
            name, _, value = pair.partition("=")
            # What browsers ask of a cookie of this name; this API's are of no other.
            assert name.startswith("__Host-")
            assert {"Secure", "HttpOnly", "Path=/"} <= set(attributes)
            assert ("SameSite=Strict" if name == "__Host-visit" else "SameSite=Lax") in attributes
            assert not any(attribute.startswith("Domain") for attribute in attributes)
            self.cookies.pop(name, None)
            if "Max-Age=0" not in attributes:
                self.cookies[name] = value
