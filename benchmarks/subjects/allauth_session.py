"""Django's sessions in the shared store."""

from collections import Counter
from typing import Any

from django.contrib.sessions.backends.base import CreateError, SessionBase

from benchmarks.subjects.aws import Items

_items: Items


def use(operations: Counter[str]) -> None:
    """Make the store."""
    global _items  # noqa: PLW0603  Django makes its sessions itself
    _items = Items(operations)


class SessionStore(SessionBase):
    def exists(self, session_key: str) -> bool:
        return _items.get(session_key) is not None

    def create(self) -> None:
        self._session_key = self._get_new_session_key()
        self.save(must_create=True)
        self.modified = True

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002  Django's signature
        if self.session_key is None:
            self.create()
            return
        text = self.encode(self._get_session(no_load=must_create))
        if not _items.put(self.session_key, text, new=must_create):
            raise CreateError

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            _items.delete(key)

    def load(self) -> dict[str, Any]:
        text = _items.get(self.session_key)
        if text is None:
            self._session_key = None
            return {}
        return dict(self.decode(text))
