"""Define Finding, the result of one check of the doctor."""

from dataclasses import dataclass
from typing import Literal

Health = Literal["ok", "warning", "needs person", "broken", "not checked"]
"""`broken`: the stack or its app does not work. `needs person`: the stack works, but somebody must act for a connection."""


@dataclass(frozen=True, slots=True)
class Finding:
    health: Health
    says: str
    fix: str = ""


def ok(says: str) -> Finding:
    return Finding("ok", says)


def warning(says: str, fix: str) -> Finding:
    return Finding("warning", says, fix)


def needs_person(says: str, fix: str) -> Finding:
    return Finding("needs person", says, fix)


def broken(says: str, fix: str) -> Finding:
    return Finding("broken", says, fix)


def not_checked(why: str, fix: str = "") -> Finding:
    return Finding("not checked", why, fix)
