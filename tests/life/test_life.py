"""A few connections live through four months on moto: the same life as `python -m experiments.life`, another seed."""

import json
import os
import sys
from pathlib import Path

import pytest

from experiments.life import report
from experiments.life.findings import EXPIRED, Findings
from experiments.life.life import Life
from tests.support.world import World

CONNECTIONS = int(os.environ.get("LIFE_CONNECTIONS", "7"))
DAYS = int(os.environ.get("LIFE_DAYS", "120"))
SEED = int(os.environ.get("LIFE_SEED", "511"))


def test_no_extendable_token_dies_and_every_death_is_reported(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    life = Life(world, connections=CONNECTIONS, days=DAYS, seed=SEED, monkeypatch=monkeypatch)
    for day in life.run():
        if "LIFE_SEED" in os.environ:
            with capsys.disabled():
                sys.stderr.write(f"day {day} of {DAYS}, {len(life.happenings)} events\n")
    findings = Findings(life)
    counted = report.numbers(findings)
    if file := os.environ.get("LIFE_JSON"):
        Path(file).write_text(json.dumps(counted, indent=2) + "\n")
    if "LIFE_SEED" in os.environ:
        with capsys.disabled():
            sys.stdout.write(report.text(counted) + "\n")
    assert findings.failures == []
    happened = {"Connected", "Reconnected", "Renewed", "Expiring", "Expired", "Revoked", "Deleted"}
    assert happened <= counted["events"].keys()
    assert EXPIRED in counted["read_dead"]
    assert "Of these could have been prevented: 0." in report.text(counted)
