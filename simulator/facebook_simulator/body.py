"""Bodies of control calls: JSON objects with known keys. Whatever else comes is a 400 that says why."""

from typing import Any, NoReturn

from flask import abort, request


def reject(reason: str) -> NoReturn:
    """Refuse the call."""
    abort(400, reason)


def read(known: set[str] | None) -> dict[str, Any]:
    """Read the body, which may be left out; None knows every key."""
    body: Any = request.get_json(silent=True, force=True)
    if body is None and not request.get_data():
        body = {}
    if not isinstance(body, dict):
        reject("send a JSON object")
    if known is not None and (unknown := body.keys() - known):
        reject(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    return body


def changes_of(sent: dict[str, Any], current: Any) -> dict[str, Any]:
    """Read fields of a dataclass as JSON has them, lists for tuples, each of the type it has in `current`."""
    changes = {key: tuple(value) if isinstance(value, list) else value for key, value in sent.items()}
    for key, value in changes.items():
        wanted = type(getattr(current, key))
        if wanted not in {type(value), type(None)}:
            reject(f"{key}: {value!r} is not a {wanted.__name__}")
    return changes


def one_of[T: str](value: Any, allowed: tuple[T, ...], name: str) -> T:
    """Check the value of the key `name`."""
    if value not in allowed:
        reject(f"{name}: {value!r} is not one of {', '.join(allowed)}")
    return allowed[allowed.index(value)]


def optional_tuple(value: list[str] | None) -> tuple[str, ...] | None:
    """Make a tuple, unless there is nothing to make it of."""
    return None if value is None else tuple(value)
