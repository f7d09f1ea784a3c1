"""Firefox, driven by WebDriver BiDi. Playwright's own driver needs a Firefox that Playwright builds.

https://www.w3.org/TR/webdriver-bidi/
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

from websockets.sync.client import ClientConnection, connect

_COMMAND_S = 60


def executable() -> str | None:
    return shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One tab of a browser with a profile of its own."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = count(1)
        self._send("session.new", capabilities={})
        self._tab = self._send("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, url: str) -> None:
        """Open a page and wait until it is loaded, whatever becomes of its frames."""
        # Waiting for "complete" fails for a page with a frame that is refused.
        self._send("browsingContext.navigate", context=self._tab, url=url, wait="none")
        self.wait_for(url)

    def wait_for(self, beginning: str) -> None:
        """Wait until a page whose URL begins like this is loaded."""
        end = monotonic() + _COMMAND_S
        loaded = f"location.href.startsWith({json.dumps(beginning)}) && document.readyState == 'complete'"
        while (
            not self._send("script.evaluate", expression=loaded, target={"context": self._tab}, awaitPromise=False)
            .get("result", {})
            .get("value")
        ):
            assert monotonic() < end, "the page is not loaded"

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page, or of the promise that it is."""
        answer = self._send("script.evaluate", expression=expression, target={"context": self._tab}, awaitPromise=True)
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Press the mouse button on an element."""
        (element,) = self._send(
            "browsingContext.locateNodes", context=self._tab, locator={"type": "css", "value": selector}
        )["nodes"]
        origin = {"type": "element", "element": {"sharedId": element["sharedId"]}}
        actions = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": actions}
        self._send("input.performActions", context=self._tab, actions=[mouse])

    def _send(self, method: str, **params: Any) -> Any:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=_COMMAND_S))
            if message.get("id") == number:
                assert message["type"] == "success", message
                return message["result"]


@contextmanager
def run(profile: Path) -> Iterator[Firefox]:
    """Start Firefox with a new profile in this folder, and stop it at the end."""
    command = [
        executable() or "",
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        "0",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            found = next(filter(None, (re.search(r"BiDi listening on (ws://\S+)", line) for line in process.stderr)))
            Thread(target=process.stderr.read, daemon=True).start()  # a full pipe would stop the browser
            with connect(f"{found[1]}/session", max_size=None, proxy=None) as socket:
                yield Firefox(socket)
        finally:
            process.kill()
