"""What the operator stored as the app secret: one Meta app secret, or two while it is rotated."""

import re
from dataclasses import dataclass

# Meta documents no shape. Every app secret seen so far, and the rules of secret scanners, are 32 hexadecimal digits:
# https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/facebook.go
_SECRET = re.compile("[0-9a-f]{32}")
# Notepad and PowerShell begin a file with U+FEFF, and `file://` keeps it. A program that takes the file for Windows-1252
# makes three letters of it: https://github.com/aws/aws-cli/issues/3216
_BYTE_ORDER_MARKS = ("\ufeff", "\u00ef\u00bb\u00bf")
_MOST_SECRETS = 2
_MOST_REPORTED = 5


@dataclass(frozen=True, slots=True)
class AppSecrets:
    values: tuple[str, ...]
    """The secret in force, then the one it replaces. Empty if the text holds none."""
    ignored: tuple[str, ...]
    """What else the text holds: described by line, never quoted, as it may be part of a secret."""


def read_app_secrets(text: str) -> AppSecrets:
    """Return the app secrets in `text`, which are separated by spaces or line ends.

    On each line, what follows the first word that is not a secret is ignored: a comment may name an old secret.
    """
    values: list[str] = []
    ignored: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        for word in _without_mark(line).split():
            if not _SECRET.fullmatch(word):
                ignored.append(f"line {number}: not 32 hexadecimal digits but {_described(word)}")
                break
            if len(values) == _MOST_SECRETS:
                ignored.append(f"line {number}: a third secret")
                break
            values.append(word)
    return AppSecrets(tuple(values), tuple(ignored[:_MOST_REPORTED]))


def _without_mark(line: str) -> str:
    # On every line, as files that were put together each bring their own.
    for mark in _BYTE_ORDER_MARKS:
        line = line.removeprefix(mark)
    return line


def _described(word: str) -> str:
    if not word.isascii():
        return "characters beyond ASCII"
    if len(word) != 32:
        return f"a word of length {len(word)}"
    return "other characters"
