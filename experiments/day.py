"""Calculate the checks of two days without AWS: python -m experiments.day.

It uses the constants of the schedule and of the token rules, and calculates when each check is due, queued and done,
how many calls it makes, and what they cost.
"""

import heapq
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic

sys.path.insert(0, str(Path(__file__).parents[1] / "functions"))

from benchmarks import cost
from whatsapp_connect.schedule_checks import MAX_QUEUED
from whatsapp_connect.token_rules import DAY_S

RUN_S = 300
WORKERS = 5
RUN_CALLS = 8
"""Calls to AWS of a run of the schedule: five queries and counts, the length of the queue, two writes about the brake."""
CHECK_CALLS = 5
"""Calls to AWS of a check of a valid token: load, decrypt, two parameters, write. Queuing adds 1.1: a write and a tenth of a batch."""
MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Day:
    connections: int
    check_s: float
    checks: int
    late: list[float]
    """The seconds from due to start of each check of the second day, sorted."""
    most_queued: int
    worker_s: float

    def late_at(self, share: float) -> float:
        return self.late[min(len(self.late) - 1, int(share * len(self.late)))]

    @property
    def aws_calls(self) -> int:
        return int(RUN_CALLS * DAY_S // RUN_S + self.checks * (CHECK_CALLS + 1.1))

    @property
    def facebook_calls(self) -> int:
        return DAY_S // RUN_S + self.checks

    @property
    def dollars(self) -> float:
        """The cost of a day's checks, without the cost of a stack with no connections."""
        work = cost.CHECK
        return (
            cost.WRITE_UNIT.of(work.write_units * self.checks)
            + cost.READ_UNIT.of(self.checks)
            + cost.QUEUE_REQUEST.of(work.queue_requests * self.checks)
            + cost.KMS_REQUEST.of(work.kms_requests * self.checks)
            + cost.INVOCATION.of(self.checks)
            + cost.GB_SECOND.of(cost.SMALL_GB * self.worker_s)
            + cost.LOG_GB.of(work.log_bytes * self.checks / 1e9)
        )


def simulate(connections: int, *, check_s: float = cost.CHECK_SECONDS, at_once: bool = False) -> Day:
    """Simulate two days, and return the second one. With `at_once`, all checks are due when it begins."""
    chance = Random(connections)
    due = [DAY_S if at_once else chance.uniform(0, DAY_S) for _ in range(connections)]
    heapq.heapify(due)
    queue: deque[float] = deque()
    workers = [0.0] * WORKERS
    late: list[float] = []
    most_queued = 0
    worker_s = 0.0
    for now in range(0, 2 * DAY_S, RUN_S):
        queued = 0
        room = MAX_QUEUED - len(queue)
        while due and due[0] <= now and queued < room:
            queue.append(heapq.heappop(due))
            queued += 1
        most_queued = max(most_queued, len(queue))
        while queue and (free := max(workers[0], now)) < now + RUN_S:
            due_at = queue.popleft()
            heapq.heapreplace(workers, free + check_s)
            heapq.heappush(due, free + check_s + DAY_S * chance.uniform(0.9, 1.0))
            if now >= DAY_S:
                late.append(free - due_at)
                worker_s += check_s
    overdue = [2 * DAY_S - moment for moment in [*queue, *due] if moment < 2 * DAY_S]
    return Day(connections, check_s, len(late), sorted(late + overdue), most_queued, worker_s)


def main() -> int:
    columns = (
        "connections",
        "seconds a check",
        "checks",
        "late: median, 99 %, most",
        "most queued",
        "workers busy",
        "calls to Facebook, to AWS",
        "$ a day",
    )
    rows: list[tuple[str, ...]] = [columns, ("---",) * len(columns)]
    for connections, check_s, at_once in (
        (1_000, 0.6, False),
        (10_000, 0.6, False),
        (50_000, 0.6, False),
        (50_000, 2.0, False),
        (50_000, 8.0, False),
        (50_000, 0.6, True),
        (200_000, 0.6, False),
        (400_000, 0.6, False),
        (1_000_000, 0.6, False),
    ):
        began = monotonic()
        day = simulate(connections, check_s=check_s, at_once=at_once)
        late = ", ".join(f"{day.late_at(share) / MINUTE_S:.1f} min" for share in (0.5, 0.99, 1.0))
        busy = day.worker_s / WORKERS / DAY_S
        name = f"{connections:,}" + " all due at once" * at_once
        rows.append(
            (
                name,
                str(check_s),
                f"{day.checks:,}",
                late,
                f"{day.most_queued:,}",
                f"{busy:.1%}",
                f"{day.facebook_calls:,}, {day.aws_calls:,}",
                f"{day.dollars:.2f}",
            )
        )
        sys.stderr.write(f"{name}: {monotonic() - began:.1f} s\n")
    sys.stdout.write("".join(f"| {' | '.join(row)} |\n" for row in rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
