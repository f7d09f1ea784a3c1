"""What it costs, in us-east-1 on arm64 without any free tier: from what first_login has measured and AWS's list prices."""

from collections.abc import Mapping
from typing import Any

from benchmarks import result
from benchmarks.first_login import MEMORY
from benchmarks.report import table

GB_SECOND, REQUEST = 0.0000133334, 0.20 / 1e6
HTTP_REQUEST = 1.00 / 1e6
WRITE_UNIT, READ_UNIT = 0.625 / 1e6, 0.125 / 1e6
KMS_CALL, KMS_KEY = 0.03 / 1e4, 1.00
LOG_GB = 0.50
RESTORE_GB, CACHE_GB_SECOND = 0.0001397998, 0.0000015046
PROVISIONED_GB_SECOND = 0.0000033334  # for as long as it stands by

CHECK_SECONDS = 0.6
"""A daily check of a connection: one call to Facebook at 200 ms, and six to AWS."""
MONTH = 30 * 86400
FACEBOOK = 200
"""Milliseconds that each call to Facebook is taken to need, which is much."""
AWS = 8 * 10
"""Milliseconds that the calls to AWS are taken to need, together."""


def run() -> dict[str, Any]:
    kept = result.load("first_login")
    if kept is None:
        raise RuntimeError("Run the benchmark first_login before this one.")
    steps = kept["figures"]["steps"]
    slow = next(step["wall"] for step in steps if step["delay"] == FACEBOOK)
    fast = {step["memory"]: step["wall"] for step in steps if step["delay"] == 0}
    chosen = max(fast)

    def seconds(memory: int, kind: str) -> float:
        """Return what a login is billed for: the wait for others as measured at the whole processor, CPU as at this size."""
        names = [f"authorize, {kind}", f"callback, {kind}"]
        waiting = sum(slow[name] - fast[chosen][name] for name in names)
        own = sum(fast[memory][name] for name in names)
        starting = sum(fast[memory][f"{entry} INIT"] for entry in ("authorize", "callback"))
        return float(waiting + AWS + own + (starting if kind == "first" else 0)) / 1000

    writes = (
        1 + 2 + 3 * 2 + 2
    )  # states; consume and outcome; three of the record with its two indexes; stream's metadata
    fixed = {
        "API Gateway, 2 requests": 2 * HTTP_REQUEST * 1e6,
        "Lambda, 3 requests (with announce)": 3 * REQUEST * 1e6,
        f"DynamoDB, {writes} writes": writes * WRITE_UNIT * 1e6,
        "KMS, 2 calls": 2 * KMS_CALL * 1e6,
        "CloudWatch Logs, 4 KB": 4e-6 * LOG_GB * 1e6,
    }
    return {
        "fixed": fixed,
        "login": {
            str(memory): {
                kind: {
                    "seconds": seconds(memory, kind),
                    "dollars": seconds(memory, kind) * memory / 1024 * GB_SECOND * 1e6,
                }
                for kind in ("first", "warm")
            }
            for memory in MEMORY
        },
        "month": {
            "Lambda, renew at 512 MB": 10_000 * 30 * CHECK_SECONDS * 0.5 * GB_SECOND,
            "Lambda, announce at 512 MB, 2 changes of 30 ms a check": 10_000
            * 30
            * 2
            * (REQUEST + 0.03 * 0.5 * GB_SECOND),
            "DynamoDB, 2 writes of 3 units and 1 read unit a check": 10_000
            * 30
            * (6 * WRITE_UNIT + READ_UNIT),
            "KMS, 1 call a check": 10_000 * 30 * KMS_CALL,
            "KMS key": KMS_KEY,
            "CloudWatch Logs, 0.5 KB a check": 10_000 * 30 * 0.5e-6 * LOG_GB,
        },
        "standing by": {
            "SnapStart, two functions, one version each": 2 * chosen / 1024 * CACHE_GB_SECOND * MONTH,
            "one provisioned environment for each of two functions": 2
            * chosen
            / 1024
            * PROVISIONED_GB_SECOND
            * MONTH,
        },
    }


def tables(figures: Mapping[str, Any]) -> Mapping[str, str]:
    fixed = sum(figures["fixed"].values())
    return {
        "cost connects": table(
            ["per million connects", "$"],
            [
                *([name, f"{dollars:.2f}"] for name, dollars in figures["fixed"].items()),
                ["all of these", f"**{fixed:.2f}**"],
            ],
        ),
        "cost memory": table(
            [
                "MB",
                "s billed, warm",
                "$ per million, warm",
                "s billed, both cold",
                "$ per million, both cold",
                "total, warm to cold",
            ],
            [
                [
                    memory,
                    f"{login['warm']['seconds']:.2f}",
                    f"{login['warm']['dollars']:.2f}",
                    f"{login['first']['seconds']:.2f}",
                    f"{login['first']['dollars']:.2f}",
                    f"{fixed + login['warm']['dollars']:.0f} to {fixed + login['first']['dollars']:.0f}",
                ]
                for memory, login in figures["login"].items()
            ],
        ),
        "cost month": table(
            ["10,000 connections kept alive for a month", "$"],
            [
                *([name, f"{dollars:.2f}"] for name, dollars in figures["month"].items()),
                ["together", f"**{sum(figures['month'].values()):.2f}**"],
            ],
        ),
        "cost standing": table(
            ["per month, used or not", "$"],
            [[name, f"{value:.2f}"] for name, value in figures["standing by"].items()],
        ),
    }
