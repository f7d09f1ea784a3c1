"""Simulate connections for months, on moto: python -m experiments.life --connections 300 --days 120 --seed 7."""

import argparse
import os
import sys
from pathlib import Path

import pytest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.life", description=__doc__)
    parser.add_argument("--connections", type=int, default=300)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", metavar="FILE", help="also write the numbers to this file")
    chosen = parser.parse_args()
    os.environ |= {
        "LIFE_CONNECTIONS": str(chosen.connections),
        "LIFE_DAYS": str(chosen.days),
        "LIFE_SEED": str(chosen.seed),
        "LIFE_JSON": chosen.json or "",
    }
    program = Path(__file__).with_name("program.py")  # its fixtures make the world
    return pytest.main(["--quiet", "--numprocesses=0", str(program)])


if __name__ == "__main__":
    sys.exit(main())
