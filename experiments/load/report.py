"""Report the numbers of a load, as JSON and as text."""

from collections import Counter
from collections.abc import Mapping
from statistics import median, quantiles
from typing import Any

from experiments.load.audit import CONNECTED, Audit
from experiments.load.load import Load


def numbers(load: Load, audit: Audit) -> dict[str, Any]:
    """Return all numbers as JSON values."""
    plan, seen = load.plan, load.aws.seen
    seconds = sorted(done.login.seconds for done in load.done)
    connected = sum(done.login.told in CONNECTED for done in load.done)
    return {
        "logins": len(load.done),
        "concurrency": plan.concurrency,
        "faults": plan.faults,
        "seed": plan.seed,
        "quotas": plan.quotas,
        "seconds": round(load.seconds, 1),
        "logins_a_second": round(len(load.done) / load.seconds, 2),
        "connected": connected,
        "connected_a_second": round(connected / load.seconds, 2),
        "seconds_a_login": {
            "median": round(median(seconds), 2),
            "p95": round(quantiles(seconds, n=20)[-1], 2),
            "most": round(seconds[-1], 2),
        },
        "told": dict(Counter(done.login.told or "nothing" for done in load.done).most_common()),
        "reasons": dict(Counter(done.reason or "none kept" for done in load.done).most_common()),
        "reloads": dict(
            Counter(
                page.title or f"HTTP {page.status}" for done in load.done for page in done.login.pages[:-1]
            ).most_common()
        ),
        "codes_sent": len(load.facebook.codes_sent),
        "facebook_faults": dict(sorted(load.facebook.faults.items())),
        "aws_calls": dict(seen.calls.most_common()),
        "aws_faults": dict(sorted(seen.faults.items())),
        "over_quota": dict(seen.over_quota.most_common()),
        "records": dict(audit.statuses),
        "kept_although_told_otherwise": audit.healed,
        "published_seconds": round(load.published_s, 1),
        "published_late": load.published_late,
        "memory_mib": load.memory.growth(),
        "lost": {what: len(people) for what, people in audit.lost.items()},
        "doubled": {what: len(people) for what, people in audit.doubled.items()},
        "unexpected": len(audit.unexpected),
    }


def text(counted: Mapping[str, Any]) -> str:
    """Return the numbers as text."""
    faults = sum(counted["facebook_faults"].values()), sum(counted["aws_faults"].values())
    lines = [
        "{logins} logins, {concurrency} at a time, in {seconds} s: {logins_a_second} a second (seed {seed}).",
        f"Faults: {faults[0]} of Facebook's, {faults[1]} of AWS's. Over a quota: {_listed(counted['over_quota']) or 'none'}.",
        f"Last pages: {_listed(counted['told'])}.",
        f"Reasons: {_listed(counted['reasons'])}.",
        f"Pages before the last: {_listed(counted['reloads']) or 'none'}.",
        "A login took {seconds_a_login[median]} s, 95 % at most {seconds_a_login[p95]} s, the longest {seconds_a_login[most]} s.",
        f"Records at the end: {_listed(counted['records'])}.",
        "Published {published_seconds} s after the first login. Postponed for longer: {published_late}.",
        "Tokens stored although the page said to try again: {kept_although_told_otherwise}.",
        *(
            f"Memory of {function}: {memory['first_quarter']} MiB, at the end {memory['last_quarter']} MiB"
            f" (median of {memory['processes']} processes; the most that one grew: {memory['most_growth']} MiB)."
            for function, memory in counted["memory_mib"].items()
        ),
        f"Lost: {_listed(counted['lost']) or 'none'}.",
        f"Doubled: {_listed(counted['doubled']) or 'none'}.",
        "Failed for an unexplained reason: {unexpected}.",
    ]
    return "\n".join(line.format(**counted) for line in lines)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.items())
