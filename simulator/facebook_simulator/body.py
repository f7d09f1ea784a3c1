"""Read the bodies of control calls, which are JSON objects with known keys. Answer 400 with the reason to all others."""

from typing import Any, NoReturn

from flask import abort, request


def reject(reason: str) -> NoReturn:
    """Answer 400 with this reason."""
    abort(400, reason)


def read(known: set[str] | None) -> dict[str, Any]:
    """Return the body, or {} if there is none. Rejects keys that are not in `known`, unless that is None."""
    body: Any = request.get_json(silent=True, force=True)
    if body is None and not request.get_data():
        body = {}
    if not isinstance(body, dict):
        reject("send a JSON object")
    if known is not None and (unknown := body.keys() - known):
        reject(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    return body


def changes_of(sent: dict[str, Any], current: Any) -> dict[str, Any]:
    """Return changed fields of a dataclass from JSON, with tuples for lists. Rejects types other than in `current`."""
    changes = {key: tuple(value) if isinstance(value, list) else value for key, value in sent.items()}
    for key, value in changes.items():
        wanted = type(getattr(current, key))
        if wanted not in {type(value), type(None)}:
            reject(f"{key}: {value!r} is not a {wanted.__name__}")
    return changes


def one_of[T: str](value: Any, allowed: tuple[T, ...], name: str) -> T:
    """Return the value of the key `name`. Rejects a value that is not allowed."""
    if value not in allowed:
        reject(f"{name}: {value!r} is not one of {', '.join(allowed)}")
    return allowed[allowed.index(value)]


def optional_tuple(value: list[str] | None) -> tuple[str, ...] | None:
    """Return a tuple of a list; None for None."""
    return None if value is None else tuple(value)
