"""Define Finding, the result of one check of the doctor."""

from dataclasses import dataclass
from typing import Literal

Health = Literal["ok", "warning", "broken", "not checked"]


@dataclass(frozen=True, slots=True)
class Finding:
    health: Health
    says: str
    fix: str = ""


def ok(says: str) -> Finding:
    return Finding("ok", says)


def warning(says: str, fix: str) -> Finding:
    return Finding("warning", says, fix)


def broken(says: str, fix: str) -> Finding:
    return Finding("broken", says, fix)


def not_checked(why: str) -> Finding:
    return Finding("not checked", why)
