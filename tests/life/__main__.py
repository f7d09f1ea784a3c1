"""Let connections live for months within the hour: python -m tests.life --connections 1000 --days 120 --seed 7."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import monotonic

from local.options import Options
from local.place import ROOT
from local.stack import Stack

sys.path.insert(0, str(ROOT / "functions"))

from tests.life import report
from tests.life.emulated import EmulatedAccount
from tests.life.findings import Findings
from tests.life.life import live


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.life", description=__doc__)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to a file, too")
    chosen = parser.parse_args()
    began = monotonic()
    with tempfile.TemporaryDirectory() as directory:
        options = Options(
            port=0, facebook_port=0, emulator_port=0, start_api_port=0, directory=Path(directory)
        )
        with Stack.start(options, say=say) as stack:
            assert stack.facebook
            account = EmulatedAccount(stack)
            account.set_environment()
            with live(
                account=account,
                server=stack.facebook,
                connections=chosen.connections,
                days=chosen.days,
                seed=chosen.seed,
            ) as life:
                for hour in life.run():
                    if hour % 24 == 0:
                        checks = sum(life.ledger.checks.values())
                        say(
                            f"day {hour // 24} of {chosen.days}, {monotonic() - began:.0f} s, {checks} checks,"
                            f" {len(life.stream.happenings)} events"
                        )
                findings = Findings(life)
        counted = report.numbers(findings)
        if chosen.json:
            chosen.json.write_text(json.dumps(counted, indent=2) + "\n")
        sys.stdout.write(report.text(counted) + "\n")
        return 1 if findings.failures else 0


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
