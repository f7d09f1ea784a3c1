"""Print lines, tables and JSON, and format times. Every command prints with `say` and the `show_` functions only."""

import csv
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import click
import segno
from wcwidth import wcswidth

DAY_S = 86_400
_FALLBACK_WIDTH_COLUMNS = 80
_GAP = len("  ")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PHONE_NUMBER = re.compile(r"\+[0-9 ()-]+")
_MAX_NAMES = 5
STACK_OPTIONS = "whatsapp_connect_cli.stack_options"
"""Key in the context's meta: the options that name the stack, by their names."""


def is_terminal() -> bool:
    """Return whether the output goes to a terminal."""
    return sys.stdout.isatty()


def say(text: str) -> None:
    """Print one line for people, to stderr."""
    click.echo(copyable(text), err=True)


def show_line(text: str) -> None:
    """Print one line of the result, to stdout."""
    click.echo(copyable(text))


def copyable(text: str) -> str:
    """Return one plain line whose commands of this program have the options that name the stack, as they were typed."""
    context = click.get_current_context(silent=True)
    typed = context.meta.get(STACK_OPTIONS) if context else None
    if context and typed:
        program = context.find_root().command
        names = "|".join(program.commands) if isinstance(program, click.Group) else ""
        options = " ".join(typed.values())
        text = re.sub(rf"whatsapp-connect (?=({names})\b)", lambda _: f"whatsapp-connect {options} ", text)
    return plain(text)


def show_json(value: object) -> None:
    """Print JSON. Characters that `plain` replaces are escaped, so that a program still reads the whole value."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    click.echo("".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text))


def show_qr_code(text: str) -> None:
    """Print a QR code of characters, to stdout."""
    drawn = StringIO()
    segno.make(text, micro=False).terminal(drawn, compact=True, border=2)
    click.echo(drawn.getvalue(), nl=False)


def show_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, colors: Sequence[str] = ()) -> None:
    """Print a table, as wide as the terminal. In a pipe, lines are complete and have no color.

    `colors` names the color of each row, or has "" for none. NO_COLOR switches colors off.
    """
    width = shutil.get_terminal_size((_FALLBACK_WIDTH_COLUMNS, 24)).columns if is_terminal() else None
    first, *lines = table(headers, rows, width=width)
    if not colors or not is_terminal() or os.environ.get("NO_COLOR"):
        click.echo("\n".join((first, *lines)))
        return
    click.echo(click.style(first, bold=True))
    for line, color in zip(lines, colors, strict=True):
        click.echo(click.style(line, fg=color) if color else line)


def show_csv(fields: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print CSV with a header. Lists and objects are JSON.

    A text that a spreadsheet would take for a formula gets an apostrophe, because names come from people.
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    writer = csv.writer(_Lines(), lineterminator="")
    writer.writerow(fields)
    for row in rows:
        writer.writerow([_csv_cell(row[name]) for name in fields])


class _Lines:
    """What csv.writer writes to."""

    def write(self, line: str) -> None:
        click.echo(line)


def _csv_cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return value
    text = plain(value)
    return f"'{text}" if text.startswith(_FORMULA) and not _PHONE_NUMBER.fullmatch(text) else text


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, width: int | None) -> list[str]:
    """Return the lines of a table. With a `width`, the widest columns are cut until every line fits."""
    cells = [list(headers), *([plain(cell) for cell in row] for row in rows)]
    widths = [max(columns(row[number]) for row in cells) for number in range(len(headers))]
    if width is not None:
        _shrink(widths, [columns(header) for header in headers], to=width)
    lines = ["  ".join(fit(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip() for row in cells]
    return lines if width is None else [cut(line, width) for line in lines]


def _shrink(widths: list[int], least: list[int], *, to: int) -> None:
    """Take columns from the widest cells until the line fits, but leave room for the headers."""
    excess = sum(widths) + _GAP * (len(widths) - 1) - to
    while excess > 0:
        number = max(range(len(widths)), key=lambda number: (widths[number] > least[number], widths[number]))
        if widths[number] <= least[number]:
            return
        widths[number] -= 1
        excess -= 1


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes. Many letters of Asia and emoji take two."""
    return len(text) if text.isascii() else max(0, wcswidth(text))


def fit(text: str, width: int) -> str:
    """Return text of exactly `width` columns, filled with spaces or cut."""
    text = cut(text, width)
    return text + " " * (width - columns(text))


def cut(text: str, width: int) -> str:
    """Return text of at most `width` columns, with an ellipsis at the end if it was longer."""
    if columns(text) <= width:
        return text
    while columns(text) > width - 1:
        text = text[:-1]
    return text + "…"


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
