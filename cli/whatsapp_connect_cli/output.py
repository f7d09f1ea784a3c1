"""How things are shown: lines, tables, times, JSON. Nothing is printed but by `say` and the `show_` functions."""

import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click

DAY = 86400
_WIDTH = 80


def is_terminal() -> bool:
    """Say whether a person looks at the output."""
    return sys.stdout.isatty()


def say(text: str) -> None:
    """Tell a person what is going on, in one line beside the output."""
    click.echo(plain(text), err=True)


def show_line(text: str) -> None:
    click.echo(plain(text))


def show_json(value: object) -> None:
    """Print JSON. It escapes what `plain` takes away, so a program that reads it gets all of it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    click.echo("".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text))


def show_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: cut to the terminal's width, whole in a pipe."""
    width = shutil.get_terminal_size((_WIDTH, 24)).columns if is_terminal() else None
    for line in table(headers, rows, width=width):
        click.echo(line)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, width: int | None) -> list[str]:
    """Return the lines of a table; the last column gives way where it is too wide."""
    cells = [list(headers), *([plain(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headers) - 1)]
    lines = [
        "  ".join([*(cell.ljust(size) for cell, size in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in cells
    ]
    return lines if width is None else [cut(line, width) for line in lines]


def cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def plain(text: str) -> str:
    """Return one line of text, with a space for each character that could steer a terminal: names come from people.

    Those are control characters, line breaks, marks that turn the direction of writing, invisible characters and lone
    surrogates: whatever Python does not call printable. Letters of every script, combining marks and emoji stay.
    """
    return "".join(character if character.isprintable() else " " for character in text)


def moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%-d %B %Y}"


def iso(seconds: int | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None


def ago(seconds: float) -> str:
    """Say how long ago, or how soon, in one unit."""
    size = abs(seconds)
    number, unit = next(
        (size // length, name)
        for length, name in ((DAY, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
        if size >= length or length == 1
    )
    words = f"{number:.0f} {unit}{'' if number == 1 else 's'}"
    return f"{words} ago" if seconds >= 0 else f"in {words}"
