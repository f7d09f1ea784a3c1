"""Print lines, tables and JSON, and format times. Every command prints with `say` and the `show_` functions only."""

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click

DAY_S = 86_400
_FALLBACK_WIDTH_COLUMNS = 80
_MAX_NAMES = 5


def is_terminal() -> bool:
    """Return whether the output goes to a terminal."""
    return sys.stdout.isatty()


def say(text: str) -> None:
    """Print one line for people, to stderr."""
    click.echo(plain(text), err=True)


def show_line(text: str) -> None:
    """Print one line of the result, to stdout."""
    click.echo(plain(text))


def show_json(value: object) -> None:
    """Print JSON. Characters that `plain` replaces are escaped, so that a program still reads the whole value."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    click.echo("".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text))


def show_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table. Lines are cut at the terminal's width; in a pipe they are complete."""
    width = shutil.get_terminal_size((_FALLBACK_WIDTH_COLUMNS, 24)).columns if is_terminal() else None
    for line in table(headers, rows, width=width):
        click.echo(line)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, width: int | None) -> list[str]:
    """Return the lines of a table, each cut at `width` characters if that is given."""
    cells = [list(headers), *([plain(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headers) - 1)]
    lines = [
        "  ".join([*(cell.ljust(size) for cell, size in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in cells
    ]
    return lines if width is None else [cut(line, width) for line in lines]


def cut(text: str, width: int) -> str:
    """Return text of at most `width` characters, with an ellipsis at the end if it was longer."""
    return text if len(text) <= width else text[: width - 1] + "…"


def name_some(names: Sequence[str]) -> str:
    """Return the first five names in sorted order, and three dots if there are more."""
    return ", ".join(sorted(names)[:_MAX_NAMES]) + (", ..." if len(names) > _MAX_NAMES else "")


def count(number: int, noun: str) -> str:
    """Return "1 event" or "2 events"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def plain(text: str) -> str:
    """Return one line of text, with a space for each character that Python does not call printable.

    Names come from people and could contain control characters that change the terminal. Control characters, line
    breaks, marks that change the writing direction, invisible characters and lone surrogates are replaced. Letters of
    every script, combining marks and emoji stay.
    """
    return "".join(character if character.isprintable() else " " for character in text)


def moment(seconds: int) -> str:
    """Return epoch seconds as 2026-11-26 07:30, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def day(seconds: int) -> str:
    """Return epoch seconds as 26 November 2026, in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%-d %B %Y}"


def iso(seconds: int | None) -> str | None:
    """Return epoch seconds as 2026-11-26T07:30:00Z; None for None and for 0."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None


def ago(seconds: float) -> str:
    """Return "3 hours ago", or "in 3 hours" for negative seconds, in the largest unit that fits."""
    size = abs(seconds)
    number, unit = next(
        (size // length, name)
        for length, name in ((DAY_S, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
        if size >= length or length == 1
    )
    words = count(int(number), unit)
    return f"{words} ago" if seconds >= 0 else f"in {words}"
