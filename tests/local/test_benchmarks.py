"""The benchmark that calls the handlers with a stand-in for AWS, which nothing else notices when a signature changes."""

import pytest

from benchmarks import warm

pytestmark = pytest.mark.emulator  # the functions are built, as for the stack that is deployed there


def test_warm_functions_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "RUNS", 2)
    assert all(warm.run()["cpu"][name]["median"] > 0 for name in ("authorize", "callback"))
