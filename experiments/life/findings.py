"""Evaluate a finished life: dead tokens that readers got, events, warnings and checks."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

from experiments.life.ledger import Reading
from experiments.life.life import Life, contradictions
from tests.support.clock import DAY, HOUR
from whatsapp_connect.forget import CLOCK_SKEW_S
from whatsapp_connect.token_rules import WARNING_DAYS

if TYPE_CHECKING:
    from experiments.life.life import Happening

PREVENTABLE = "expired, and Facebook would have extended it"
EXPIRED = "expired, and Facebook does not extend it"
DATA_ACCESS = "data access ended"

_ENDINGS = frozenset({"Expired", "Revoked", "Deleted", "Reconnected"})
_NINETY_DAYS_S = 90 * DAY
_SOON_S = HOUR + 900
"""In this experiment the schedule runs every hour."""
_IN_TIME_S = DAY + 2 * HOUR + _SOON_S
"""One check a day, and an hour of doubt if Facebook names no cause."""


@dataclass(slots=True)
class Dead:
    """Tokens that died of one cause and that readers still got."""

    hours: list[float] = field(default_factory=list)
    """How long readers got each token after it had died."""
    hours_to_event: list[float] = field(default_factory=list)
    """How long it took until an event reported it."""
    warned: Counter[str] = field(default_factory=Counter)
    """How many ends were announced "in full" (at 14, 7, 3 and 1 days), "in part" or "never"."""
    late: Counter[str] = field(default_factory=Counter)
    """How many readers got for more than a day, "in trouble" (Facebook or AWS was down) or "without"."""

    @property
    def tokens(self) -> int:
        return len(self.hours)


class Findings:
    def __init__(self, life: Life) -> None:
        self.life = life
        self._told: dict[str, list[Happening]] = defaultdict(list)
        for happening in sorted(life.happenings, key=lambda one: one.at):
            self._told[happening.connection_id].append(happening)
        self.dead: dict[str, Dead] = defaultdict(Dead)
        self.missed: Counter[str] = Counter()
        """Missing warnings, "in trouble" (Facebook or AWS was down) or "without"."""
        self.misses: list[str] = []
        """A description of each missing warning without trouble."""
        for reading in life.ledger.readings:
            if reading.death and (reading.until is None or reading.death.at < reading.until):
                self._add_dead_token(reading, reading.death.at, reading.death.cause)
            self._look_for_warnings(reading)
        self.warnings, self.warned_twice = self._count_warnings()
        self.published_again = self._count_published_again()
        self.overchecked = [one for one in life.logins if life.checks[one] > self._most_checks(one)]
        self.statuses: Counter[str] = Counter()
        self.problems = [*self._audit(), *contradictions(life.happenings, life.world)]

    @property
    def failures(self) -> list[str]:
        """Everything that is wrong, one sentence each."""
        values = [reading.value for reading in self.life.ledger.readings]
        numbers = {
            "tokens expired that could have been extended": self.dead[PREVENTABLE].tokens,
            "tokens found dead late without an outage": sum(one.late["without"] for one in self.dead.values()),
            "tokens whose end was never announced": self.dead[EXPIRED].warned["never"]
            + self.dead[DATA_ACCESS].warned["never"],
            "warnings sent twice": self.warned_twice,
            "warnings missed without an outage": self.missed["without"],
            "events published twice without trouble at AWS": self.published_again["without"],
            "connections checked too often": len(self.overchecked),
            "tokens that came back": len(values) - len(set(values)),
        }
        return [f"{what}: {number}" for what, number in numbers.items() if number] + self.misses + self.problems

    def _add_dead_token(self, reading: Reading, died: float, cause: str) -> None:
        who = self.life.characters[reading.connection_id]
        name = {
            "expired": PREVENTABLE if who.can_be_extended else EXPIRED,
            "app_removed": f"app removed, word of it: {who.delivery}",
        }.get(cause, cause.replace("_", " "))
        dead = self.dead[name]
        until = self.life.end if reading.until is None else reading.until
        dead.hours.append((until - died) / HOUR)
        told = self._told[reading.connection_id]
        endings = [one.at for one in told if one.type in _ENDINGS and one.at >= died]
        dead.hours_to_event += [(min(endings) - died) / HOUR] if endings else []
        if until - died > _IN_TIME_S:
            dead.late[self._excuse(died, until)] += 1
        if name in {EXPIRED, DATA_ACCESS}:
            about = "token" if cause == "expired" else "data-access"
            days = {
                one.detail["days_left"]
                for one in told
                if one.type == "Expiring" and one.detail["cause"] == about and died - 15 * DAY < one.at <= died
            }
            dead.warned["in full" if days == set(WARNING_DAYS) else "in part" if days else "never"] += 1

    def _look_for_warnings(self, reading: Reading) -> None:
        until = min(
            self.life.end if reading.until is None else reading.until,
            reading.death.at if reading.death else self.life.end,
        )
        for cause, ends, changes in self._ends(reading):
            for days in WARNING_DAYS:
                moment = ends - days * DAY
                if reading.since < moment <= min(until, changes) - _SOON_S and not self._was_warned(
                    reading, cause, days, moment
                ):
                    excuse = self._excuse(moment, moment + _SOON_S)
                    self.missed[excuse] += 1
                    if excuse == "without":
                        self.misses.append(self._story(reading, f"{cause} {days} days", moment))

    def _ends(self, reading: Reading) -> Iterator[tuple[str, float, float]]:
        """Yield the cause, the time and the validity of each end: that of the token, and those of data access."""
        if ends := self.life.facebook.expires_at(reading.value):
            yield "token", ends, inf
        if not self.life.characters[reading.connection_id].is_system_user:
            for dialog, following in pairwise([*self.life.facebook.dialogs[reading.connection_id], inf]):
                yield "data-access", dialog + _NINETY_DAYS_S, following

    def _was_warned(self, reading: Reading, cause: str, days: int, moment: float) -> bool:
        return any(
            one.type == "Expiring"
            and (one.detail["cause"], one.detail["days_left"]) == (cause, days)
            and moment - 60 <= one.at <= moment + _SOON_S
            for one in self._told[reading.connection_id]
        )

    def _story(self, reading: Reading, missed: str, moment: float) -> str:
        """Return what happened within four days of a moment, in hours from it."""
        who = reading.connection_id
        told = [(one.at, f"{one.type} {one.detail.get('days_left', '')}".strip()) for one in self._told[who]]
        around = [
            (reading.since, "published"),
            *([(reading.until, "deleted")] if reading.until else []),
            *([(reading.death.at, reading.death.cause)] if reading.death else []),
            *((at, "logged in") for at in self.life.logins.get(who, ())),
            *told,
        ]
        words = ", ".join(
            f"{(at - moment) / HOUR:+.2f} {what}" for at, what in sorted(around) if abs(at - moment) < 4 * DAY
        )
        return f"{who}, {missed} on day {(moment - self.life.start) / DAY:.2f}: {words or 'nothing'}"

    def _excuse(self, begins: float, ends: float) -> str:
        return "in trouble" if self.life.in_trouble(begins, ends) else "without"

    def _count_warnings(self) -> tuple[Counter[str], int]:
        """Return the warnings by cause and days, and how many were sent twice for the same end."""
        sent: Counter[str] = Counter()
        ends: set[tuple[object, ...]] = set()
        for one in self.life.happenings:
            if one.type == "Expiring":
                cause, days = one.detail["cause"], one.detail["days_left"]
                sent[f"{cause} {days} days"] += 1
                end = one.detail["expires_at" if cause == "token" else "data_access_expires_at"]
                ends.add((one.connection_id, cause, days, end))
        return sent, sent.total() - len(ends)

    def _count_published_again(self) -> Counter[str]:
        """Count events that were published again: "in trouble" if AWS can have refused the note that they were published."""
        again: Counter[str] = Counter()
        first: dict[str, float] = {}
        for one in sorted(self.life.happenings, key=lambda one: one.at):
            event_id = one.detail["event_id"]
            if event_id in first:
                heard = first[event_id]
                again["in trouble" if self.life.in_trouble(heard - HOUR, heard, what="aws") else "without"] += 1
            first.setdefault(event_id, one.at)
        return again

    def _most_checks(self, connection_id: str) -> float:
        """Return how many checks the design allows: about one a day, one for each warning and end, and retries."""
        life = self.life
        days = (life.end - life.logins[connection_id][0]) / DAY
        moments = 2 * (len(WARNING_DAYS) + 1) * len(life.ledger.of(connection_id))
        return days / 0.9 + moments + life.retries[connection_id] + life.failed_logins[connection_id] + 2

    def _audit(self) -> Iterator[str]:
        """Yield what is wrong with the records at the end."""
        life = self.life
        try:
            life.world.assert_consistent()
        except AssertionError as error:
            yield f"inconsistent: {error}"
        records = {record.connection_id: record.status for record in life.world.connections.all()}
        for connection_id in life.characters:
            status = records.get(connection_id, "gone")
            self.statuses[status] += 1
            expected = self._expected(connection_id)
            if status != expected:
                yield f"{connection_id}: is {status}, and should be {expected}"

    def _expected(self, connection_id: str) -> str:
        life = self.life
        logins = life.logins.get(connection_id)
        if not logins or life.forgotten.get(connection_id, 0) + CLOCK_SKEW_S >= logins[-1]:
            return "gone"
        last = life.ledger.of(connection_id)[-1]
        if death := life.facebook.death_of(last.value):
            return "expired" if death.cause == "expired" else "revoked"
        return "expiring" if life.facebook.days_left(last.value) <= 14 else "active"
