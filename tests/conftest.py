"""How the tests run: in parallel, and with a list of those that this machine cannot run.

With REQUIRE_ALL=1, as in CI, a skipped test has failed.
"""

import os
from collections import Counter
from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.options import Options
from local.stack import Stack

pytest.register_assert_rewrite("tests.support")

from tests.support import availability  # noqa: E402
from tests.support.scheduling import Scheduling, order  # noqa: E402

_REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run tests that are named one by one in this process, where print() and a debugger work."""
    return 0 if all("::" in argument for argument in config.args) else None


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    return Scheduling(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    is_worker = hasattr(config, "workerinput")
    items.sort(key=order, reverse=not is_worker)  # in one process, what fails fast comes first
    for item in items:
        for marker in availability.MARKERS:
            if item.get_closest_marker(marker) and (line := availability.missing(marker)):
                item.add_marker(pytest.mark.skip(reason=f"{marker}: {line}"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if _REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but REQUIRE_ALL=1: {call.excinfo and call.excinfo.value}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.getreports("skipped")
    not_run = Counter(marker for report in skipped for marker in availability.MARKERS if marker in report.keywords)
    for marker, count in not_run.items():
        if line := availability.missing(marker):
            terminalreporter.write_line(f"NOT RUN: {count} {marker} tests. To run them: {line}", yellow=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of a browser, for tests marked `browser`."""
    path = availability.chromium()
    assert path
    return path


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-background-networking", "--disable-sync"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start the whole of WhatsApp Connect on free ports, beside the simulator.

    Tests share it, so each uses a person, a table row or a name of its own.
    """
    options = Options(
        port=0, facebook_port=0, emulator_port=0, start_api_port=0, directory=tmp_path_factory.mktemp("stack")
    )
    with Stack.start(options) as stack:
        yield stack
