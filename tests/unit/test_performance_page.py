"""docs/performance.md says what the benchmarks have measured."""

import pytest

from benchmarks import report


def test_the_page_is_written_from_the_results() -> None:
    page = report.PAGE.read_text()
    assert report.written(page) == page


def test_a_table_without_a_place_is_not_lost() -> None:
    with pytest.raises(ValueError, match="machine"):
        report.written("a page with no place for it")
