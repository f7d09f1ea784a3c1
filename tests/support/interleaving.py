"""Two pieces of work, of which one is stopped before any of its calls to AWS or Facebook while the other goes on."""

from collections.abc import Callable
from threading import Semaphore, Thread, current_thread
from types import ModuleType
from typing import Any

import pytest

PATIENCE = 30
EVERY_CALL = 1_000


def on_each_call(module: ModuleType, action: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `action` called before every call that an entry file makes to AWS or Facebook."""
    owners = [getattr(module, name, None) for name in ("states", "connections", "deletions", "vault")]
    clients = [getattr(module, "_bus", None), *(getattr(owner, "_client", None) for owner in owners)]
    for client in {id(client): client for client in clients if client}.values():
        client.meta.events.register("before-call", lambda model, **_: action(model.name))
    if hasattr(module, "graph"):
        request = module.graph._session.request

        def ask(method: str, url: str, **arguments: Any) -> Any:
            action("facebook")
            return request(method, url, **arguments)

        monkeypatch.setattr(module.graph._session, "request", ask)


class Actor:
    """A piece of work on a thread of its own, which moves only while `run` is called."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.calls: list[str] = []
        self.result: object = None
        self.finished = False
        self._allowed = 0
        self._go = Semaphore(0)
        self._back = Semaphore(0)
        self._work = work
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def run(self, calls: int = EVERY_CALL) -> None:
        """Go on for as many calls, or until the work is done or waits for somebody."""
        if self.finished:
            return
        self._allowed = calls
        self._go.release()
        assert self._back.acquire(timeout=PATIENCE)

    def before_call(self, name: str) -> None:
        if current_thread() is self._thread:
            while self._allowed == 0:
                self._pause()
            self._allowed -= 1
            self.calls.append(name)

    def wait(self, _seconds: float) -> None:
        """Stand in for sleep: let the other one go on."""
        if current_thread() is self._thread:
            self._pause()

    def _run(self) -> None:
        self._go.acquire()
        try:
            self.result = self._work()
        except BaseException as error:  # noqa: BLE001  shown by the test that looks at the result
            self.result = error
        self.finished = True
        self._back.release()

    def _pause(self) -> None:
        self._back.release()
        self._go.acquire()
