"""The pages with tables from the benchmarks say what the results do."""

import pytest

from benchmarks import report


def test_the_pages_are_written_from_the_results() -> None:
    pages = [page.read_text() for page in report.PAGES]
    assert report.written(pages) == pages


def test_a_table_without_a_place_is_not_lost() -> None:
    with pytest.raises(ValueError, match="machine"):
        report.written(["a page with no place for it"])
