"""Log many people in at once while calls fail: python -m experiments.load --logins 10000 --faults 0.05 --seed 7."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from local.options import Options
from local.place import ROOT
from local.stack import Stack
from local.strict.limits import DEFAULT, ON_AWS

sys.path.insert(0, str(ROOT / "functions"))

from experiments.load import report
from experiments.load.audit import Audit, audit
from experiments.load.load import Load, Plan, trouble


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.load", description=__doc__)
    parser.add_argument("--logins", type=int, default=500)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--faults", type=float, default=0.05, help="share of the calls that fail (%(default)s)")
    parser.add_argument(
        "--quotas",
        action="store_true",
        help="apply AWS's default quotas: 3 writes and 40 reads of parameters a second, and the routes' throttles",
    )
    parser.add_argument(
        "--routes",
        type=float,
        metavar="RATE",
        help="with --quotas: requests a second for each route (the template's value: 20)",
    )
    parser.add_argument("--warm-up", type=int, default=0, help="logins before the measured ones")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers to this file")
    chosen = parser.parse_args()
    plan = Plan(
        chosen.logins,
        chosen.concurrency,
        chosen.faults,
        chosen.seed,
        quotas=chosen.quotas,
        route_rate=chosen.routes,
        warm_up=chosen.warm_up,
    )
    with tempfile.TemporaryDirectory() as directory:
        options = Options(
            port=0,
            facebook_port=0,
            emulator_port=0,
            start_api_port=0,
            limits=ON_AWS if plan.quotas else DEFAULT,
            directory=Path(directory),
        )
        with Stack.start(options, say=say) as stack, trouble(stack, plan) as load:
            found, counted = measure(load)
    if chosen.json:
        chosen.json.write_text(json.dumps(counted, indent=2) + "\n")
    sys.stdout.write(report.text(counted) + "\n")
    for kind in (found.lost, found.doubled, {"unexpected": found.unexpected}):
        for what, people in kind.items():
            if people:
                say(f"{what}: {', '.join(people[:20])}")
    return 0 if found.is_good else 1


def measure(load: Load) -> tuple[Audit, dict[str, Any]]:
    for number, done in enumerate(load.run(), start=1):
        if number % max(1, load.plan.logins // 20) == 0:
            say(f"{number} of {load.plan.logins}, {done.ended_at:.0f} s")
    load.settle()
    found = audit(load)
    return found, report.numbers(load, found)


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
