"""Report the numbers of a life, as JSON and as text."""

from collections import Counter
from collections.abc import Mapping
from statistics import median
from typing import Any

from experiments.life.findings import PREVENTABLE, Dead, Findings
from tests.support.clock import DAY, HOUR


def numbers(findings: Findings) -> dict[str, Any]:
    """Return all numbers as JSON values."""
    life, ledger = findings.life, findings.life.ledger
    outcomes: Counter[str] = sum(life.runs, Counter())
    by_hour = Counter(int(at // HOUR) for at in ledger.put_at)
    return {
        "connections": len(life.characters),
        "days": life.days,
        "seed": life.seed,
        "kinds": Counter(one.kind for one in life.characters.values()),
        "deeds": dict(sorted(life.deeds.items())),
        "troubles": [
            {
                "what": one.what,
                "from_day": round((one.begins - life.start) / DAY, 1),
                "hours": round((one.ends - one.begins) / HOUR, 1),
            }
            for one in sorted(life.troubles, key=lambda one: one.begins)
        ],
        "aws_calls_refused": life.throttled,
        "logged": dict(life.logged.most_common()),
        "checks": dict(outcomes.most_common()),
        "checks_a_day": round(outcomes.total() / life.days, 1),
        "checks_in_the_busiest_run": max(run.total() for run in life.runs),
        "runs": len(life.runs),
        "runs_with_failures": life.bad_runs,
        "tokens_published": len(ledger.put_at),
        "tokens_published_in_the_busiest_hour": max(by_hour.values(), default=0),
        "tokens_published_in_the_busiest_minute": _densest(ledger.put_at, 60.0),
        "tokens_published_in_the_busiest_second": _densest(ledger.put_at, 1.0),
        "events": dict(Counter(one.type for one in life.happenings).most_common()),
        "events_published_again": dict(findings.published_again),
        "warnings": dict(sorted(findings.warnings.items())),
        "warnings_sent_twice": findings.warned_twice,
        "warnings_missed": dict(findings.missed),
        "tokens_read_dead": sum(dead.tokens for dead in findings.dead.values()),
        "preventable": findings.dead[PREVENTABLE].tokens,
        "read_dead": {cause: _dead(dead) for cause, dead in sorted(findings.dead.items()) if dead.tokens},
        "in_the_end": dict(findings.statuses),
        "failures": findings.failures,
    }


def text(counted: Mapping[str, Any]) -> str:
    """Return the numbers as text."""
    outages = [trouble["hours"] for trouble in counted["troubles"] if trouble["what"] == "facebook"]
    lines = [
        "{connections} connections, {days} days (seed {seed}).",
        f"What people did: {_listed(counted['deeds'])}.",
        f"Facebook was down for {', '.join(map(str, outages))} hours; AWS refused {{aws_calls_refused}} calls.",
        (
            f"Checks: {{checks_a_day}} a day, {{checks_in_the_busiest_run}} in the busiest run: {_listed(counted['checks'])}."
            " {runs_with_failures} of {runs} runs failed in part."
        ),
        (
            "Tokens published: {tokens_published}, {tokens_published_in_the_busiest_hour} in the busiest hour,"
            " {tokens_published_in_the_busiest_minute} in the busiest minute,"
            " {tokens_published_in_the_busiest_second} in the busiest second."
        ),
        f"Events: {_listed(counted['events'])}. Again: {_listed(counted['events_published_again']) or 'none'}.",
        (
            f"Warnings: {_listed(counted['warnings'])}. Sent twice: {{warnings_sent_twice}}."
            f" Missed: {_listed(counted['warnings_missed']) or 'none'}."
        ),
        f"Status at the end: {_listed(counted['in_the_end'])}.",
        "",
        "Dead tokens that readers could get: {tokens_read_dead}. Preventable: {preventable}.",
        *(f"  {cause}: {_said(dead)}" for cause, dead in counted["read_dead"].items()),
        "",
        "What is wrong:" if counted["failures"] else "Nothing is wrong.",
    ]
    return "\n".join([line.format(**counted) for line in lines] + [f"  {one}" for one in counted["failures"]])


def _dead(dead: Dead) -> dict[str, Any]:
    return {
        "tokens": dead.tokens,
        "hours_read": _spread(dead.hours),
        "hours_to_event": _spread(dead.hours_to_event),
        "warned": dict(dead.warned),
        "more_than_a_day": dict(dead.late),
    }


def _said(dead: Mapping[str, Any]) -> str:
    words = f"{dead['tokens']}, read for {_hours(dead['hours_read'])}"
    if dead["hours_to_event"]:
        words += f", event after {_hours(dead['hours_to_event'])}"
    if dead["warned"]:
        words += f", warned {_listed(dead['warned'])}"
    if dead["more_than_a_day"]:
        words += f", for more than a day {_listed(dead['more_than_a_day'])}"
    return words


def _hours(spread: Mapping[str, float]) -> str:
    return " to ".join(_duration(spread[name]) for name in ("median", "most"))


def _duration(hours: float) -> str:
    return f"{hours:.1f} h" if hours >= 1 else f"{hours * 60:.0f} min"


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": round(median(values), 3), "most": round(max(values), 3)} if values else {}


def _densest(moments: list[float], seconds: float) -> int:
    """Return the largest number of moments within `seconds`."""
    moments, most, first = sorted(moments), 0, 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.items())
