"""Define the people and what happens to them. Everything is drawn from a seed before the experiment runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from facebook_simulator.model import Renewal
from facebook_simulator.world import Account, Business, Person, Phone
from tests.support.clock import DAY, HOUR

Kind = Literal["user-short", "user-sixty", "system-never", "system-sixty"]
Deed = Literal[
    "connect",
    "change password",
    "log out everywhere",
    "be checked by Facebook",
    "remove app",
    "revoke system user",
    "take permission back",
]
Delivery = Literal["prompt", "late", "twice", "lost"]

QUIET_END_S = 26 * HOUR
"""Nothing happens in the last 26 hours, so that the checks have found everything at the end."""

_KINDS: tuple[Kind, ...] = ("user-short", "user-sixty", "system-never", "system-sixty")
_RENEWALS: tuple[Renewal, ...] = ("extend", "daily", "unchanged", "same_token", "refuse")
_DELIVERIES: tuple[Delivery, ...] = ("prompt", "late", "twice", "lost")


@dataclass(frozen=True, slots=True)
class Character:
    """A person with one connection, and how Facebook treats their tokens."""

    number: int
    kind: Kind
    renewal: Renewal
    loses_access: bool
    """Whether Facebook refuses their token if they have not logged in for ninety days."""
    diligence: float
    """The probability that they act on a warning."""
    delivery: Delivery
    """How Facebook's deauthorize request arrives."""

    @property
    def key(self) -> str:
        return f"person-{self.number}"

    @property
    def is_system_user(self) -> bool:
        return self.kind in {"system-never", "system-sixty"}

    @property
    def connection_id(self) -> str:
        return str((400 if self.is_system_user else 122) * 10**12 + self.number)

    @property
    def can_be_extended(self) -> bool:
        return self.is_system_user or self.renewal in {"extend", "daily"}

    def person(self) -> Person:
        account = 300 * 10**12 + self.number
        phone = Phone(str(500 * 10**12 + self.number), f"+1 202-555-01{self.number % 100:02d}", self.key)
        return Person(
            self.key,
            str(122 * 10**12 + self.number),
            self.key,
            (
                Business(
                    str(200 * 10**12 + self.number),
                    self.key,
                    str(400 * 10**12 + self.number),
                    (Account(str(account), self.key, (phone,)),),
                ),
            ),
        )


@dataclass(frozen=True, slots=True)
class Trouble:
    """Facebook or AWS is in trouble from `begins` to `ends`, in epoch seconds."""

    what: Literal["facebook", "aws"]
    begins: float
    ends: float
    fault: str = ""


def character(seed: int, number: int) -> Character:
    chance = Random(f"{seed}/{number}/character")
    return Character(
        number=number,
        kind=chance.choices(_KINDS, (45, 20, 20, 15))[0],
        renewal=chance.choices(_RENEWALS, (45, 15, 20, 10, 10))[0],
        loses_access=chance.random() < 0.3,
        diligence=0.0 if chance.random() < 0.2 else chance.uniform(0.2, 0.9),
        delivery=chance.choices(_DELIVERIES, (50, 20, 15, 15))[0],
    )


def deeds(seed: int, who: Character, *, start: float, end: float) -> Iterator[tuple[float, Deed]]:
    """Yield what a person does, and when, in no order. Most people connect in the first days, as after an announcement."""
    chance = Random(f"{seed}/{who.number}/deeds")
    arrival = chance.choices(("at once", "soon", "some day"), (40, 45, 15))[0]
    latest = {"at once": 2 * HOUR, "soon": 3 * DAY, "some day": 0.8 * (end - start)}[arrival]
    connects_at = start + chance.uniform(60, latest)
    yield connects_at, "connect"
    odds: dict[Deed, float] = (
        {"revoke system user": 0.06, "take permission back": 0.03, "connect": 0.1}
        if who.is_system_user
        else {
            "change password": 0.12,
            "log out everywhere": 0.03,
            "be checked by Facebook": 0.02,
            "remove app": 0.12,
            "take permission back": 0.04,
            "connect": 0.15,
        }
    )
    for deed, odd in odds.items():
        moment = chance.uniform(connects_at + HOUR, end)
        if chance.random() < odd and moment < end - QUIET_END_S:
            yield moment, deed


def troubles(seed: int, *, start: float, end: float) -> list[Trouble]:
    """Return outages of Facebook, from an hour to three days, and bursts of throttling by AWS."""
    chance = Random(f"{seed}/troubles")
    days = (end - start) / DAY
    found: list[Trouble] = []
    for hours, fault in ((1, "throttled_app"), (5, "html_error"), (26, "server_error"), (72, "server_error")):
        begins = start + chance.uniform(0.05, 0.9) * days * DAY
        found.append(Trouble("facebook", begins, min(begins + hours * HOUR, end - QUIET_END_S), fault))
    for _ in range(8):
        begins = start + chance.uniform(0.02, 0.95) * days * DAY
        found.append(Trouble("aws", begins, min(begins + chance.uniform(1, 4) * HOUR, end - QUIET_END_S)))
    return [trouble for trouble in found if trouble.ends > trouble.begins]
