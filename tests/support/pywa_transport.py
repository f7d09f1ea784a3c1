"""Let pywa, which knows the address of the real Graph API only, talk to the simulator."""

import httpx


class ToSimulator(httpx.BaseTransport):
    """Takes what pywa sends to graph.facebook.com to the simulator. Nothing is sent anywhere else."""

    def __init__(self, url: str) -> None:
        self._url = httpx.URL(url)
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host in {"graph.facebook.com", self._url.host}
        request.url = request.url.copy_with(scheme=self._url.scheme, host=self._url.host, port=self._url.port)
        request.headers["Host"] = self._url.netloc.decode()  # the simulator answers to its own name alone
        return self._transport.handle_request(request)

    def close(self) -> None:
        self._transport.close()
