"""Let connections live and report what became of them. A pytest test, because its fixtures make the world."""

import json
import os
import sys
from pathlib import Path

import pytest

from experiments.life import report
from experiments.life.findings import Findings
from experiments.life.life import Life
from tests.support.world import World

CONNECTIONS = int(os.environ["LIFE_CONNECTIONS"])
DAYS = int(os.environ["LIFE_DAYS"])
SEED = int(os.environ["LIFE_SEED"])


def test_life(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    life = Life(world, connections=CONNECTIONS, days=DAYS, seed=SEED, monkeypatch=monkeypatch)
    for day in life.run():
        with capsys.disabled():
            sys.stderr.write(f"day {day} of {DAYS}, {len(life.happenings)} events\n")
    findings = Findings(life)
    counted = report.numbers(findings)
    if file := os.environ["LIFE_JSON"]:
        Path(file).write_text(json.dumps(counted, indent=2) + "\n")
    with capsys.disabled():
        sys.stdout.write(report.text(counted) + "\n")
    assert findings.failures == []
