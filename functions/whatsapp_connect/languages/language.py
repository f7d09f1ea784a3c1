"""What a file of a language holds."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple


class Language(NamedTuple):
    tag: str
    """BCP 47."""
    direction: Literal["ltr", "rtl"]
    date: str
    """A date, with the fields {day}, {month} and {year}."""
    months: tuple[str, ...]
    """January to December, as they stand in a date."""
    texts: Mapping[str, str]

    def day(self, seconds: int) -> str:
        """Return the date of a time in epoch seconds, in UTC and with the digits 0 to 9."""
        day = datetime.fromtimestamp(seconds, UTC)
        return self.date.format(day=day.day, month=self.months[day.month - 1], year=day.year)
