"""Pieces of work that are stopped before any of their calls to AWS or Facebook: others go on meanwhile, or they are killed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Semaphore, Thread, current_thread
from typing import Any

import pytest
import requests
from botocore.client import BaseClient

PATIENCE_S = 30
EVERY_CALL = 1_000
MAX_CALLS = 40


class Killed(BaseException):
    """The function was stopped as by a power cut: no except clause of its own sees it."""


class Wire:
    """What the functions' calls to AWS and Facebook go through. An action is told the name of each call before it.

    Only calls on the test's own thread and on those of its actors count: the local stack has threads that call AWS, too.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._actions: list[Callable[[str], None]] = []
        self._threads = {current_thread()}
        call_aws = BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001  botocore has no event that every call passes
        call_facebook = requests.Session.request

        def aws(client: Any, operation: str, asked: Any) -> Any:
            self._report(operation)
            return call_aws(client, operation, asked)

        def facebook(session: requests.Session, method: str, url: str, **more: Any) -> Any:
            self._report("facebook")
            return call_facebook(session, method, url, **more)

        monkeypatch.setattr(BaseClient, "_make_api_call", aws)
        monkeypatch.setattr(requests.Session, "request", facebook)

    @contextmanager
    def action(self, action: Callable[[str], None]) -> Iterator[None]:
        self._actions.append(action)
        try:
            yield
        finally:
            self._actions.remove(action)

    def strike(self, calls: int, work: Callable[[], object]) -> bool:
        """Let work make so many calls and kill it before the next; return False if it came to its end."""
        left = calls

        def fall(_: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed

        try:
            with self.action(fall):
                work()
        except Killed:
            return True
        return False

    def interleave(self, *works: Callable[[], object], turns: list[tuple[int, int]]) -> list["Actor"]:
        """Start works, let them take turns, given as which of them and how many calls, and let all come to their end.

        A turn of -1 calls kills. An exception of theirs is raised.
        """
        actors = [Actor(work) for work in works]
        self._threads |= {actor.thread for actor in actors}

        def before_call(name: str) -> None:
            for actor in actors:
                actor.before_call(name)

        with self.action(before_call):
            for which, calls in turns:
                if calls < 0:
                    actors[which].kill()
                else:
                    actors[which].run(calls)
            for actor in actors:
                actor.run()
        for actor in actors:
            if isinstance(actor.result, BaseException) and not isinstance(actor.result, Killed):
                raise actor.result
        return actors

    def _report(self, name: str) -> None:
        if current_thread() not in self._threads:
            return
        for action in list(self._actions):
            action(name)


def at_every_call(strike: Callable[[int], bool], *, least: int) -> None:
    """Kill before each call in turn, until the work comes to its end, after at least so many."""
    calls = 0
    while strike(calls):
        calls += 1
        assert calls < MAX_CALLS
    assert calls >= least


class Actor:
    """A piece of work on a thread of its own, which moves only while `run` is called."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.calls: list[str] = []
        self.result: object = None
        self.finished = False
        self._doomed = False
        self._allowed = 0
        self._go = Semaphore(0)
        self._back = Semaphore(0)
        self._work = work
        self.thread = Thread(target=self._run, daemon=True)
        self.thread.start()

    def run(self, calls: int = EVERY_CALL) -> None:
        """Go on for as many calls, or until the work is done or waits for somebody."""
        if self.finished:
            return
        self._allowed = calls
        self._go.release()
        assert self._back.acquire(timeout=PATIENCE_S)

    def kill(self) -> None:
        """Kill the work before its next call."""
        self._doomed = True
        self.run(1)

    def before_call(self, name: str) -> None:
        if current_thread() is not self.thread:
            return
        while self._allowed == 0:
            self._pause()
        if self._doomed:
            raise Killed
        self._allowed -= 1
        self.calls.append(name)

    def wait(self, _seconds: float) -> None:
        """Stand in for sleep: let the other one go on."""
        if current_thread() is self.thread:
            self._pause()

    def _run(self) -> None:
        self._go.acquire()
        try:
            if not self._doomed:
                self.result = self._work()
        except BaseException as error:  # noqa: BLE001  shown by whoever looks at the result
            self.result = error
        self.finished = True
        self._back.release()

    def _pause(self) -> None:
        self._back.release()
        self._go.acquire()
