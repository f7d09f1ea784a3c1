"""Answer the calls of a login to DynamoDB, KMS and Parameter Store, fast, because its own time is not to be measured."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from zlib import crc32

Item = dict[str, Any]


class AwsStandIn(ThreadingHTTPServer):
    """A server on `port`. `calls` counts the operations, `connections` the TCP connections."""

    daemon_threads = True

    def __init__(self, *, app_secret: str) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.port: int = self.server_address[1]
        self.calls: Counter[str] = Counter()
        self.connections = 0
        self._secret = app_secret
        self._items: dict[str, Item] = {}

    @contextmanager
    def serving(self) -> Iterator["AwsStandIn"]:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().process_request(request, client_address)

    def answer(self, operation: str, asked: Item) -> Item:
        self.calls[operation] += 1
        match operation:
            case "GetParameter":
                return {"Parameter": {"Name": asked["Name"], "Value": self._secret, "Version": 1}}
            case "PutParameter":
                return {"Version": 1, "Tier": "Standard"}
            case "Encrypt":
                return {"CiphertextBlob": "ZW5jcnlwdGVk", "KeyId": asked["KeyId"]}
            case "PutItem":
                self._items[json.dumps({"state_hash": asked["Item"]["state_hash"]})] = asked["Item"]
            case "UpdateItem":
                return {"Attributes": self._update(asked)}
        return {}

    def _update(self, asked: Item) -> Item:
        item = self._items.setdefault(json.dumps(asked["Key"]), dict(asked["Key"]))
        values = asked["ExpressionAttributeValues"]
        if ":claim" in values:  # a state is consumed
            item |= {"consumed_at": values[":now"], "claim": values[":claim"]}
        return item


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    server: AwsStandIn

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].partition(".")[2]
        body = json.dumps(self.server.answer(operation, asked)).encode()
        self.send_response(200)
        self.send_header("Content-Type", self.headers["Content-Type"])
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amz-crc32", str(crc32(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
