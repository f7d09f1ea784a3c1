"""The text of the parameter app-secret: one Meta app secret, or two while the operator rotates them."""

import re
from dataclasses import dataclass

# Meta documents no format. Secret scanners look for 32 hexadecimal digits, and every app secret seen so far has them:
# https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/facebook.go
_SECRET = re.compile("[0-9a-f]{32}")
# Notepad and PowerShell put U+FEFF at the start of a file. A program that reads the file as Windows-1252 makes three
# letters of it: https://github.com/aws/aws-cli/issues/3216
_BYTE_ORDER_MARK = re.compile("\ufeff?(?:\u00ef\u00bb\u00bf)?")
_MAX_SECRETS = 2
_MAX_REPORTED = 5


@dataclass(frozen=True, slots=True)
class AppSecrets:
    values: tuple[str, ...]
    """The current secret, then the previous one. Empty if the text holds none."""
    ignored: tuple[str, ...]
    """What else is in the text. It is described by line and never quoted, because it may be part of a secret."""


def read_app_secrets(text: str) -> AppSecrets:
    """Return the app secrets in `text`, which are separated by spaces or line ends.

    A word that is not a secret ends its line: a comment may name an old secret.
    """
    values: list[str] = []
    ignored: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        # Every line can have a byte-order mark, because files may have been joined.
        for word in without_mark(line).split():
            if not _SECRET.fullmatch(word):
                ignored.append(f"line {number}: not 32 hexadecimal digits but {_described(word)}")
                break
            if len(values) == _MAX_SECRETS:
                ignored.append(f"line {number}: a third secret")
                break
            values.append(word)
    return AppSecrets(tuple(values), tuple(ignored[:_MAX_REPORTED]))


def without_mark(text: str) -> str:
    """Return a text without the byte-order mark at its start."""
    return _BYTE_ORDER_MARK.sub("", text, count=1)


def _described(word: str) -> str:
    if not word.isascii():
        return "characters beyond ASCII"
    return f"a word of length {len(word)}" if len(word) != 32 else "other characters"
