"""Forty days in the life of a few connections. `python -m experiments.life` lets more of them live for months."""

import pytest

from experiments.life import report
from experiments.life.findings import Findings
from experiments.life.life import Life
from tests.support.world import World


def test_no_extendable_token_dies_and_every_death_is_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(world, connections=7, days=40, seed=514, monkeypatch=monkeypatch)
    for _ in life.run():
        pass
    findings = Findings(life)
    assert findings.failures == []
    events = report.numbers(findings)["events"].keys()
    assert {"Connected", "Reconnected", "Renewed", "Revoked", "Deleted"} <= events
