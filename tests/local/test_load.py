"""A small load on the deployed stack; `python -m experiments.load` is the large one."""

from collections.abc import Iterator

import pytest

from experiments.load import report
from experiments.load.audit import audit
from experiments.load.load import Plan, trouble
from local.options import Options
from local.stack import Stack

pytestmark = pytest.mark.emulator


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a stack of its own: everything on it is looked at in the end, and other tests leave odd things behind."""
    options = Options(
        port=0, facebook_port=0, emulator_port=0, start_api_port=0, directory=tmp_path_factory.mktemp("load")
    )
    with Stack.start(options) as stack:
        yield stack


def test_no_login_is_lost_or_repeated_under_faults(stack: Stack) -> None:
    plan = Plan(logins=60, concurrency=5, faults=0.05, seed=7, impatient=0.2)
    with trouble(stack, plan) as load:
        for _ in load.run():
            pass
        load.settle()
        found = audit(load)
        counted = report.numbers(load, found)
    assert found.is_good, found
    assert "Lost: none.\nDoubled: none." in report.text(counted)
    assert counted["facebook_faults"]
    assert counted["aws_faults"]
    assert counted["connected"] > 30
    assert counted["records"]["active"] >= counted["connected"]
